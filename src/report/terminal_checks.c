#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "report/escape.h"
#include "report/figure.h"
#include "report/terminal.h"

#define LINE_CEILING ((size_t)1024)

static void
add_check(const struct plan_request *request, const struct plan_check *check, const struct check_count *count,
	struct page *page)
{
	char times[FIGURE_MAX];
	struct buf line;

	buf_init(&line, LINE_CEILING);
	buf_printf(&line, "%s: check '", request->name);
	escape_add(&line, check->name, strlen(check->name));
	buf_printf(&line, "' failed %s time%s, first: got ", figure_count(count->failed, times),
		count->failed == 1 ? "" : "s");
	escape_add(&line, count->first, strlen(count->first));
	buf_add(&line, "", 1);
	page_wrap(page, 2, PAINT_BAD, line.bytes);
	buf_fini(&line);
}

/* Those that failed. */
void
terminal_add_checks(const struct report *report, struct page *page)
{
	const struct plan *plan = report->plan;
	const struct check_counts *counts = &report->summary->checks;

	if (counts->n == 0)
		return;
	page_heading(page, "Checks");
	for (size_t i = 0; i < plan->requests_n; i++)
		for (uint32_t k = 0; k < plan->requests[i].checks_n; k++)
			if (counts->list[plan->requests[i].first_check + k].failed > 0)
				add_check(&plan->requests[i], &plan->requests[i].checks[k],
					&counts->list[plan->requests[i].first_check + k], page);
}
