#include "report/families.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "brunt_version.h"
#include "report/figure.h"

struct family_row {
	const char *name, *unit, *help;
};

enum family {
#define FAMILY(NAME, name, unit, help) FAMILY_OF_##NAME,
#include "report/families.def"
#undef FAMILY
	FAMILIES_N
};

static const struct family_row family_rows[FAMILIES_N] = {
#define FAMILY(NAME, name, unit, help) {#name, unit, help},
#include "report/families.def"
#undef FAMILY
};

struct telling {
	const struct report *report;
	const struct family_sink *sink;
};

const char *
family_number(double value, char into[32])
{
	snprintf(into, 32, "%.15g", value);
	if (strtod(into, NULL) != value)
		snprintf(into, 32, "%.17g", value);
	return into;
}

static struct family_sample
sample_of(const struct telling *t, const char *name, const char *unit, const char *help)
{
	struct family_sample sample = {.unit = unit, .help = help, .labels_n = 1};

	snprintf(sample.name, sizeof(sample.name), FAMILY_PREFIX "%.*s",
		(int)(sizeof(sample.name) - sizeof(FAMILY_PREFIX)), name);
	sample.labels[0] = (struct family_label){"profile", t->report->plan->name};
	return sample;
}

static void
add_label(struct family_sample *sample, const char *name, const char *value)
{
	if (value != NULL)
		sample->labels[sample->labels_n++] = (struct family_label){name, value};
}

static void
give(const struct telling *t, struct family_sample *sample, double value)
{
	if (!isfinite(value))
		return;
	sample->value = value;
	t->sink->take(t->sink->context, sample);
}

/* A sample of a row with one label more, or with none (label NULL). */
static void
tell(const struct telling *t, enum family family, const char *label, const char *text, double value)
{
	const struct family_row *row = &family_rows[family];
	struct family_sample sample = sample_of(t, row->name, row->unit, row->help);

	add_label(&sample, label, text);
	give(t, &sample, value);
}

static void
tell_run(const struct telling *t)
{
	const struct report *report = t->report;
	const struct family_row *row = &family_rows[FAMILY_OF_RUN];
	struct family_sample sample = sample_of(t, row->name, row->unit, row->help);

	add_label(&sample, "target", report->plan->target.url.text);
	add_label(&sample, "brunt", BRUNT_VERSION);
	add_label(&sample, "hash", report->plan->hash);
	give(t, &sample, 1);
	tell(t, FAMILY_OF_STARTED, NULL, NULL, (double)report->identity.started_wall_ns / 1e9);
	tell(t, FAMILY_OF_DURATION, NULL, NULL, (double)report->duration_ns / 1e9);
	tell(t, FAMILY_OF_EXIT_CODE, NULL, NULL, report->verdict->exit_code);
	for (int s = 0; s <= VERDICT_INTERRUPTED; s++)
		tell(t, FAMILY_OF_VERDICT, "status", verdict_status_names[s], s == (int)report->verdict->status);
}

static void
tell_counts(const struct telling *t)
{
	const struct counts *c = &t->report->summary->everything.counts;
	const struct {
		const char *name;
		uint64_t n;
	} outcomes[] = {{"ok", c->ok}, {"failed", c->failed}, {"unfinished", c->unfinished}, {"dropped", c->dropped},
		{"unsent", c->unsent}};

	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		tell(t, FAMILY_OF_REQUESTS, "outcome", outcomes[i].name, (double)outcomes[i].n);
	for (int f = 0; f < FAILURE_COUNT; f++)
		if (c->by_failure[f] > 0)
			tell(t, FAMILY_OF_FAILURES, "class", failure_rows[f].counter, (double)c->by_failure[f]);
}

static void
tell_rates(const struct telling *t)
{
	const struct summary *summary = t->report->summary;
	const struct counts *c = &summary->measured.counts;
	double s = summary->measured_s > 0 ? summary->measured_s : NAN;

	tell(t, FAMILY_OF_ERROR_RATE, NULL, NULL, counts_error_rate(c));
	tell(t, FAMILY_OF_OFFERED, NULL, NULL, (double)c->scheduled / s);
	tell(t, FAMILY_OF_ACHIEVED, NULL, NULL, summary_achieved_per_s(summary));
	if (t->report->plan->good_when_n > 0)
		tell(t, FAMILY_OF_GOODPUT, NULL, NULL, (double)c->good_in_window / s);
	if (c->generations > 0)
		tell(t, FAMILY_OF_TOKENS, NULL, NULL, (double)c->tokens_in_window / s);
	tell(t, FAMILY_OF_IN_FLIGHT, "stat", "avg", summary->in_flight_avg);
	tell(t, FAMILY_OF_IN_FLIGHT, "stat", "peak", summary->in_flight_peak);
}

