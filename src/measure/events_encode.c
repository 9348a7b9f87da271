#include "measure/events.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/check.h"
#include "brunt_version.h"
#include "measure/json.h"

/* A line is appended whole or not at all. */
struct line {
	struct buf *into;
	size_t start;
	bool was_full;
};

static struct line
line_begin(struct buf *into, const char *event)
{
	struct line line = {.into = into, .start = into->length, .was_full = into->overflowed};

	json_open(into, NULL, '{');
	json_add_text(into, "event", event);
	return line;
}

static bool
line_end(const struct line *line)
{
	json_close(line->into, '}');
	buf_add_char(line->into, '\n');
	if (!line->into->overflowed && !line->was_full)
		return true;
	line->into->length = line->start;
	if (line->into->bytes != NULL)
		line->into->bytes[line->start] = '\0';
	return false;
}

bool
event_encode_run(struct buf *into, const struct run_identity *identity, const struct plan *plan)
{
	struct line line = line_begin(into, "run");
	char started_at[32];

	json_add_u64(into, "v", 1);
	json_add_text(into, "id", identity->id);
	json_add_text(into, "name", plan->name);
	json_add_text(into, "brunt", BRUNT_VERSION);
	json_add_text(into, "started_at", wall_text(identity->started_wall_ns, started_at, sizeof(started_at)));
	json_add_text(into, "hash", plan->hash);
	run_files_encode(into, identity->files, identity->files_n);
	json_open(into, "requests", '[');
	for (size_t i = 0; i < plan->requests_n; i++)
		json_add_text(into, NULL, plan->requests[i].name);
	json_close(into, ']');
	json_add_u64(into, "shard", identity->shard);
	json_add_u64(into, "shards", identity->shards);
	if (identity->start_at_wall_ns != 0)
		json_add_i64(into, "start_at_ns", identity->start_at_wall_ns);
	return line_end(&line);
}

bool
event_encode_phase(struct buf *into, const char *phase, int64_t at_ns)
{
	struct line line = line_begin(into, "phase");

	json_add_i64(into, "at_ns", at_ns);
	json_add_text(into, "phase", phase);
	return line_end(&line);
}

static void
add_level_index(struct buf *into, const char *name, uint32_t level)
{
	if (level == LEVEL_WARMUP)
		json_add_text(into, name, "warmup");
	else if (level == LEVEL_NONE)
		json_add_null(into, name);
	else
		json_add_u64(into, name, level);
}

bool
event_encode_level(struct buf *into, uint32_t level, int64_t start_ns, int64_t end_ns, double offered)
{
	struct line line = line_begin(into, "level");

	add_level_index(into, "level", level);
	json_add_i64(into, "start_ns", start_ns);
	json_add_i64(into, "end_ns", end_ns);
	json_add_double(into, "offered", offered);
	return line_end(&line);
}

static void
add_nonzero(struct buf *into, const char *name, uint64_t value)
{
	if (value > 0)
		json_add_u64(into, name, value);
}

/* {"timeout": {"headers": 3, "body": 2}} */
static void
add_phases(struct buf *into, const struct counts *counts)
{
	json_open(into, "failed_in", '{');
	for (size_t f = 0; f < FAILURE_COUNT; f++) {
		if (counts->by_failure[f] == 0)
			continue;
		json_open(into, failure_rows[f].counter, '{');
		for (size_t p = 0; p < EXCHANGE_PHASE_COUNT; p++)
			add_nonzero(into, exchange_phase_rows[p].name, counts->by_phase[f][p]);
		json_close(into, '}');
	}
	json_close(into, '}');
}

static void
add_counts(struct buf *into, const struct counts *counts)
{
	char status[8];

	json_open(into, "counts", '{');
	for (const struct counts_field *field = counts_fields; field->name != NULL; field++)
		add_nonzero(into, field->name, counts_value(counts, field));
	json_open(into, "failures", '{');
	for (size_t i = 0; i < FAILURE_COUNT; i++)
		add_nonzero(into, failure_rows[i].counter, counts->by_failure[i]);
	json_close(into, '}');
	if (counts->failed + counts->unsent + counts->dropped > 0)
		add_phases(into, counts);
	if (counts->generations > 0) {
		json_open(into, "finish", '{');
		for (size_t i = 0; i < FINISH_COUNT; i++)
			add_nonzero(into, finish_names[i], counts->by_finish[i]);
		json_close(into, '}');
	}
	json_open(into, "status", '{');
	for (size_t i = 0; i < ARRAY_LEN(counts->by_status); i++) {
		if (counts->by_status[i] == 0)
			continue;
		snprintf(status, sizeof(status), "%zu", i + 100);
		json_add_u64(into, status, counts->by_status[i]);
	}
	json_close(into, '}');
	json_close(into, '}');
}

