#include "fleet/merge_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/units.h"
#include "campaign/conclude.h"
#include "campaign/regression.h"

static int
complain(const struct error *err)
{
	char text[1400];

	log_error("%s", error_text(err, text, sizeof(text)));
	return EXIT_USAGE;
}

static void
make_identity(struct merge *merge)
{
	int64_t started_ns = merge->t0_wall_ns != 0 ? merge->t0_wall_ns : wall_of_text(merge->shards[0].started_at);
	char stamp[32];

	merge->identity = (struct run_identity){.started_wall_ns = started_ns, .shards = 1};
	wall_text_compact(started_ns, stamp, sizeof(stamp));
	snprintf(merge->id, sizeof(merge->id), "%s-%06x", stamp,
		(unsigned)(rng_mix((uint64_t)wall_now_ns() ^ (uint64_t)getpid()) & 0xffffff));
	merge->identity.id = merge->id;
}

static void
declare(struct merge *merge, uint32_t index, const struct stored_level *level)
{
	digest_note(&merge->digest, &(struct note){.kind = NOTE_LEVEL,
					    .level = index,
					    .start_ns = level->start_ns,
					    .end_ns = level->end_ns,
					    .offered = level->offered});
}

/* Those that have begun by then; a level is known before its first interval. */
static void
declare_levels(struct merge *merge, int64_t until_ns)
{
	struct stored_level level;

	if (!merge->has_warmup_declared && merge_level(merge, LEVEL_WARMUP, &level)) {
		declare(merge, LEVEL_WARMUP, &level);
		digest_note(&merge->digest, &(struct note){.kind = NOTE_PHASE, .phase = "warmup"});
	}
	merge->has_warmup_declared = true;
	while (merge_level(merge, merge->declared_n, &level) && level.start_ns < until_ns &&
		merge->digest.notes_n + 2 < DIGEST_NOTES_MAX) {
		if (merge->declared_n == 0)
			digest_note(&merge->digest,
				&(struct note){.kind = NOTE_PHASE, .phase = "measure", .start_ns = level.start_ns});
		declare(merge, merge->declared_n++, &level);
	}
}

static void
on_digested(void *context, struct interval *interval, const struct digest_outcome *outcome)
{
	struct merge *merge = context;

	(void)outcome; /* what was to be steered is over */
	merger_give(&merge->merger, interval);
}

static void
hand_out(struct merge *merge, struct interval *interval)
{
	declare_levels(merge, interval->end_ns);
	digest_add_interval(&merge->digest, interval);
	while (digest_is_busy(&merge->digest))
		uv_run(&merge->loop, UV_RUN_ONCE);
}

/* Its intervals up to the tick; and where there are no more, its end. */
static bool
feed(struct merge *merge, uint32_t index, struct error *err)
{
	struct stored_shard *shard = merge->by_index[index];

	while (merger_waits_for(&merge->merger, index)) {
		struct interval *into = merger_incoming(&merge->merger, index);

		if (!stored_shard_next(shard, merge->plan, into, err)) {
			if (error_is_set(err))
				return false;
			(merge->records[index].is_lost ? merger_lose : merger_end)(&merge->merger, index);
		} else if (!merger_add(&merge->merger, index))
			return error_set(err, "'%s' has more levels under way at once than there can be", shard->dir);
	}
	return true;
}

static bool
is_any_left(const struct merge *merge)
{
	for (uint32_t i = 0; i < merge->total; i++)
		if (!merge->merger.shards[i].is_gone)
			return true;
	return false;
}

static bool
merge_intervals(struct merge *merge, struct error *err)
{
	struct interval *interval;

	for (uint32_t i = 0; i < merge->total; i++)
		if (merge->by_index[i] == NULL)
			merger_lose(&merge->merger, i);
	if (merge_level(merge, LEVEL_WARMUP, &(struct stored_level){0}))
		merger_begin_level(&merge->merger, LEVEL_WARMUP);
	while (is_any_left(merge)) {
		for (uint32_t i = 0; i < merge->total; i++)
			if (!feed(merge, i, err))
				return false;
		while ((interval = merger_take(&merge->merger, false)) != NULL)
			hand_out(merge, interval);
	}
	hand_out(merge, merger_take(&merge->merger, true));
	return true;
}

static int64_t
latest(const struct merge *merge, bool of_drain)
{
	int64_t latest_ns = -1;

	for (uint32_t i = 0; i < merge->shards_n; i++) {
		int64_t at_ns = of_drain ? merge->shards[i].drain_ns : merge->shards[i].last_ns;

		if (at_ns > latest_ns)
			latest_ns = at_ns;
	}
	return latest_ns;
}

static void
fill_accounts(struct merge *merge)
{
	for (uint32_t i = 0; i < merge->total; i++)
		merger_account(&merge->merger, i, &merge->records[i]);
}

