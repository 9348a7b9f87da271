#include "measure/interval_decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "measure/summary.h"

void
json_read_level(struct json_reader *r, const cJSON *in, const char *name, uint32_t *level)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	if (r->has_failed || item == NULL)
		return;
	if (cJSON_IsNull(item))
		*level = LEVEL_NONE;
	else if (cJSON_IsString(item) && strcmp(item->valuestring, "warmup") == 0)
		*level = LEVEL_WARMUP;
	else if (cJSON_IsNumber(item))
		json_read_u32(r, in, name, SUMMARY_LEVELS_MAX - 1, level);
	else
		json_fail(r, name, "a number, \"warmup\" or null is wanted");
}

static uint64_t *
failure_counter(struct counts *counts, const char *name)
{
	for (size_t i = 0; i < FAILURE_COUNT; i++)
		if (strcmp(failure_rows[i].counter, name) == 0)
			return &counts->by_failure[i];
	return NULL;
}

static uint64_t *
finish_counter(struct counts *counts, const char *name)
{
	for (size_t i = 0; i < FINISH_COUNT; i++)
		if (strcmp(finish_names[i], name) == 0)
			return &counts->by_finish[i];
	return NULL;
}

static uint64_t *
status_counter(struct counts *counts, const char *name)
{
	char *end;
	unsigned long status = strlen(name) == 3 && strspn(name, "0123456789") == 3 ? strtoul(name, &end, 10) : 0;

	return status >= 100 && status - 100 < ARRAY_LEN(counts->by_status) ? &counts->by_status[status - 100] : NULL;
}

static void
read_counters(struct json_reader *r, const cJSON *in, const char *name, struct counts *counts,
	uint64_t *(*find)(struct counts *, const char *))
{
	const cJSON *item, *members = json_object(r, in, name);

	cJSON_ArrayForEach(item, members)
	{
		uint64_t *counter = find(counts, item->string);

		if (counter == NULL)
			json_fail(r, item->string, "no counter has this name");
		else if (!json_value_u64(item, UINT64_MAX, counter))
			json_fail(r, item->string, "a whole number is wanted");
	}
}

static uint64_t *
phase_counter(uint64_t by_phase[EXCHANGE_PHASE_COUNT], const char *name)
{
	for (size_t i = 0; i < EXCHANGE_PHASE_COUNT; i++)
		if (strcmp(exchange_phase_rows[i].name, name) == 0)
			return &by_phase[i];
	return NULL;
}

/* Streams of earlier versions have none. */
static void
read_phases(struct json_reader *r, const cJSON *in, struct counts *counts)
{
	const cJSON *item, *classes = json_object(r, in, "failed_in");

	for (size_t f = 0; classes != NULL && f < FAILURE_COUNT; f++) {
		const cJSON *phases = json_object(r, classes, failure_rows[f].counter);

		cJSON_ArrayForEach(item, phases)
		{
			uint64_t *counter = phase_counter(counts->by_phase[f], item->string);

			if (counter == NULL)
				json_fail(r, item->string, "no phase of an exchange has this name");
			else if (!json_value_u64(item, UINT64_MAX, counter))
				json_fail(r, item->string, "a whole number is wanted");
		}
	}
}

static void
read_counts(struct json_reader *r, const cJSON *in, struct counts *counts)
{
	const cJSON *members = json_object(r, in, "counts");

	if (members == NULL)
		return;
	for (const struct counts_field *field = counts_fields; field->name != NULL; field++)
		json_read_u64(r, members, field->name, UINT64_MAX, counts_at(counts, field));
	read_counters(r, members, "failures", counts, failure_counter);
	read_phases(r, members, counts);
	if (counts->generations > 0)
		read_counters(r, members, "finish", counts, finish_counter);
	read_counters(r, members, "status", counts, status_counter);
}

static struct histogram *
find_histogram(struct cell *cell, const char *name)
{
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (strcmp(metric_rows[i].name, name) == 0)
			return histogram_is_ready(&cell->histograms[i]) ? &cell->histograms[i] : NULL;
	return NULL;
}

static bool
value_sum(const cJSON *item, histogram_sum *sum)
{
	const histogram_sum most = ~(histogram_sum)0;

	*sum = 0;
	if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
		return false;
	for (const char *at = item->valuestring; *at != '\0'; at++) {
		unsigned digit = (unsigned)(unsigned char)*at - '0';

		if (digit > 9 || *sum > (most - digit) / 10)
			return false;
		*sum = *sum * 10 + digit;
	}
	return true;
}

