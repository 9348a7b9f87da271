#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "report/reporter.h"
#include "report/system.h"

/* result.json: schema "brunt/result/1", published as results/schema.json. What is not known is null, never NaN or a
 * made-up number; 64-bit counters are written digit by digit, since cJSON's numbers are doubles. */

#define RESULT_SCHEMA "brunt/result/1"
#define RESULT_BYTES_CEILING ((size_t)64 * 1024 * 1024)

/* Appends the document; false: the buffer's ceiling. */
bool json_add_result(const struct report *report, const struct system_info *system, struct buf *into);

/* Values for an object: each adds one key. */
void json_set(cJSON *object, const char *key, cJSON *value);
void json_set_text(cJSON *object, const char *key, const char *text); /* NULL or empty: null; escaped */
void json_set_count(cJSON *object, const char *key, uint64_t n);
void json_set_ns(cJSON *object, const char *key, int64_t ns);       /* negative: null */
void json_set_seconds(cJSON *object, const char *key, int64_t ns);  /* negative: null */
void json_set_number(cJSON *object, const char *key, double value); /* not finite: null */
void json_set_bool(cJSON *object, const char *key, bool value);
cJSON *json_object(void);
cJSON *json_array(void);
cJSON *json_add_object(cJSON *object, const char *key);
cJSON *json_add_array(cJSON *object, const char *key);
cJSON *json_of_text(const char *text);
cJSON *json_of_count(uint64_t n);
cJSON *json_of_ns(int64_t ns);
cJSON *json_of_number(double value);

/* Parts of the document, in files of their own. */
void json_add_totals(cJSON *result, const struct report *report);
void json_add_latency(cJSON *result, const char *key, const struct histogram *histograms);
void json_add_requests(cJSON *result, const struct report *report);
void json_add_levels(cJSON *result, const struct report *report);
void json_add_breaking_point(cJSON *result, const struct report *report);
void json_add_failure_mode(cJSON *result, const struct report *report);
void json_add_resources(cJSON *result, const struct report *report);
void json_add_series(cJSON *result, const struct report *report);