/* Decimal, as a string: most readers' numbers end long before 128 bits. */
static void
add_sum(struct buf *into, histogram_sum sum)
{
	char digits[40];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + (int)(sum % 10));
		sum /= 10;
	} while (sum > 0);
	json_add_text(into, NULL, at);
}

static void
add_exact(struct buf *into, const char *name, const struct histogram *h)
{
	struct histogram_exact exact;

	histogram_exact(h, &exact);
	json_open(into, name, '[');
	json_add_i64(into, NULL, exact.min_ns);
	json_add_i64(into, NULL, exact.max_ns);
	json_add_u64(into, NULL, exact.clamped);
	add_sum(into, exact.sum_ns);
	add_sum(into, exact.sum_squares_ns);
	json_close(into, ']');
}

/* ready: encoded already, NULL: not. */
static void
add_histogram(struct buf *into, const char *name, const struct histogram *h, const char *ready)
{
	char *encoded = ready == NULL ? histogram_encode(h) : NULL;

	json_add_text(into, name, ready == NULL ? encoded : ready);
	free(encoded);
}

/* ready: its histograms, as far as they are encoded already. */
static void
add_cell(struct buf *into, const struct cell *cell, char *const ready[METRIC_COUNT])
{
	add_counts(into, &cell->counts);
	json_open(into, "histograms", '{');
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (cell->histograms[i].total > 0)
			add_histogram(into, metric_rows[i].name, &cell->histograms[i], ready[i]);
	json_close(into, '}');
	json_open(into, "exact", '{');
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (cell->histograms[i].total > 0)
			add_exact(into, metric_rows[i].name, &cell->histograms[i]);
	json_close(into, '}');
}

static bool
cell_is_empty(const struct cell *cell)
{
	static const struct counts none;

	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (cell->histograms[i].total > 0)
			return false;
	return memcmp(&cell->counts, &none, sizeof(none)) == 0;
}

/* Where there is one request, what is kept of it is the level's own. */
static void
add_requests(struct buf *into, const struct interval_level *level, const struct plan *plan)
{
	static char *const none[METRIC_COUNT];
	const struct cell *requests = level->requests;

	json_open(into, "requests", '{');
	for (size_t i = 0; i < plan->requests_n; i++) {
		if (cell_is_empty(&requests[i]))
			continue;
		json_open(into, plan->requests[i].name, '{');
		add_cell(into, &requests[i], plan->requests_n == 1 ? level->encoded : none);
		json_close(into, '}');
	}
	json_close(into, '}');
}

static void
add_stats(struct buf *into, const char *name, const struct gauge_stats *stats)
{
	if (stats->n == 0)
		return;
	json_open(into, name, '[');
	json_add_u64(into, NULL, stats->n);
	json_add_double(into, NULL, stats->sum);
	json_add_double(into, NULL, stats->peak);
	json_add_double(into, NULL, stats->last);
	json_add_double(into, NULL, stats->min);
	json_close(into, ']');
}

static void
add_gauges(struct buf *into, const char *name, const struct gauge_set *set)
{
	json_open(into, name, '{');
	for (size_t i = 0; i < GAUGE_COUNT; i++)
		add_stats(into, gauge_rows[i].name, &set->gauges[i]);
	json_close(into, '}');
}

static void
add_scraped(struct buf *into, const struct scraped_set *set, const struct plan_scrape *scrape)
{
	if (scrape->n == 0)
		return;
	json_open(into, "scraped", '{');
	for (size_t i = 0; i < scrape->n; i++)
		add_stats(into, scrape->list[i].name, &set->list[i]);
	json_close(into, '}');
}

