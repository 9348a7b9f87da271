#include "fleet/stored_shard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "campaign/likeness.h"
#include "campaign/stored.h"
#include "measure/json_read.h"
#include "measure/summary.h"

#define LINE_CEILING EVENT_LINE_MAX

static bool
is_interval(const char *line)
{
	static const char begins[] = "{\"event\":\"interval\"";

	return strncmp(line, begins, sizeof(begins) - 1) == 0;
}

/* The next whole line; what a kill tore is none. */
static bool
next_line(struct stored_shard *shard, size_t *length)
{
	ssize_t n = getline(&shard->line, &shard->line_size, shard->journal);

	if (n <= 0 || shard->line[n - 1] != '\n' || (size_t)n > LINE_CEILING)
		return false;
	*length = (size_t)n - 1;
	shard->line_number++;
	return true;
}

static void
read_announcement(struct json_reader *r, const cJSON *tree, struct stored_shard *shard)
{
	char event[16] = "";

	json_must_have(r, tree, "event");
	json_read_text(r, tree, "event", event, sizeof(event));
	if (!r->has_failed && strcmp(event, "run") != 0)
		json_fail(r, "event", "a journal begins with \"run\"");
	json_must_have(r, tree, "hash");
	json_must_have(r, tree, "shards");
	json_read_text(r, tree, "id", shard->id, sizeof(shard->id));
	json_read_text(r, tree, "started_at", shard->started_at, sizeof(shard->started_at));
	json_read_text(r, tree, "hash", shard->hash, sizeof(shard->hash));
	json_read_text(r, tree, "brunt", shard->brunt, sizeof(shard->brunt));
	json_read_u32(r, tree, "shards", UINT16_MAX, &shard->shards);
	json_read_u32(r, tree, "shard", UINT16_MAX, &shard->shard);
	json_read_i64(r, tree, "start_at_ns", 0, INT64_MAX, &shard->start_at_wall_ns);
	shard->files = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(tree, "files"), true);
}

static bool
read_first_line(struct stored_shard *shard, struct error *err)
{
	struct json_reader r = {.err = err};
	size_t length;

	if (!next_line(shard, &length))
		return error_set(err, "'%s' holds no event: the run was ended before it began", shard->events);
	cJSON *tree = json_parse(&r, shard->line, length, LINE_CEILING);

	if (tree != NULL)
		read_announcement(&r, tree, shard);
	cJSON_Delete(tree);
	return !r.has_failed || error_place(err, shard->events, 1, 1);
}

/* What only result.json says. One that is not there, or is not whole, is no reason to leave the journal. */
static void
read_result(struct stored_shard *shard)
{
	struct stored_run run;
	struct error ignored = {0};

	shard->has_result = stored_open(&run, shard->dir, &ignored);
	if (!shard->has_result)
		return;
	snprintf(shard->reason, sizeof(shard->reason), "%s", run.reason);
	snprintf(shard->address, sizeof(shard->address), "%s", run.address);
	snprintf(shard->pacing, sizeof(shard->pacing), "%s", run.pacing);
	stored_close(&run);
}

bool
stored_shard_open(struct stored_shard *shard, const char *path, struct error *err)
{
	char result[PATH_MAX];

	*shard = (struct stored_shard){.drain_ns = -1};
	if (!stored_find(path, shard->dir, result, err))
		return false;
	snprintf(shard->events, sizeof(shard->events), "%.*s/events.ndjson", PATH_MAX - 16, shard->dir);
	shard->journal = fopen(shard->events, "re");
	if (shard->journal == NULL)
		return error_set(err, "'%s' is no results directory of a run: %s: %s", shard->dir, "events.ndjson",
			strerror(errno));
	if (!read_first_line(shard, err)) {
		stored_shard_close(shard);
		return false;
	}
	read_result(shard);
	return true;
}

void
stored_shard_close(struct stored_shard *shard)
{
	if (shard->journal != NULL)
		fclose(shard->journal);
	free(shard->line);
	free(shard->levels);
	cJSON_Delete(shard->files);
	shard->files = NULL;
	shard->journal = NULL;
	shard->line = NULL;
	shard->levels = NULL;
}

