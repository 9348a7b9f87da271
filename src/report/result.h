#pragma once

#include "report/reporter.h"
#include "report/system.h"
#include "report/value.h"

/* result.json: schema "brunt/result/1", published as results/schema.json. What is not known is null, never NaN or a
 * made-up number. */

#define RESULT_SCHEMA "brunt/result/1"
#define RESULT_BYTES_CEILING ((size_t)64 * 1024 * 1024)

/* Appends the document; false: the buffer's ceiling. */
bool result_add_json(const struct report *report, const struct system_info *system, struct buf *into);

/* The same as a tree without profile, series and histograms, for a document that holds it; the caller deletes it. */
cJSON *result_object(const struct report *report, const struct system_info *system);

/* Parts of the document, in files of their own. */
void result_add_totals(cJSON *result, const struct report *report);
void result_set_counts(cJSON *into, const struct counts *counts);
void result_add_latency(cJSON *into, const struct histogram *histograms);
cJSON *result_figures(const struct latency_figures *figures);
/* Null where nothing was generated. totals: every phase; measured: the measured phases. */
void result_add_tokens(cJSON *into, const struct counts *totals, const struct cell *measured, double measured_window_s);
void result_add_warmup(cJSON *result, const struct report *report);
void result_add_requests(cJSON *result, const struct report *report);
void result_add_scenarios(cJSON *result, const struct report *report);
void result_add_levels(cJSON *result, const struct report *report);
void result_add_breaking_point(cJSON *result, const struct report *report);
void result_add_spike(cJSON *result, const struct report *report);     /* nothing where there was none */
void result_add_curve(cJSON *result, const struct report *report);     /* null: the load had no levels, and no doubt */
void result_add_sustained(cJSON *result, const struct report *report); /* null: not steady, or too short */
void result_add_failure_mode(cJSON *result, const struct report *report);
void result_add_experiment(cJSON *result, const struct report *report); /* nothing where it is one run */
void result_add_comparison(cJSON *result, const struct report *report); /* the same */
void result_add_verdict(cJSON *result, const struct report *report);
void result_add_against(cJSON *result, const struct report *report); /* nothing where there is no baseline */
cJSON *result_slo(const struct slo_verdict *slo);
void result_add_gates(cJSON *slos, const struct experiment *experiment); /* NULL: there are none */
void result_add_course(cJSON *result, const struct report *report); /* nothing where the profile asks for nothing */
void result_add_resources(cJSON *result, const struct report *report);
void result_add_checks(cJSON *result, const struct report *report);
void result_add_shards(cJSON *result, const struct report *report); /* nothing where one process sent the load */
void result_add_backends(cJSON *result, const struct report *report);
void result_add_scraped(cJSON *result, const struct report *report); /* nothing where the profile scrapes nothing */
/* The figures by their names: readings, min, mean, max, last, as the exporter tells them. */
cJSON *result_scraped_set(const struct scraped_set *set, const struct plan_scrape *scrape);
void result_add_series(cJSON *result, const struct report *report);