static struct report
report_of(struct merge *merge, const struct verdict *verdict, struct regression *regression)
{
	const struct merge_options *options = merge->options;

	return (struct report){.plan = merge->plan,
		.summary = merge->digest.summary,
		.verdict = verdict,
		.identity = merge->identity,
		.duration_ns = latest(merge, false),
		.workers = merge->total,
		.pacing = merge->facts.paced_relaxed ? "relaxed" : "precise",
		.results_dir = result_dir_path(merge->digest.result_dir),
		.target_address = merge->shards[0].address[0] != '\0' ? merge->shards[0].address : "?",
		.shards = {merge->records, merge->total},
		.against = regression_against(regression),
		.documents = options->documents};
}

static const struct verdict *
judge_all(struct merge *merge, struct regression *regression)
{
	struct digest *digest = &merge->digest;
	const struct verdict *verdict = judge_run(digest->judge, digest->summary, &merge->facts);

	return regression == NULL ? verdict
				  : regression_judge(regression, digest->summary, &merge->identity,
					    result_dir_path(digest->result_dir), verdict);
}

static int
conclude(struct merge *merge, struct regression *regression)
{
	const struct merge_options *options = merge->options;
	struct digest *digest = &merge->digest;
	struct printing printing = {.is_json = options->is_json, .is_quiet = options->is_quiet};
	struct error err = {0};
	int64_t drain_ns = latest(merge, true);

	if (drain_ns >= 0)
		digest_note(digest, &(struct note){.kind = NOTE_PHASE, .phase = "drain", .start_ns = drain_ns});
	digest_flush_notes(digest);
	fill_accounts(merge);
	const struct verdict *verdict = judge_all(merge, regression);
	struct report report = report_of(merge, verdict, regression);

	event_encode_end(&digest->events, verdict, report.duration_ns);
	digest_write_events(digest);
	if (!result_dir_finish(digest->result_dir, &report, &err)) {
		complain(&err);
		merge->facts.result_lost = true;
		snprintf(merge->facts.error_text, sizeof(merge->facts.error_text), "%.150s", err.message);
		report.verdict = verdict = judge_all(merge, regression);
		report.results_dir = NULL;
	}
	if (!conclude_print(&report, &printing))
		log_warn("the report could not be printed");
	return verdict->exit_code;
}

static void
begin_digest(struct merge *merge)
{
	struct digest *digest = &merge->digest;

	CHECK_OP(uv_loop_init(&merge->loop), ==, 0);
	digest_init(digest);
	digest->loop = &merge->loop;
	digest->plan = merge->plan;
	digest->summary = summary_new(merge->plan);
	digest->judge = judge_new(merge->plan);
	digest->facts = &merge->facts;
	digest->on_done = on_digested;
	digest->context = merge;
	merger_init(&merge->merger, merge->plan, merge->total);
}

static void
end_digest(struct merge *merge)
{
	struct digest *digest = &merge->digest;

	while (uv_run(&merge->loop, UV_RUN_NOWAIT) != 0)
		;
	CHECK_OP(uv_loop_close(&merge->loop), ==, 0);
	merger_fini(&merge->merger);
	digest_fini(digest);
	if (digest->result_dir != NULL)
		result_dir_free(digest->result_dir);
	judge_free(digest->judge);
	summary_free(digest->summary);
}

/* Whoever went missing is said in the stream too, as where a leader would have noticed. */
static void
begin_events(struct merge *merge)
{
	event_encode_run(&merge->digest.events, &merge->identity, merge->plan);
	digest_write_events(&merge->digest);
	if (merge->facts.workers_lost > 0)
		digest_note(&merge->digest, &(struct note){.kind = NOTE_LOST,
						    .start_ns = merge->facts.worker_lost_ns,
						    .text = merge->facts.worker_lost_text});
}

static int
merge_all(struct merge *merge, struct regression *regression)
{
	struct error err = {0};
	int exit_code = EXIT_USAGE;

	begin_digest(merge);
	merge->digest.result_dir = result_dir_open(merge->plan, &merge->identity, merge->options->out_dir, &err);
	if (merge->digest.result_dir == NULL) {
		complain(&err);
	} else {
		begin_events(merge);
		if (merge_intervals(merge, &err)) {
			exit_code = conclude(merge, regression);
		} else {
			complain(&err);
			result_dir_discard(merge->digest.result_dir);
			merge->digest.result_dir = NULL;
		}
	}
	end_digest(merge);
	return exit_code;
}

/* What the whole is compared with is read first, as before a run. */
static bool
open_regression(const struct merge *merge, struct regression **regression, struct error *err)
{
	const struct merge_options *options = merge->options;

	*regression = NULL;
	if (options->baseline == NULL && merge->plan->regression.baseline == NULL)
		return true;
	*regression = regression_new(merge->plan, options->baseline, options->baselines, options->tables, err);
	return *regression != NULL;
}

int
merge_run(const struct merge_options *options)
{
	struct merge merge = {.options = options};
	struct regression *regression = NULL;
	struct error err = {0};
	int exit_code = EXIT_USAGE;

	if (merge_open(&merge, &err) && open_regression(&merge, &regression, &err) && merge_scan(&merge, &err)) {
		merge_note_shards(&merge);
		make_identity(&merge);
		exit_code = merge_all(&merge, regression);
	} else {
		complain(&err);
	}
	regression_free(regression);
	merge_close(&merge);
	return exit_code;
}