static void
add_scraped_now(struct buf *into, const struct interval *interval, const struct plan_scrape *scrape)
{
	if (scrape->n == 0)
		return;
	json_open(into, "scraped", '{');
	for (size_t i = 0; i < scrape->n; i++)
		json_add_double(into, scrape->list[i].name, interval->scraped[i]);
	json_close(into, '}');
	json_open(into, "scrapes", '[');
	for (size_t i = 0; i < scrape->endpoints_n; i++) {
		json_open(into, NULL, '[');
		json_add_u64(into, NULL, interval->scrapes[i].good);
		json_add_u64(into, NULL, interval->scrapes[i].failed);
		json_close(into, ']');
	}
	json_close(into, ']');
}

static void
add_level(struct buf *into, const struct interval_level *level, const struct plan *plan)
{
	json_open(into, NULL, '{');
	add_level_index(into, "level", level->level);
	json_add_bool(into, "last", level->is_last);
	json_add_double(into, "in_flight_ns", level->in_flight_ns);
	json_add_i64(into, "window_ns", level->window_ns);
	json_add_u64(into, "in_flight_peak", level->in_flight_peak);
	json_add_i64(into, "loop_gap_max_ns", level->loop_gap_max_ns);
	add_cell(into, &level->all, level->encoded);
	add_requests(into, level, plan);
	add_gauges(into, "target", &level->target);
	add_gauges(into, "self", &level->self);
	add_scraped(into, &level->scraped, &plan->scrape);
	json_close(into, '}');
}

static void
add_reading(struct buf *into, const char *name, const struct reading *reading)
{
	if (reading->at_ns < 0)
		return;
	json_open(into, name, '{');
	json_add_i64(into, "at_ns", reading->at_ns);
	for (size_t i = 0; i < GAUGE_COUNT; i++)
		json_add_double(into, gauge_rows[i].name, reading->values[i]);
	json_close(into, '}');
}

bool
event_encode_interval(struct buf *into, const struct interval *interval, const struct plan *plan)
{
	struct line line = line_begin(into, "interval");

	CHECK_OP(interval->requests_n, ==, plan->requests_n);
	CHECK(interval->is_added_up);
	json_add_u64(into, "seq", interval->seq);
	json_add_i64(into, "start_ns", interval->start_ns);
	json_add_i64(into, "end_ns", interval->end_ns);
	json_add_u64(into, "in_flight", interval->in_flight);
	json_add_u64(into, "connections", interval->connections);
	json_add_u64(into, "users", interval->users);
	json_add_u64(into, "backlog", interval->backlog);
	json_add_double(into, "offered", interval->offered);
	add_level_index(into, "current_level", interval->current_level);
	json_add_u64(into, "connects", interval->connects);
	json_add_u64(into, "connects_failed", interval->connects_failed);
	add_nonzero(into, "prefetch", interval->prefetch);
	add_nonzero(into, "prefetch_failed", interval->prefetch_failed);
	add_reading(into, "target", &interval->target);
	add_reading(into, "self", &interval->self);
	add_gauges(into, "target_outside", &interval->target_outside);
	add_gauges(into, "self_outside", &interval->self_outside);
	add_scraped_now(into, interval, &plan->scrape);
	peers_encode(into, &interval->peers, plan->target.backends.n);
	tls_told_encode(into, &interval->tls);
	check_counts_encode(into, &interval->checks);
	json_open(into, "levels", '[');
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (interval->levels[i].is_used)
			add_level(into, &interval->levels[i], plan);
	json_close(into, ']');
	return line_end(&line);
}

static void
add_finding(struct buf *into, const struct finding *finding)
{
	json_add_i64(into, "onset_ns", finding->onset_ns);
	json_add_text(into, "rule", finding->rule);
	json_add_text(into, "mode", failure_mode_rows[finding->mode].name);
	json_add_text(into, "text", finding->text);
	json_add_double(into, "measured", finding->measured);
	json_add_double(into, "threshold", finding->threshold);
}

bool
event_encode_judged(struct buf *into, const struct level_verdict *verdict)
{
	struct line line = line_begin(into, "judged");

	add_level_index(into, "level", verdict->level);
	json_add_text(into, "status", level_status_names[verdict->status]);
	json_open(into, "findings", '[');
	for (size_t i = 0; i < verdict->findings_n; i++) {
		json_open(into, NULL, '{');
		add_finding(into, &verdict->findings[i]);
		json_close(into, '}');
	}
	json_close(into, ']');
	return line_end(&line);
}

