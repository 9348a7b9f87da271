#include "report/figure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "base/units.h"

const char *
figure_count(uint64_t n, char into[FIGURE_MAX])
{
	char digits[FIGURE_MAX];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, n), used = 0;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			into[used++] = ',';
		into[used++] = digits[i];
	}
	into[used] = '\0';
	return into;
}

/* Whole where it is whole; else three digits or so, never an exponent. */
static const char *
plain_number(double value, char into[FIGURE_MAX])
{
	if (value >= 999.5 && value < 1e15)
		return figure_count((uint64_t)llround(value), into);
	bool is_whole = fabs(value - round(value)) < 0.005;

	snprintf(into, FIGURE_MAX, is_whole ? "%.0f" : value < 10 ? "%.2f" : "%.1f", value);
	return into;
}

const char *
figure_level(double level, bool in_users, char into[FIGURE_MAX])
{
	char number[FIGURE_MAX];

	if (!isfinite(level))
		snprintf(into, FIGURE_MAX, "n/a");
	else
		snprintf(into, FIGURE_MAX, "%.20s%s", plain_number(level, number),
			!in_users    ? "/s"
			: level == 1 ? " user"
				     : " users");
	return into;
}

const char *
figure_rate(double per_s, char into[FIGURE_MAX])
{
	return figure_level(per_s, false, into);
}

const char *
figure_ratio(double ratio, char into[FIGURE_MAX])
{
	double percent = ratio * 100;

	if (!isfinite(percent))
		snprintf(into, FIGURE_MAX, "n/a");
	else if (percent > 0 && percent < 0.01)
		snprintf(into, FIGURE_MAX, "<0.01%%");
	else if (fabs(percent - round(percent)) < 0.005)
		snprintf(into, FIGURE_MAX, "%.0f%%", percent);
	else
		snprintf(into, FIGURE_MAX, percent < 1 ? "%.2f%%" : "%.1f%%", percent);
	return into;
}

const char *
figure_time(int64_t ns, char into[FIGURE_MAX])
{
	if (ns == INT64_MAX)
		snprintf(into, FIGURE_MAX, "> timeout");
	else
		units_time_text(ns, into, FIGURE_MAX);
	return into;
}

const char *
figure_seconds(int64_t ns, char into[FIGURE_MAX])
{
	if (ns >= 0 && ns < 120 * NS_PER_S)
		snprintf(into, FIGURE_MAX, "%.1fs", ns_to_s(ns));
	else
		units_time_text(ns, into, FIGURE_MAX);
	return into;
}

const char *
figure_bytes(double bytes, char into[FIGURE_MAX])
{
	if (!isfinite(bytes) || bytes < 0)
		snprintf(into, FIGURE_MAX, "n/a");
	else
		units_bytes_text((uint64_t)bytes, into, FIGURE_MAX);
	return into;
}

const char *
figure_in_unit(enum plan_unit unit, double value, char into[FIGURE_MAX])
{
	switch (unit) {
	case UNIT_TIME: return figure_time(isfinite(value) ? (int64_t)value : -1, into);
	case UNIT_RATIO: return figure_ratio(value, into);
	case UNIT_RATE: return figure_rate(value, into);
	case UNIT_BYTES: return figure_bytes(value, into);
	default: break;
	}
	if (!isfinite(value))
		snprintf(into, FIGURE_MAX, "n/a");
	else
		snprintf(into, FIGURE_MAX, value == round(value) ? "%.0f" : value < 10 ? "%.2f" : "%.1f", value);
	return into;
}

const char *
figure_measured(const struct expr *expr, double value, char into[FIGURE_MAX])
{
	if (isnan(value))
		snprintf(into, FIGURE_MAX, "n/a");
	else if (expr->of == EXPR_SPEEDUP)
		snprintf(into, FIGURE_MAX, "%.3g×", value);
	else if (expr->of == EXPR_IMPROVEMENT)
		snprintf(into, FIGURE_MAX, "%.3g%%", value * 100);
	else if (isinf(value))
		snprintf(into, FIGURE_MAX, "> timeout");
	else
		expr_value_text(expr->metric->unit, value, into, FIGURE_MAX);
	return into;
}

double
figure_factor(const struct expr *expr, double value)
{
	bool is_bound = expr->of == EXPR_OF_RUN && expr->op != EXPR_IN && expr->value > 0;

	if (!is_bound || !isfinite(value) || value <= 0)
		return NAN;
	return expr->op == EXPR_GT || expr->op == EXPR_GE ? value / expr->value : expr->value / value;
}

const char *
figure_factor_text(const struct expr *expr, double value, char into[FIGURE_MAX])
{
	double factor = figure_factor(expr, value), times = factor < 1 ? 1 / factor : factor;
	bool is_more = (expr->op == EXPR_GT || expr->op == EXPR_GE) == (factor >= 1);
	const char *word = expr->metric->unit == UNIT_TIME ? (is_more ? "slower" : "faster")
			   : is_more                       ? "more"
							   : "less";

	into[0] = '\0';
	if (isfinite(factor) && times >= 1.005)
		snprintf(into, FIGURE_MAX, times < 10 ? "%.2g× %s" : "%.0f× %s", times, word);
	else if (isfinite(factor))
		snprintf(into, FIGURE_MAX, "just so");
	return into;
}

bool
figure_levels_in_users(const struct plan *plan)
{
	return plan->scenarios_n > 0 && plan->scenarios[0].load.in_users;
}

bool
figure_omits_waiting(const struct plan *plan)
{
	for (size_t i = 0; i < plan->scenarios_n; i++)
		if (plan->scenarios[i].load.in_users)
			return true;
	return false;
}

int64_t
figure_longest_gap_ns(const struct summary *summary)
{
	int64_t longest_ns = summary->warmup.window_s > 0 ? summary->warmup.loop_gap_max_ns : -1;

	for (size_t i = 0; i < summary->levels_n; i++)
		if (summary->levels[i].window_s > 0 && summary->levels[i].loop_gap_max_ns > longest_ns)
			longest_ns = summary->levels[i].loop_gap_max_ns;
	return longest_ns;
}

const char *
figure_token_basis(const struct counts *counts)
{
	const uint64_t counted[] = {counts->by_chunks, counts->by_usage, counts->by_chunk_usage};
	static const char *const names[] = {"chunks", "usage", "chunk_usage"};
	const char *basis = NULL;

	for (size_t i = 0; i < ARRAY_LEN(counted); i++)
		if (counted[i] > 0)
			basis = basis == NULL ? names[i] : "mixed";
	return basis;
}

void
figure_latency(const struct level_summary *level, enum metric metric, struct latency_figures *into)
{
	if (level->live != NULL && histogram_is_ready(&level->live->histograms[metric]))
		histogram_figures(&level->live->histograms[metric], into);
	else
		*into = level->figures[metric];
}
