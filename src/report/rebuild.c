#include "report/rebuild_parts.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define REBUILD_LINE_CEILING ((size_t)64 * 1024 * 1024)

static void
close_level(struct rebuilding *r, uint32_t level)
{
	struct summary *summary = r->into->summary;

	if (level >= summary->levels_n || summary->levels[level].live_requests == NULL)
		return;
	if (r->events->on_level_closed != NULL)
		r->events->on_level_closed(r->events->context, summary, level);
	summary_settle_level(summary, level);
}

/* The load ended here, before its last window did where it was stopped; one that ends by its count has no other end. */
static void
end_load(struct summary *summary, int64_t at_ns)
{
	if (summary->levels_n > 0 && summary->levels[summary->levels_n - 1].end_ns == INT64_MAX)
		summary_complete(summary, at_ns);
	else
		summary_cut(summary, at_ns);
}

static void
apply(struct rebuilding *r, const struct event *event)
{
	struct rebuilt *into = r->into;

	switch (event->kind) {
	case EVENT_LEVEL:
		summary_add_level(into->summary, event->level, event->start_ns, event->end_ns, event->offered);
		break;
	case EVENT_INTERVAL:
		summary_add_interval(into->summary, r->interval);
		into->last_ns = into->summary->last_ns;
		if (r->events->on_interval != NULL)
			r->events->on_interval(r->events->context, into->summary);
		break;
	case EVENT_PHASE:
		if (strcmp(event->text, "drain") == 0)
			end_load(into->summary, event->at_ns);
		break;
	case EVENT_SHARD:
		if (event->state != SHARD_LOST || into->workers_lost > 0)
			break;
		into->workers_lost = 1;
		into->lost_ns = event->at_ns;
		snprintf(into->lost_text, sizeof(into->lost_text), "%s", event->detail);
		break;
	case EVENT_JUDGED: close_level(r, event->level); break;
	case EVENT_END:
		into->has_end = true;
		into->last_ns = event->at_ns;
		into->exit_code = event->exit_code;
		snprintf(into->status, sizeof(into->status), "%s", event->text);
		break;
	default: break;
	}
}

/* What `run` says of the run beyond what a reader of the stream needs. */
static void
read_identity(struct rebuilt *into, const char *line)
{
	cJSON *run = cJSON_Parse(line);
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "id"));
	const char *started_at = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "started_at"));

	snprintf(into->id, sizeof(into->id), "%s", id ? id : "");
	snprintf(into->started_at, sizeof(into->started_at), "%s", started_at ? started_at : "");
	cJSON_Delete(run);
}

bool
rebuild_line(struct rebuilding *r, const char *path, const char *line, size_t length, size_t number, struct error *err)
{
	struct event event = {0};

	if (length > REBUILD_LINE_CEILING)
		return error_at(err, path, number, 1, "the line is longer than %zu bytes", REBUILD_LINE_CEILING);
	interval_reset(r->interval);
	if (!event_decode(line, length, r->plan, &event, r->interval, err))
		return error_place(err, path, number, 1);
	if (event.kind == EVENT_RUN) {
		read_identity(r->into, line);
		r->into->shard = event.shard;
		r->into->shards = event.shards;
	}
	apply(r, &event);
	return true;
}

/* What was under way when the run was killed never ended: the identities hold for a journal too. */
static void
end_counts(struct counts *counts)
{
	uint64_t known = counts->sent + counts->dropped + counts->unsent;
	uint64_t ended = counts->ok + counts->failed + counts->unfinished;
	uint64_t queued = counts->scheduled > known ? counts->scheduled - known : 0;

	counts_add_failures(counts, FAILURE_CANCELLED, EXCHANGE_QUEUE, queued);
	counts->unfinished += counts->sent > ended ? counts->sent - ended : 0;
}

static void
end_level_counts(struct level_summary *level)
{
	end_counts(&level->counts);
	if (level->live_requests != NULL)
		end_counts(&level->live->counts);
}

static void
end_all_counts(struct summary *summary)
{
	end_counts(&summary->everything.counts);
	end_counts(&summary->measured.counts);
	end_level_counts(&summary->warmup);
	for (size_t i = 0; i < summary->levels_n; i++)
		end_level_counts(&summary->levels[i]);
	for (size_t i = 0; i < summary->plan->requests_n; i++) {
		end_counts(&summary->requests[i].counts);
		end_counts(&summary->request_totals[i]);
	}
}

static bool
read_lines(struct rebuilding *r, FILE *file, const char *path, struct error *err)
{
	char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t length;
	bool is_good = true;

	while (is_good && (length = getline(&line, &size, file)) > 0 && line[length - 1] == '\n')
		is_good = rebuild_line(r, path, line, (size_t)length - 1, ++number, err);
	free(line);
	if (is_good && number == 0)
		return error_set(err, "'%s' holds no event: the run was ended before it began", path);
	return is_good;
}

bool
rebuild_read(const char *path, const struct plan *plan, const struct rebuild_events *events, struct rebuilt *into,
	struct error *err)
{
	FILE *file = fopen(path, "re");

	*into = (struct rebuilt){0};
	if (file == NULL)
		return error_set(err, "cannot read '%s': %s", path, strerror(errno));
	into->summary = summary_new(plan);
	struct rebuilding r = {.plan = plan,
		.events = events,
		.into = into,
		.interval = interval_new((uint32_t)plan->requests_n, REBUILD_LEVELS_MAX)};
	bool is_read = read_lines(&r, file, path, err);

	fclose(file);
	if (is_read) {
		end_all_counts(into->summary);
		summary_cut(into->summary, into->last_ns);
		for (size_t i = 0; i < into->summary->levels_n; i++)
			close_level(&r, (uint32_t)i);
	} else {
		summary_free(into->summary);
		into->summary = NULL;
	}
	interval_free(r.interval);
	return is_read;
}