bool
event_encode_finding(struct buf *into, const struct finding *finding, int64_t at_ns)
{
	struct line line = line_begin(into, "finding");

	json_add_i64(into, "at_ns", at_ns);
	add_finding(into, finding);
	return line_end(&line);
}

const char *const shard_state_names[SHARD_STATE_COUNT] = {
	[SHARD_CUT] = "cut",
	[SHARD_COMPLETE] = "complete",
	[SHARD_IDLE] = "idle",
	[SHARD_UNREACHABLE] = "unreachable",
	[SHARD_RELAXED] = "relaxed",
	[SHARD_BEGAN] = "began",
	[SHARD_LOST] = "lost",
};

bool
event_encode_shard(struct buf *into, enum shard_state state, int64_t at_ns, const char *text)
{
	struct line line = line_begin(into, "shard");

	json_add_i64(into, "at_ns", at_ns);
	json_add_text(into, "state", shard_state_names[state]);
	json_add_text(into, "text", text);
	return line_end(&line);
}

bool
event_encode_action(struct buf *into, const struct action_record *record, enum action_state state, int64_t at_ns)
{
	struct line line = line_begin(into, "action");

	json_add_i64(into, "at_ns", at_ns);
	json_add_text(into, "name", record->action->name);
	json_add_text(into, "state", action_state_names[state]);
	json_add_text(into, "text", state == ACTION_FAILED ? record->text : "");
	return line_end(&line);
}

bool
event_encode_probe(struct buf *into, const struct plan_probe *probe, const struct probe_change *change)
{
	struct line line = line_begin(into, "probe");
	char said[64];

	json_add_i64(into, "at_ns", change->at_ns);
	json_add_text(into, "name", probe->name);
	json_add_text(into, "said", probe_change_text(change, said, sizeof(said)));
	return line_end(&line);
}

bool
event_encode_scrape(struct buf *into, const struct plan_endpoint *endpoint, const struct scrape_change *change)
{
	struct line line = line_begin(into, "scrape");

	json_add_i64(into, "at_ns", change->at_ns);
	json_add_text(into, "url", endpoint->fetch.place.shown);
	json_add_bool(into, "failed", change->has_failed);
	json_add_text(into, "text", change->text);
	return line_end(&line);
}

bool
event_encode_part(
	struct buf *into, size_t part, size_t of, const char *arm, const char *dir, const struct run_record *record)
{
	struct line line = line_begin(into, "part");

	json_add_u64(into, "part", part);
	json_add_u64(into, "of", of);
	json_add_text(into, "arm", arm);
	json_add_text(into, "dir", dir);
	json_add_text(into, "state", record == NULL ? "begun" : "ended");
	if (record != NULL) {
		json_add_text(into, "status", verdict_status_names[record->status]);
		json_add_i64(into, "exit_code", record->exit_code);
	}
	return line_end(&line);
}

bool
event_encode_stage(
	struct buf *into, size_t stage, size_t of, enum canary_moment moment, const struct canary_stage_record *record)
{
	struct line line = line_begin(into, "stage");

	json_add_u64(into, "stage", stage);
	json_add_u64(into, "of", of);
	json_add_text(into, "moment", canary_moment_names[moment]);
	json_add_double(into, "share", record->share);
	json_add_text(into, "status", canary_state_names[record->state]);
	json_add_double(into, "next_share", record->next_share);
	json_add_text(into, "reason", record->reason);
	json_add_bool(into, "failed", record->told.has_failed);
	return line_end(&line);
}

bool
event_encode_end(struct buf *into, const struct verdict *verdict, int64_t at_ns)
{
	struct line line = line_begin(into, "end");

	json_add_i64(into, "at_ns", at_ns);
	json_add_text(into, "status", verdict_status_names[verdict->status]);
	json_add_i64(into, "exit_code", verdict->exit_code);
	json_open(into, "reasons", '[');
	for (size_t i = 0; i < verdict->reasons_n; i++)
		json_add_text(into, NULL, verdict->reasons[i]);
	json_close(into, ']');
	return line_end(&line);
}
