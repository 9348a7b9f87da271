#include "measure/check_counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "measure/interval_decode.h"
#include "measure/json.h"
#include "measure/json_read.h"

#define FIELDS 3

void
check_counts_init(struct check_counts *counts)
{
	*counts = (struct check_counts){.list = must_calloc(CHECK_COUNTS_MAX, sizeof(*counts->list))};
}

void
check_counts_fini(struct check_counts *counts)
{
	free(counts->list);
	counts->list = NULL;
}

void
check_counts_reset(struct check_counts *counts)
{
	memset(counts->list, 0, counts->n * sizeof(*counts->list));
	counts->n = 0;
}

static struct check_count *
at(struct check_counts *counts, uint32_t i)
{
	CHECK_OP(i, <, CHECK_COUNTS_MAX);
	if (i >= counts->n)
		counts->n = i + 1;
	return &counts->list[i];
}

void
check_counts_add(struct check_counts *counts, const struct check_misses *misses)
{
	for (uint32_t i = 0; i < 64 && misses->failed >> i != 0; i++) {
		if ((misses->failed >> i & 1) == 0)
			continue;
		struct check_count *count = at(counts, misses->first + i);

		if (count->failed++ == 0)
			misses->describe(misses->context, i, count->first, sizeof(count->first));
	}
}

void
check_counts_merge(struct check_counts *into, const struct check_counts *more)
{
	for (uint32_t i = 0; i < more->n; i++) {
		struct check_count *count = at(into, i);

		if (count->failed == 0)
			memcpy(count->first, more->list[i].first, sizeof(count->first));
		count->failed += more->list[i].failed;
	}
}

void
check_counts_encode(struct buf *into, const struct check_counts *counts)
{
	if (counts->n == 0)
		return;
	json_open(into, "checks", '[');
	for (uint32_t i = 0; i < counts->n; i++) {
		if (counts->list[i].failed == 0)
			continue;
		json_open(into, NULL, '[');
		json_add_u64(into, NULL, i);
		json_add_u64(into, NULL, counts->list[i].failed);
		json_add_text(into, NULL, counts->list[i].first);
		json_close(into, ']');
	}
	json_close(into, ']');
}

static bool
value_count(const cJSON *item, struct check_counts *counts)
{
	const cJSON *first = cJSON_GetArrayItem(item, 2);
	uint64_t number, failed;

	if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != FIELDS || !cJSON_IsString(first) ||
		!json_value_u64(cJSON_GetArrayItem(item, 0), CHECK_COUNTS_MAX - 1, &number) ||
		!json_value_u64(cJSON_GetArrayItem(item, 1), UINT64_MAX, &failed))
		return false;
	struct check_count *count = at(counts, (uint32_t)number);

	count->failed = failed;
	snprintf(count->first, sizeof(count->first), "%s", first->valuestring);
	return true;
}

void
check_counts_read(struct json_reader *r, const cJSON *in, struct check_counts *counts)
{
	const cJSON *item, *rows = json_array(r, in, "checks");

	cJSON_ArrayForEach(item, rows)
	{
		if (!value_count(item, counts)) {
			json_fail(r, "checks", "[number, failed, \"first\"] of each that failed is wanted");
			return;
		}
	}
}
