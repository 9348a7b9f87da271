#include <math.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "report/result.h"
#include "report/shards_event.h"

static void
set_wall(cJSON *o, const char *key, int64_t wall_ns)
{
	char text[48];

	value_set_text(o, key, wall_ns != 0 ? wall_text_ns(wall_ns, text, sizeof(text)) : NULL);
}

/* What this process was to send of the load, and how punctually it began. */
static void
add_own(cJSON *result, const struct run_identity *identity)
{
	bool has_both = identity->start_at_wall_ns != 0 && identity->began_wall_ns != 0;
	cJSON *o = value_add_object(result, "shard");

	value_set_count(o, "index", identity->shard);
	value_set_count(o, "of", identity->shards);
	set_wall(o, "start_at", identity->start_at_wall_ns);
	set_wall(o, "began_at", identity->began_wall_ns);
	value_set_number(o, "skew_s", has_both ? ns_to_s(identity->began_wall_ns - identity->start_at_wall_ns) : NAN);
}

static cJSON *
shard_object(const struct shard_record *shard)
{
	cJSON *o = value_object();

	value_set_count(o, "index", shard->shard);
	value_set_text(o, "name", shard->name);
	value_set_bool(o, "lost", shard->is_lost);
	value_set_text(o, "said", shard->text);
	value_set_text(o, "dir", shard->dir);
	value_set_count(o, "scheduled", shard->scheduled);
	value_set_count(o, "sent", shard->sent);
	value_set_count(o, "dropped", shard->dropped);
	value_set_count(o, "unsent", shard->unsent);
	value_set_count(o, "ok", shard->ok);
	value_set_count(o, "failed", shard->failed);
	value_set_count(o, "unfinished", shard->unfinished);
	value_set_number(o, "achieved_per_s", shard->achieved_per_s);
	value_set_ns(o, "lateness_p99_ns", shard->lateness_p99_ns);
	cJSON *cpu = value_add_object(o, "cpu");

	value_set_number(cpu, "avg", shard->cpu_avg);
	value_set_number(cpu, "peak", shard->cpu_peak);
	value_set_number(o, "skew_s", shard->has_skew ? ns_to_s(shard->skew_ns) : NAN);
	cJSON *clock = value_add_object(o, "clock");

	value_set_number(clock, "offset_s", shard->has_clock ? ns_to_s(shard->clock_offset_ns) : NAN);
	value_set_number(clock, "error_s", shard->has_clock ? ns_to_s(shard->clock_error_ns) : NAN);
	return o;
}

static void
add_list(cJSON *into, const struct shard_records *shards)
{
	cJSON *list = value_add_array(into, "shards");

	for (uint32_t i = 0; i < shards->n; i++)
		cJSON_AddItemToArray(list, shard_object(&shards->list[i]));
}

bool
shards_event_encode(struct buf *into, const struct shard_records *shards, int64_t at_ns)
{
	cJSON *event = value_object();

	value_set_text(event, "event", "shards");
	value_set_ns(event, "at_ns", at_ns);
	add_list(event, shards);
	char *text = cJSON_PrintUnformatted(event);
	size_t start = into->length;

	CHECK(text != NULL);
	buf_add_text(into, text);
	buf_add_char(into, '\n');
	cJSON_free(text);
	cJSON_Delete(event);
	if (!into->overflowed)
		return true;
	into->length = start;
	return false;
}

void
result_add_shards(cJSON *result, const struct report *report)
{
	if (report->identity.shards > 1 || report->identity.start_at_wall_ns != 0)
		add_own(result, &report->identity);
	if (report->shards.n == 0)
		return;
	add_list(result, &report->shards);
}
