#include "report/comparison_text.h"

#include <math.h>
#include <stdio.h>

/* -1.25ms, +3.4/s; a share's change in points. */
const char *
comparison_delta_text(const struct comparison_row *row, char into[FIGURE_MAX])
{
	char amount[64];

	if (isnan(row->delta))
		snprintf(into, FIGURE_MAX, "n/a");
	else if (row->measure.metric->unit == UNIT_RATIO || row->measure.metric->unit == UNIT_CHANGE)
		snprintf(into, FIGURE_MAX, "%+.3g pp", row->delta * 100);
	else
		snprintf(into, FIGURE_MAX, "%s%.30s",
			row->delta < 0   ? "-"
			: row->delta > 0 ? "+"
					 : "",
			expr_value_text(row->measure.metric->unit, fabs(row->delta), amount, sizeof(amount)));
	return into;
}

/* +12.5%, 12.5 times as much and more as ×13.5 */
const char *
comparison_change_text(double rel, char into[FIGURE_MAX])
{
	if (!isfinite(rel))
		snprintf(into, FIGURE_MAX, "n/a");
	else if (rel >= 9)
		snprintf(into, FIGURE_MAX, "×%.3g", rel + 1);
	else
		snprintf(into, FIGURE_MAX, "%+.1f%%", rel * 100);
	return into;
}

const char *
comparison_interval_text(const struct comparison_row *row, char into[2 * FIGURE_MAX])
{
	char low[FIGURE_MAX], high[FIGURE_MAX];

	if (!isfinite(row->ci_rel[0]) || !isfinite(row->ci_rel[1]))
		snprintf(into, 2 * FIGURE_MAX, "n/a");
	else
		snprintf(into, 2 * FIGURE_MAX, "%.36s … %.36s", comparison_change_text(row->ci_rel[0], low),
			comparison_change_text(row->ci_rel[1], high));
	return into;
}

const char *
comparison_verdict_text(const struct comparison_row *row, char into[FIGURE_MAX])
{
	static const char *const words[COMPARISON_STATUS_COUNT] = {
		[COMPARISON_NOISE] = "noise",
		[COMPARISON_UNSURE] = "unsure",
		[COMPARISON_SMALL_REGRESSION] = "investigate",
		[COMPARISON_REGRESSION] = "regression",
		[COMPARISON_SMALL_IMPROVEMENT] = "small improvement",
		[COMPARISON_IMPROVEMENT] = "improvement",
		[COMPARISON_NA] = "n/a",
	};

	snprintf(into, FIGURE_MAX, "%s%s", row->is_gated && row->status == COMPARISON_REGRESSION ? "FAIL: " : "",
		words[row->status]);
	return into;
}
