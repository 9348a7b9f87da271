#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "report/compared.h"
#include "report/comparison_text.h"
#include "report/escape.h"
#include "report/terminal.h"

/* For a pull request's comment or a job's summary. Whatever a profile or a server said is no markup. */

static void
add(struct buf *into, const char *text)
{
	struct buf plain;

	buf_init(&plain, COMPARED_CEILING);
	escape_add(&plain, text, strlen(text));
	for (size_t i = 0; i < plain.length; i++) {
		if (strchr("\\`*_{}[]<>()#|~&!", plain.bytes[i]) != NULL)
			buf_add_char(into, '\\');
		buf_add_char(into, plain.bytes[i]);
	}
	buf_fini(&plain);
}

static void
add_cell(struct buf *into, const char *text)
{
	buf_add_text(into, " ");
	add(into, text);
	buf_add_text(into, " |");
}

static void
add_row(struct buf *into, const struct comparison_row *row)
{
	enum plan_unit unit = row->measure.metric->unit;
	char text[2 * FIGURE_MAX], value[64];

	buf_add_text(into, "|");
	add_cell(into, row->name);
	add_cell(into, expr_value_text(unit, row->baseline, value, sizeof(value)));
	add_cell(into, expr_value_text(unit, row->current, value, sizeof(value)));
	add_cell(into, comparison_delta_text(row, text));
	add_cell(into, comparison_change_text(row->delta_rel, text));
	add_cell(into, comparison_interval_text(row, text));
	add_cell(into, comparison_verdict_text(row, text));
	add_cell(into, row->is_gated ? "yes" : row->is_wanted ? row->note : "no");
	buf_add_text(into, "\n");
}

static void
add_item(struct buf *into, const char *text)
{
	buf_add_text(into, "- ");
	add(into, text);
	buf_add_text(into, "\n");
}

static void
add_comparison(struct buf *into, const struct comparison *comparison)
{
	char failed[1024];

	buf_add_text(into, "| metric | baseline | current | Δ | Δ% | 95% CI | verdict | gated |\n"
			   "|---|---:|---:|---:|---:|---:|---|---|\n");
	for (size_t i = 0; i < comparison->rows_n; i++)
		add_row(into, &comparison->rows[i]);
	buf_add_text(into, "\n");
	if (comparison_failed_text(comparison, failed, sizeof(failed))[0] != '\0') {
		add(into, failed);
		buf_add_text(into, "\n\n");
	}
	add_item(into, comparison->method);
	if (comparison->warning[0] != '\0')
		add_item(into, comparison->warning);
}

static void
add_side(struct buf *into, const struct against_side *side)
{
	char text[PATH_MAX + 320];

	if (side->runs_n == 0) {
		snprintf(text, sizeof(text), "%s: %s, values written by hand", side->name, side->path);
		add_item(into, text);
	}
	for (size_t i = 0; i < side->runs_n; i++) {
		const struct against_run *run = &side->runs[i];

		snprintf(text, sizeof(text), "%s: %s, %s, brunt %s%s%s%s", side->name, run->dir, run->started_at,
			run->brunt, run->version[0] != '\0' ? ", target " : "", run->version,
			side->is_median ? "; its values are the median of the runs" : "");
		add_item(into, text);
	}
}

bool
compared_markdown(const struct report *report, struct buf *into)
{
	const struct verdict *verdict = report->verdict;
	const struct against *against = report->against;

	buf_printf(into, "## %s: ", terminal_status_word(verdict->status));
	add(into, verdict->reasons[0]);
	buf_add_text(into, "\n\n");
	for (size_t i = 1; i < verdict->reasons_n; i++)
		add_item(into, verdict->reasons[i]);
	add_side(into, &against->baseline);
	add_side(into, &against->current);
	for (size_t i = 0; i < against->notes_n; i++)
		add_item(into, against->notes[i]);
	buf_add_text(into, "\n");
	for (size_t i = 0; i < against->experiment->comparisons_n; i++)
		add_comparison(into, against->experiment->comparisons[i]);
	return !into->overflowed;
}