/* Times in seconds, everything else as it is. */
static double
in_base_unit(enum plan_unit unit, double value)
{
	return unit == UNIT_TIME ? value / 1e9 : value;
}

static void
tell_slos(const struct telling *t)
{
	const struct verdict *verdict = t->report->verdict;
	size_t n = verdict->slos != NULL ? t->report->plan->slos_n : 0;

	for (size_t i = 0; i < n; i++)
		tell(t, FAMILY_OF_SLO_VALUE, "slo", verdict->slos[i].expr->text,
			in_base_unit(verdict->slos[i].expr->metric->unit, verdict->slos[i].value));
	for (size_t i = 0; i < n; i++)
		if (verdict->slos[i].status != SLO_NA)
			tell(t, FAMILY_OF_SLO_HOLDS, "slo", verdict->slos[i].expr->text,
				verdict->slos[i].status != SLO_FAIL);
}

static void
tell_break(const struct telling *t)
{
	const struct verdict *verdict = t->report->verdict;
	const struct breaking_point *point = &verdict->breaking_point;
	const char *unit = figure_levels_in_users(t->report->plan) ? "users" : "per_s";

	if (point->is_stepped) {
		tell(t, FAMILY_OF_SUSTAINABLE, "unit", unit, point->max_sustainable);
		tell(t, FAMILY_OF_SAFE, "unit", unit, point->safe);
		if (point->is_found)
			tell(t, FAMILY_OF_BROKEN, "unit", unit, point->first_broken);
	}
	if (verdict->causes_n == 0)
		tell(t, FAMILY_OF_FAILURE_MODE, "mode", failure_mode_rows[verdict->failure_mode].name, 1);
	for (size_t i = 0; i < verdict->causes_n; i++)
		tell(t, FAMILY_OF_FAILURE_MODE, "mode", failure_mode_rows[verdict->causes[i]].name, 1);
}

static void
tell_level(const struct telling *t, enum family family, const struct level_summary *level)
{
	const struct family_row *row = &family_rows[family];
	struct family_sample sample = sample_of(t, row->name, row->unit, row->help);
	const struct verdict *verdict = t->report->verdict;
	struct latency_figures f;
	char place[16];

	snprintf(place, sizeof(place), "%u", level->index);
	add_label(&sample, "level", place);
	if (family == FAMILY_OF_LEVEL_OFFERED) {
		add_label(&sample, "unit", figure_levels_in_users(t->report->plan) ? "users" : "per_s");
		give(t, &sample, level->offered);
	} else if (family == FAMILY_OF_LEVEL_ACHIEVED)
		give(t, &sample, level->window_s > 0 ? level_achieved_per_s(level) : NAN);
	else if (family == FAMILY_OF_LEVEL_ERROR_RATE)
		give(t, &sample, counts_error_rate(&level->counts));
	else if (family == FAMILY_OF_LEVEL_STATUS && level->index < verdict->levels_n) {
		add_label(&sample, "status", level_status_names[verdict->levels[level->index].status]);
		give(t, &sample, 1);
	} else if (family == FAMILY_OF_LEVEL_RESPONSE) {
		figure_latency(level, METRIC_RESPONSE, &f);
		const int64_t values[] = {f.p50_ns, f.p95_ns, f.p99_ns};
		static const char *const names[] = {"p50", "p95", "p99"};

		for (size_t i = 0; i < 3; i++) {
			sample.labels_n = 2;
			add_label(&sample, "stat", names[i]);
			give(t, &sample, f.count > 0 && values[i] >= 0 ? (double)values[i] / 1e9 : NAN);
		}
	}
}

static void
tell_levels(const struct telling *t)
{
	for (int family = FAMILY_OF_LEVEL_OFFERED; family <= FAMILY_OF_LEVEL_STATUS; family++)
		for (size_t i = 0; i < t->report->summary->levels_n; i++)
			if (t->report->summary->levels[i].is_known)
				tell_level(t, (enum family)family, &t->report->summary->levels[i]);
}

