#include "base/units.h"
#include "report/figure.h"
#include "report/terminal.h"

/* What to do, with the figures that say so, and what was not as it should be for a while. */

void
terminal_add_alerts(const struct report *report, struct page *page)
{
	const struct verdict *verdict = report->verdict;
	char first[FIGURE_MAX], held[FIGURE_MAX], worst[FIGURE_MAX];
	bool is_any = false;

	for (size_t i = 0; verdict->alerts != NULL && i < report->plan->alerts_n; i++) {
		const struct alert_record *record = &verdict->alerts[i];

		if (record->fired == 0)
			continue;
		if (!is_any)
			page_heading(page, "Alerts");
		is_any = true;
		page_add(page, PAINT_WARN, "  ! ");
		page_printf(page, PAINT_BOLD, "%s", record->alert->name);
		page_wrap(page, 4, PAINT_PLAIN, "");
		page_pad(page, 4);
		page_printf(page, PAINT_PLAIN, "fired %u %s, first from %s on, held for %s in all, at worst %s",
			record->fired, record->fired == 1 ? "time" : "times", figure_seconds(record->first_ns, first),
			figure_seconds(record->held_ns, held),
			figure_measured(&record->alert->when, record->worst, worst));
		page_end(page);
	}
}

void
terminal_add_advice(const struct report *report, struct page *page)
{
	const struct verdict *verdict = report->verdict;

	if (verdict->advice_n > 0)
		page_heading(page, "Recommendations");
	for (size_t i = 0; i < verdict->advice_n; i++) {
		page_add(page, PAINT_ACCENT, "  > ");
		page_wrap(page, 4, PAINT_PLAIN, verdict->advice[i].text);
		page_pad(page, 4);
		page_wrap(page, 4, PAINT_DIM, verdict->advice[i].evidence);
	}
}
