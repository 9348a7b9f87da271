#include "measure/events.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "measure/json_read.h"
#include "measure/interval_decode.h"
#include "measure/summary.h"

static enum event_kind
kind_of(const char *name)
{
	static const char *const names[] = {
		[EVENT_RUN] = "run",
		[EVENT_PHASE] = "phase",
		[EVENT_LEVEL] = "level",
		[EVENT_INTERVAL] = "interval",
		[EVENT_JUDGED] = "judged",
		[EVENT_FINDING] = "finding",
		[EVENT_SHARD] = "shard",
		[EVENT_END] = "end",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum event_kind)i;
	return EVENT_UNKNOWN;
}

/* A run of another profile cannot be added to this one: its requests would be taken for ours. */
static void
check_requests(struct json_reader *r, const cJSON *tree, const struct plan *plan)
{
	const cJSON *requests = json_array(r, tree, "requests");

	if (r->has_failed)
		return;
	if (cJSON_GetArraySize(requests) != (int)plan->requests_n) {
		json_fail(r, "requests", "another number of them than the profile has");
		return;
	}
	for (size_t i = 0; i < plan->requests_n; i++) {
		const cJSON *name = cJSON_GetArrayItem(requests, (int)i);

		if (!cJSON_IsString(name) || strcmp(name->valuestring, plan->requests[i].name) != 0)
			json_fail(r, "requests", "others than the profile's");
	}
}

static void
read_run(struct json_reader *r, const cJSON *tree, const struct plan *plan, struct event *event)
{
	uint64_t version = 0;

	json_must_have(r, tree, "requests");
	json_read_u64(r, tree, "v", UINT32_MAX, &version);
	if (version != 1)
		json_fail(r, "v", "events of version 1 are wanted");
	json_read_text(r, tree, "id", event->text, sizeof(event->text));
	json_read_text(r, tree, "hash", event->hash, sizeof(event->hash));
	event->shards = 1;
	json_read_u32(r, tree, "shards", UINT16_MAX, &event->shards);
	json_read_u32(r, tree, "shard", UINT16_MAX, &event->shard);
	if (event->shard >= event->shards)
		json_fail(r, "shard", "not less than shards");
	check_requests(r, tree, plan);
}

static void
read_level(struct json_reader *r, const cJSON *tree, struct event *event)
{
	json_must_have(r, tree, "level");
	json_must_have(r, tree, "start_ns");
	json_must_have(r, tree, "end_ns");
	json_read_level(r, tree, "level", &event->level);
	if (event->level == LEVEL_NONE)
		json_fail(r, "level", "a number or \"warmup\" is wanted");
	json_read_i64(r, tree, "start_ns", 0, EVENT_TIME_MAX_NS, &event->start_ns);
	json_read_i64(r, tree, "end_ns", event->start_ns, INT64_MAX, &event->end_ns);
	if (event->end_ns > EVENT_TIME_MAX_NS && event->end_ns < INT64_MAX) /* that is: by its count */
		json_fail(r, "end_ns", "too far away");
	json_read_double(r, tree, "offered", &event->offered);
	if (event->offered < 0)
		json_fail(r, "offered", "less than nothing");
}

static void
read_shard(struct json_reader *r, const cJSON *tree, struct event *event)
{
	size_t state = 0;

	json_must_have(r, tree, "state");
	json_must_have(r, tree, "at_ns");
	json_read_text(r, tree, "state", event->text, sizeof(event->text));
	json_read_text(r, tree, "text", event->detail, sizeof(event->detail));
	json_read_i64(r, tree, "at_ns", -EVENT_TIME_MAX_NS, EVENT_TIME_MAX_NS, &event->at_ns);
	while (state < SHARD_STATE_COUNT && strcmp(event->text, shard_state_names[state]) != 0)
		state++;
	if (state == SHARD_STATE_COUNT)
		json_fail(r, "state", "no state of a shard has this name");
	else
		event->state = (enum shard_state)state;
}

static void
read_event(struct json_reader *r, const cJSON *tree, const struct plan *plan, struct event *event,
	struct interval *interval)
{
	const char *text_name = event->kind == EVENT_PHASE ? "phase" : event->kind == EVENT_FINDING ? "rule" : "status";

	switch (event->kind) {
	case EVENT_RUN: read_run(r, tree, plan, event); return;
	case EVENT_LEVEL: read_level(r, tree, event); return;
	case EVENT_SHARD: read_shard(r, tree, event); return;
	case EVENT_INTERVAL:
		interval_decode(r, tree, plan, interval);
		event->start_ns = interval->start_ns;
		event->end_ns = interval->end_ns;
		event->at_ns = interval->end_ns;
		return;
	case EVENT_JUDGED:
		json_must_have(r, tree, "level");
		json_read_level(r, tree, "level", &event->level);
		break;
	case EVENT_END:
		json_must_have(r, tree, "exit_code");
		uint64_t exit_code = 0;

		json_read_u64(r, tree, "exit_code", 255, &exit_code);
		event->exit_code = (int)exit_code;
		break;
	case EVENT_PHASE:
	case EVENT_FINDING: break;
	case EVENT_UNKNOWN: return;
	}
	json_must_have(r, tree, text_name);
	json_read_text(r, tree, text_name, event->text, sizeof(event->text));
	json_read_i64(r, tree, "at_ns", -EVENT_TIME_MAX_NS, EVENT_TIME_MAX_NS, &event->at_ns);
}

bool
event_decode(const char *line, size_t length, const struct plan *plan, struct event *event, struct interval *interval,
	struct error *err)
{
	struct json_reader r = {.err = err};
	char name[32] = "";

	*event = (struct event){.kind = EVENT_UNKNOWN, .at_ns = -1, .level = LEVEL_NONE, .offered = NAN};
	cJSON *tree = json_parse(&r, line, length, EVENT_LINE_MAX);

	if (tree == NULL)
		return false;
	json_must_have(&r, tree, "event");
	json_read_text(&r, tree, "event", name, sizeof(name));
	if (!r.has_failed) {
		event->kind = kind_of(name);
		read_event(&r, tree, plan, event, interval);
	}
	if (r.has_failed)
		event->kind = EVENT_UNKNOWN;
	cJSON_Delete(tree);
	return !r.has_failed;
}
