#include <inttypes.h>
#include <stdio.h>

#include "report/figure.h"
#include "report/terminal.h"

/* The runs that are compared, what of them is not alike, and the table. */

static void
add_run(const struct against_side *side, const struct against_run *run, const char *label, struct page *page)
{
	char version[160] = "";

	if (run->version[0] != '\0')
		snprintf(version, sizeof(version), ", target %.100s", run->version);
	page_entry(page, label, PAINT_PLAIN, "%s (%s, brunt %s%s)", run->dir[0] != '\0' ? run->dir : side->name,
		run->started_at[0] != '\0' ? run->started_at : "not known when", run->brunt, version);
}

static void
add_side(const struct against_side *side, struct page *page)
{
	if (side->runs_n == 0)
		page_entry(page, side->name, PAINT_PLAIN, "%s (values written by hand)", side->path);
	for (size_t i = 0; i < side->runs_n; i++)
		add_run(side, &side->runs[i], i == 0 ? side->name : "", page);
	if (side->is_median)
		page_entry(page, "", PAINT_DIM, "each value is the median of these %zu runs", side->runs_n);
}

void
terminal_add_against(const struct report *report, struct page *page)
{
	const struct against *against = report->against;

	if (against == NULL)
		return;
	page_heading(page, "Compared");
	add_side(&against->baseline, page);
	add_side(&against->current, page);
	for (size_t i = 0; i < against->notes_n; i++)
		page_entry(page, i == 0 ? "not alike" : "", PAINT_WARN, "%s", against->notes[i]);
	if (report->experiment == NULL)
		terminal_add_comparison(report, page);
}