static bool
value_exact(const cJSON *item, struct histogram *h)
{
	struct histogram_exact exact;
	uint64_t min, max;

	if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 5 ||
		!json_value_u64(cJSON_GetArrayItem(item, 0), HISTOGRAM_HIGHEST_NS, &min) ||
		!json_value_u64(cJSON_GetArrayItem(item, 1), HISTOGRAM_HIGHEST_NS, &max) ||
		!json_value_u64(cJSON_GetArrayItem(item, 2), UINT64_MAX, &exact.clamped) ||
		!value_sum(cJSON_GetArrayItem(item, 3), &exact.sum_ns) ||
		!value_sum(cJSON_GetArrayItem(item, 4), &exact.sum_squares_ns))
		return false;
	exact.min_ns = (int64_t)min;
	exact.max_ns = (int64_t)max;
	return histogram_set_exact(h, &exact);
}

static void
read_histograms(struct json_reader *r, const cJSON *in, struct cell *cell)
{
	const cJSON *item, *members = json_object(r, in, "histograms");

	cJSON_ArrayForEach(item, members)
	{
		struct histogram *h = find_histogram(cell, item->string);

		if (h == NULL)
			json_fail(r, item->string, "no distribution of this name is kept here");
		else if (h->total > 0)
			json_fail(r, item->string, "stands twice");
		else if (!cJSON_IsString(item) || !histogram_decode_add(h, item->valuestring))
			json_fail(r, item->string, "a V2 histogram of ours in base64 is wanted");
	}
	members = json_object(r, in, "exact");
	cJSON_ArrayForEach(item, members)
	{
		struct histogram *h = find_histogram(cell, item->string);

		if (h == NULL || !value_exact(item, h))
			json_fail(r, item->string, "exact figures that are not its histogram's");
	}
}

static void
read_requests(struct json_reader *r, const cJSON *in, struct interval_level *level, const struct plan *plan)
{
	const cJSON *item, *members = json_object(r, in, "requests");

	cJSON_ArrayForEach(item, members)
	{
		size_t i = 0;

		while (i < plan->requests_n && strcmp(plan->requests[i].name, item->string) != 0)
			i++;
		if (i == plan->requests_n || !cJSON_IsObject(item)) {
			json_fail(r, item->string, "the profile has no such request");
			return;
		}
		read_counts(r, item, &level->requests[i].counts);
		read_histograms(r, item, &level->requests[i]);
	}
}

static bool
value_gauge(const cJSON *item, struct gauge_stats *stats)
{
	return cJSON_IsArray(item) && cJSON_GetArraySize(item) == 5 &&
	       json_value_u64(cJSON_GetArrayItem(item, 0), UINT32_MAX, &stats->n) && stats->n > 0 &&
	       json_value_double(cJSON_GetArrayItem(item, 1), &stats->sum) && isfinite(stats->sum) &&
	       json_value_double(cJSON_GetArrayItem(item, 2), &stats->peak) && isfinite(stats->peak) &&
	       json_value_double(cJSON_GetArrayItem(item, 3), &stats->last) && isfinite(stats->last) &&
	       json_value_double(cJSON_GetArrayItem(item, 4), &stats->min) && isfinite(stats->min);
}

static void
read_gauges(struct json_reader *r, const cJSON *in, const char *name, struct gauge_set *set)
{
	const cJSON *members = json_object(r, in, name);

	for (size_t i = 0; members != NULL && i < GAUGE_COUNT; i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(members, gauge_rows[i].name);

		if (item != NULL && !value_gauge(item, &set->gauges[i]))
			json_fail(r, gauge_rows[i].name, "[n, sum, peak, last, min] is wanted");
	}
}

static void
read_scraped(struct json_reader *r, const cJSON *in, const struct plan_scrape *scrape, struct scraped_set *set)
{
	const cJSON *members = scrape->n > 0 ? json_object(r, in, "scraped") : NULL;

	for (size_t i = 0; members != NULL && i < scrape->n; i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(members, scrape->list[i].name);

		if (item != NULL && !value_gauge(item, &set->list[i]))
			json_fail(r, scrape->list[i].name, "[n, sum, peak, last, min] is wanted");
	}
}

static void
read_scraped_now(struct json_reader *r, const cJSON *in, const struct plan_scrape *scrape, struct interval *interval)
{
	const cJSON *members = scrape->n > 0 ? json_object(r, in, "scraped") : NULL;
	const cJSON *item, *items = scrape->n > 0 ? json_array(r, in, "scrapes") : NULL;
	size_t n = 0;

	for (size_t i = 0; members != NULL && i < scrape->n; i++)
		json_read_double(r, members, scrape->list[i].name, &interval->scraped[i]);
	cJSON_ArrayForEach(item, items)
	{
		struct scrape_counts *counts = &interval->scrapes[n];

		if (n++ == scrape->endpoints_n || cJSON_GetArraySize(item) != 2 ||
			!json_value_u64(cJSON_GetArrayItem(item, 0), UINT32_MAX, &counts->good) ||
			!json_value_u64(cJSON_GetArrayItem(item, 1), UINT32_MAX, &counts->failed)) {
			json_fail(r, "scrapes", "[good, failed] of each endpoint is wanted");
			return;
		}
	}
}