static void
tell_quantiles(const struct telling *t, struct family_sample *sample, const struct histogram *h, enum plan_unit unit)
{
	static const struct {
		double q;
		const char *text;
	} quantiles[] = {{0.5, "0.5"}, {0.9, "0.9"}, {0.95, "0.95"}, {0.99, "0.99"}, {0.999, "0.999"}};
	size_t labels_n = sample->labels_n;

	sample->is_summary = true;
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
		sample->labels_n = labels_n;
		add_label(sample, "quantile", quantiles[i].text);
		if (histogram_shows(h->total, quantiles[i].q))
			give(t, sample, in_base_unit(unit, (double)histogram_quantile_ns(h, quantiles[i].q)));
	}
	sample->labels_n = labels_n;
	sample->part = FAMILY_SUM;
	give(t, sample, in_base_unit(unit, (double)h->sum_ns));
	sample->part = FAMILY_COUNT;
	give(t, sample, (double)h->total);
}

static void
tell_distribution(
	const struct telling *t, enum metric metric, const char *prefix, const struct cell *cell, const char *request)
{
	const struct metric_row *row = &metric_rows[metric];
	const struct histogram *h = &cell->histograms[metric];
	bool is_time = row->unit == UNIT_TIME;
	char name[FAMILY_NAME_MAX];

	if (!histogram_is_ready(h) || h->total == 0)
		return;
	snprintf(name, sizeof(name), "%s%s%s", prefix, row->name, is_time ? "_seconds" : "");
	struct family_sample sample = sample_of(t, name, is_time ? "s" : "{token}", row->help);

	add_label(&sample, "request", request);
	tell_quantiles(t, &sample, h, row->unit);
}

static void
tell_distributions(const struct telling *t)
{
	const struct report *report = t->report;

	for (int m = 0; m < METRIC_COUNT; m++)
		tell_distribution(t, (enum metric)m, "", &report->summary->measured, NULL);
	for (int m = 0; m < METRIC_COUNT && report->plan->requests_n > 1; m++)
		for (size_t i = 0; i < report->plan->requests_n; i++)
			tell_distribution(t, (enum metric)m, "request_", &report->summary->requests[i],
				report->plan->requests[i].name);
}

static void
tell_stats(const struct telling *t, struct family_sample *sample, const struct gauge_stats *stats, enum plan_unit unit)
{
	const struct {
		const char *name;
		double value;
	} all[] = {{"avg", gauge_stats_avg(stats)}, {"peak", stats->peak}, {"last", stats->last}};
	size_t labels_n = sample->labels_n;

	for (size_t i = 0; stats->n > 0 && i < ARRAY_LEN(all); i++) {
		sample->labels_n = labels_n;
		add_label(sample, "stat", all[i].name);
		give(t, sample, in_base_unit(unit, all[i].value));
	}
}

static void
tell_gauges(const struct telling *t, const char *whose, const struct gauge_set *set)
{
	static const char *const endings[UNIT_COUNT_OF_ROWS] = {
		[UNIT_TIME] = "_seconds", [UNIT_RATIO] = "_ratio", [UNIT_BYTES] = "_bytes"};
	static const char *const units[UNIT_COUNT_OF_ROWS] = {
		[UNIT_TIME] = "s", [UNIT_RATIO] = "1", [UNIT_BYTES] = "By"};

	for (int g = 0; g < GAUGE_COUNT; g++) {
		const struct gauge_row *row = &gauge_rows[g];
		char name[FAMILY_NAME_MAX];

		snprintf(name, sizeof(name), "%s_%s%s", whose, row->name, endings[row->unit] ? endings[row->unit] : "");
		struct family_sample sample = sample_of(t, name, units[row->unit] ? units[row->unit] : "", row->help);

		tell_stats(t, &sample, &set->gauges[g], row->unit);
	}
}

static void
tell_scraped(const struct telling *t)
{
	const struct plan_scrape *scrape = &t->report->plan->scrape;

	for (size_t i = 0; i < scrape->n; i++) {
		struct family_sample sample =
			sample_of(t, "scraped", "", "What exporters told beside the load, in base units");

		add_label(&sample, "figure", scrape->list[i].name);
		tell_stats(t, &sample, &t->report->summary->scraped.list[i], scrape->list[i].figure.unit);
	}
}

void
families_tell(const struct report *report, const struct family_sink *sink)
{
	const struct telling t = {report, sink};

	tell_run(&t);
	tell_counts(&t);
	tell_rates(&t);
	tell_slos(&t);
	tell_break(&t);
	tell_levels(&t);
	tell_distributions(&t);
	tell_gauges(&t, "target", &report->summary->target);
	tell_gauges(&t, "generator", &report->summary->self);
	tell_scraped(&t);
}