static void
note_level(struct stored_shard *shard, const struct event *event)
{
	struct stored_level level = {true, event->start_ns, event->end_ns, event->offered};

	if (event->level == LEVEL_WARMUP) {
		shard->warmup = level;
		return;
	}
	if (event->level >= shard->levels_n) {
		shard->levels = must_realloc(shard->levels, ((size_t)event->level + 1) * sizeof(*shard->levels));
		memset(shard->levels + shard->levels_n, 0,
			((size_t)event->level + 1 - shard->levels_n) * sizeof(*shard->levels));
		shard->levels_n = event->level + 1;
	}
	shard->levels[event->level] = level;
}

static void
note_event(struct stored_shard *shard, const struct event *event)
{
	switch (event->kind) {
	case EVENT_LEVEL: note_level(shard, event); break;
	case EVENT_PHASE:
		if (strcmp(event->text, "drain") == 0)
			shard->drain_ns = event->at_ns;
		break;
	case EVENT_SHARD:
		if (event->state == SHARD_BEGAN)
			shard->began_wall_ns = strtoll(event->detail, NULL, 10);
		break;
	case EVENT_END:
		shard->has_end = true;
		shard->exit_code = event->exit_code;
		snprintf(shard->status, sizeof(shard->status), "%.15s", event->text);
		break;
	default: break;
	}
}

/* An interval's end stands near its beginning; the rest of it is read when it is its turn. */
static void
note_interval(struct stored_shard *shard)
{
	const char *end = strstr(shard->line, "\"end_ns\":");

	if (end != NULL)
		shard->last_ns = strtoll(end + strlen("\"end_ns\":"), NULL, 10);
}

bool
stored_shard_scan(struct stored_shard *shard, const struct plan *plan, struct error *err)
{
	struct event event;
	size_t length;

	rewind(shard->journal);
	shard->line_number = 0;
	while (next_line(shard, &length)) {
		if (is_interval(shard->line)) {
			note_interval(shard);
			continue;
		}
		if (!event_decode(shard->line, length, plan, &event, NULL, err))
			return error_place(err, shard->events, shard->line_number, 1);
		note_event(shard, &event);
	}
	rewind(shard->journal);
	shard->line_number = 0;
	return true;
}

bool
stored_shard_next(struct stored_shard *shard, const struct plan *plan, struct interval *into, struct error *err)
{
	struct event event;
	size_t length;

	while (next_line(shard, &length))
		if (is_interval(shard->line))
			return event_decode(shard->line, length, plan, &event, into, err) ||
			       error_place(err, shard->events, shard->line_number, 1);
	return false;
}

static const char *
text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	return text != NULL ? text : "";
}

/* Of a pipe nothing is known. */
static bool
is_other_file(const cJSON *a, const cJSON *b)
{
	const char *hash = text_of(a, "hash"), *other = text_of(b, "hash");

	return strcmp(text_of(a, "file"), text_of(b, "file")) == 0 && hash[0] != '\0' && other[0] != '\0' &&
	       strcmp(hash, other) != 0;
}

const char *
stored_shard_other_file(const struct stored_shard *one, const struct stored_shard *other)
{
	const cJSON *a, *b;

	cJSON_ArrayForEach(a, one->files)
	{
		cJSON_ArrayForEach(b, other->files)
		{
			if (is_other_file(a, b))
				return text_of(a, "file");
		}
	}
	return NULL;
}

void
stored_shard_difference(const struct stored_shard *one, const struct stored_shard *other, char *into, size_t size)
{
	struct stored_run a, b;
	struct error ignored = {0};
	bool has_a = stored_open(&a, one->dir, &ignored), has_b = stored_open(&b, other->dir, &ignored);

	into[0] = '\0';
	if (has_a && has_b)
		likeness_of_profiles(a.profile, b.profile, into, size);
	if (into[0] == '\0' && has_a && has_b)
		likeness_of_places(a.profile, b.profile, into, size);
	if (into[0] == '\0' && has_a && has_b)
		likeness_of_goals(a.profile, b.profile, into, size);
	if (has_a)
		stored_close(&a);
	if (has_b)
		stored_close(&b);
}