static void
read_reading(struct json_reader *r, const cJSON *in, const char *name, struct reading *reading)
{
	const cJSON *members = json_object(r, in, name);

	if (members == NULL)
		return;
	json_must_have(r, members, "at_ns");
	json_read_i64(r, members, "at_ns", 0, EVENT_TIME_MAX_NS, &reading->at_ns);
	for (size_t i = 0; i < GAUGE_COUNT; i++)
		json_read_double(r, members, gauge_rows[i].name, &reading->values[i]);
}

static void
read_level(struct json_reader *r, const cJSON *item, const struct plan *plan, struct interval *interval, uint32_t slot)
{
	uint32_t index = LEVEL_NONE;

	json_read_level(r, item, "level", &index);
	for (uint32_t i = 0; i < slot; i++)
		if (interval->levels[i].level == index)
			json_fail(r, "level", "stands twice");
	if (index == LEVEL_NONE)
		json_fail(r, "level", "a number or \"warmup\" is wanted");
	if (r->has_failed)
		return;
	struct interval_level *level = interval_use_slot(interval, slot, index);

	json_read_bool(r, item, "last", &level->is_last);
	json_read_double(r, item, "in_flight_ns", &level->in_flight_ns);
	if (!(level->in_flight_ns >= 0))
		json_fail(r, "in_flight_ns", "not less than 0 is wanted");
	json_read_i64(r, item, "window_ns", 0, EVENT_TIME_MAX_NS, &level->window_ns);
	json_read_u32(r, item, "in_flight_peak", UINT32_MAX, &level->in_flight_peak);
	json_read_i64(r, item, "loop_gap_max_ns", 0, EVENT_TIME_MAX_NS, &level->loop_gap_max_ns);
	read_counts(r, item, &level->all.counts);
	read_histograms(r, item, &level->all);
	read_requests(r, item, level, plan);
	read_gauges(r, item, "target", &level->target);
	read_gauges(r, item, "self", &level->self);
	read_scraped(r, item, &plan->scrape, &level->scraped);
}

static void
read_levels(struct json_reader *r, const cJSON *tree, const struct plan *plan, struct interval *interval)
{
	const cJSON *item, *items = json_array(r, tree, "levels");
	uint32_t slot = 0;

	cJSON_ArrayForEach(item, items)
	{
		if (slot == interval->levels_n || !cJSON_IsObject(item)) {
			json_fail(r, "levels", "at most as many objects as levels can be open at once are wanted");
			return;
		}
		read_level(r, item, plan, interval, slot++);
		if (r->has_failed)
			return;
	}
}

void
interval_decode(struct json_reader *r, const cJSON *tree, const struct plan *plan, struct interval *interval)
{
	CHECK_OP(interval->requests_n, ==, plan->requests_n);
	interval_reset(interval);
	json_must_have(r, tree, "seq");
	json_must_have(r, tree, "start_ns");
	json_must_have(r, tree, "end_ns");
	json_read_u64(r, tree, "seq", UINT64_MAX, &interval->seq);
	json_read_i64(r, tree, "start_ns", 0, EVENT_TIME_MAX_NS, &interval->start_ns);
	json_read_i64(r, tree, "end_ns", interval->start_ns, EVENT_TIME_MAX_NS, &interval->end_ns);
	json_read_u32(r, tree, "in_flight", UINT32_MAX, &interval->in_flight);
	json_read_u32(r, tree, "connections", UINT32_MAX, &interval->connections);
	json_read_u32(r, tree, "users", UINT32_MAX, &interval->users);
	json_read_u64(r, tree, "backlog", UINT64_MAX, &interval->backlog);
	json_read_double(r, tree, "offered", &interval->offered);
	json_read_level(r, tree, "current_level", &interval->current_level);
	json_read_u64(r, tree, "connects", UINT64_MAX, &interval->connects);
	json_read_u64(r, tree, "connects_failed", UINT64_MAX, &interval->connects_failed);
	json_read_u64(r, tree, "prefetch", UINT64_MAX, &interval->prefetch);
	json_read_u64(r, tree, "prefetch_failed", UINT64_MAX, &interval->prefetch_failed);
	read_reading(r, tree, "target", &interval->target);
	read_reading(r, tree, "self", &interval->self);
	read_gauges(r, tree, "target_outside", &interval->target_outside);
	read_gauges(r, tree, "self_outside", &interval->self_outside);
	read_scraped_now(r, tree, &plan->scrape, interval);
	peers_read(r, tree, plan->target.backends.n, &interval->peers);
	tls_told_read(r, tree, &interval->tls);
	check_counts_read(r, tree, &interval->checks);
	read_levels(r, tree, plan, interval);
	interval->is_added_up = true;
	if (r->has_failed)
		interval_reset(interval);
}
