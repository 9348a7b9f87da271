#include "measure/figures_event.h"

#include <math.h>

#include "base/units.h"
#include "measure/json.h"
#include "plan/unit.h"

static double
per_second(const struct summary *summary, uint64_t n)
{
	return summary->last_interval_ns > 0 ? (double)n / ns_to_s(summary->last_interval_ns) : NAN;
}

static void
add_ns(struct buf *into, const char *name, int64_t ns)
{
	if (ns >= 0)
		json_add_i64(into, name, ns);
	else
		json_add_null(into, name);
}

static void
add_quantile(struct buf *into, const char *name, const struct cell *cell, enum metric metric, double q)
{
	const struct histogram *h = &cell->histograms[metric];

	add_ns(into, name, histogram_is_ready(h) ? histogram_quantile_ns(h, q) : -1);
}

static void
add_level(struct buf *into, uint32_t level)
{
	if (level == LEVEL_WARMUP)
		json_add_text(into, "level", "warmup");
	else if (level == LEVEL_NONE)
		json_add_null(into, "level");
	else
		json_add_u64(into, "level", level);
}

static void
add_counts(struct buf *into, const struct counts *counts)
{
	json_add_u64(into, "scheduled", counts->scheduled);
	json_add_u64(into, "sent", counts->sent);
	json_add_u64(into, "ok", counts->ok);
	json_add_u64(into, "failed", counts->failed);
	json_add_u64(into, "dropped", counts->dropped);
	json_add_u64(into, "unsent", counts->unsent);
	json_add_u64(into, "unfinished", counts->unfinished);
	json_add_u64(into, "retried", counts->retried);
	json_open(into, "failures", '{');
	for (size_t i = 0; i < FAILURE_COUNT; i++)
		if (counts->by_failure[i] > 0)
			json_add_u64(into, failure_rows[i].counter, counts->by_failure[i]);
	json_close(into, '}');
}

static void
add_latencies(struct buf *into, const struct cell *last)
{
	add_quantile(into, "p50_ns", last, METRIC_RESPONSE, 0.5);
	add_quantile(into, "p95_ns", last, METRIC_RESPONSE, 0.95);
	add_quantile(into, "p99_ns", last, METRIC_RESPONSE, 0.99);
	add_quantile(into, "max_ns", last, METRIC_RESPONSE, 1);
	add_quantile(into, "ttft_p95_ns", last, METRIC_TTFT, 0.95);
	add_quantile(into, "lateness_p99_ns", last, METRIC_LATENESS, 0.99);
}

void
event_add_gauges(struct buf *into, const char *name, const struct reading *reading)
{
	json_open(into, name, '{');
	for (size_t i = 0; reading->at_ns >= 0 && i < GAUGE_COUNT; i++)
		if (isfinite(reading->values[i]))
			json_add_double(into, gauge_rows[i].name, reading->values[i]);
	json_close(into, '}');
}

static void
add_scraped(struct buf *into, const struct summary *summary)
{
	json_open(into, "scraped", '{');
	for (size_t i = 0; i < summary->plan->scrape.n; i++)
		json_add_double(into, summary->plan->scrape.list[i].name, summary->now.scraped[i]);
	json_close(into, '}');
}

static void
add_wanted(struct buf *into, const struct expr *expr)
{
	static const char *const ops[] = {
		[EXPR_LT] = "<", [EXPR_LE] = "<=", [EXPR_GT] = ">", [EXPR_GE] = ">=", [EXPR_IN] = "in"};

	json_add_text(into, "expr", expr->text);
	json_add_text(into, "op", ops[expr->op]);
	json_add_text(into, "unit", unit_rows[expr_unit(expr)].name);
	json_add_double(into, "wanted", expr->value);
	json_add_double(into, "wanted_to", expr->op == EXPR_IN ? expr->value_to : NAN);
	json_add_double(into, "stretch", expr->has_stretch ? expr->stretch : NAN);
}

static void
add_slos(struct buf *into, const struct slo_verdict *slos, size_t n)
{
	json_open(into, "slos", '[');
	for (size_t i = 0; i < n; i++) {
		json_open(into, NULL, '{');
		add_wanted(into, slos[i].expr);
		json_add_double(into, "value", slos[i].value);
		json_add_bool(into, "above_timeout", isinf(slos[i].value));
		json_add_text(into, "status", slo_status_names[slos[i].status]);
		json_close(into, '}');
	}
	json_close(into, ']');
}

bool
event_encode_figures(struct buf *into, const struct summary *summary, const struct slo_verdict *slos, size_t slos_n)
{
	const struct counts *counts = &summary->last.counts;
	size_t start = into->length;

	json_open(into, NULL, '{');
	json_add_text(into, "event", "figures");
	json_add_i64(into, "start_ns", summary->last_ns - summary->last_interval_ns);
	json_add_i64(into, "at_ns", summary->last_ns);
	add_level(into, summary->now.current_level);
	json_add_double(into, "offered", summary->now.offered);
	json_add_u64(into, "in_flight", summary->now.in_flight);
	add_counts(into, counts);
	json_add_double(into, "achieved_per_s", per_second(summary, counts->ok));
	json_add_double(
		into, "tokens_per_s", counts->generations > 0 ? per_second(summary, counts->completion_tokens) : NAN);
	add_latencies(into, &summary->last);
	event_add_gauges(into, "target", &summary->now.target);
	event_add_gauges(into, "generator", &summary->now.self);
	add_scraped(into, summary);
	add_slos(into, slos, slos_n);
	json_close(into, '}');
	buf_add_char(into, '\n');
	if (!into->overflowed)
		return true;
	into->length = start;
	return false;
}
