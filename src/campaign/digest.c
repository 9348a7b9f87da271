#include "campaign/digest.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "campaign/background.h"
#include "measure/figures_event.h"
#include "report/shards_event.h"

void
digest_init(struct digest *digest)
{
	buf_init(&digest->events, DIGEST_LINES_MAX);
	buf_init(&digest->hlog, DIGEST_LINES_MAX);
	buf_init(&digest->figures, DIGEST_FIGURES_MAX);
	buf_init(&digest->shards, DIGEST_FIGURES_MAX);
	buf_init(&digest->job_shards, DIGEST_FIGURES_MAX);
}

void
digest_fini(struct digest *digest)
{
	CHECK(!digest_is_busy(digest));
	buf_fini(&digest->events);
	buf_fini(&digest->hlog);
	buf_fini(&digest->figures);
	buf_fini(&digest->shards);
	buf_fini(&digest->job_shards);
	free(digest->slos);
}

void
digest_note(struct digest *digest, const struct note *note)
{
	CHECK_OP(digest->notes_n, <, DIGEST_NOTES_MAX);
	digest->notes[digest->notes_n++] = *note;
}

/* Its window ended before it was meant to: said again, as it really was. */
static void
digest_encode_last_level(struct digest *digest)
{
	const struct summary *summary = digest->summary;
	const struct level_summary *level =
		summary->levels_n > 0 ? &summary->levels[summary->levels_n - 1] : &summary->warmup;

	if (level->is_known)
		event_encode_level(&digest->events, level->index, level->start_ns, level->end_ns, level->offered);
}

static void
digest_apply_note(struct digest *digest, const struct note *note)
{
	switch (note->kind) {
	case NOTE_LEVEL:
		summary_add_level(digest->summary, note->level, note->start_ns, note->end_ns, note->offered);
		event_encode_level(&digest->events, note->level, note->start_ns, note->end_ns, note->offered);
		break;
	case NOTE_CUT:
		summary_cut(digest->summary, note->start_ns);
		digest_encode_last_level(digest);
		break;
	case NOTE_COMPLETE:
		summary_complete(digest->summary, note->start_ns);
		digest_encode_last_level(digest);
		break;
	case NOTE_PHASE: event_encode_phase(&digest->events, note->phase, note->start_ns); break;
	case NOTE_ACTION: event_encode_action(&digest->events, note->action, note->state, note->start_ns); break;
	case NOTE_PROBE: event_encode_probe(&digest->events, note->probe, &note->change); break;
	case NOTE_SCRAPE: event_encode_scrape(&digest->events, note->endpoint, note->scrape); break;
	case NOTE_BEGAN: event_encode_shard(&digest->events, SHARD_BEGAN, note->start_ns, note->text); break;
	case NOTE_LOST: event_encode_shard(&digest->events, SHARD_LOST, note->start_ns, note->text); break;
	}
}

/* Why it broke, each said by itself too, for those who wait for nothing else. */
static void
digest_encode_causes(struct digest *digest, const struct level_verdict *verdict)
{
	for (size_t i = 0; verdict->status == LEVEL_BROKEN && i < verdict->findings_n; i++)
		if (verdict->findings[i].mode != FAILURE_MODE_NONE)
			event_encode_finding(&digest->events, &verdict->findings[i], digest->summary->last_ns);
}

static void
digest_judge_level(struct digest *digest, uint32_t index)
{
	struct digest_outcome *outcome = &digest->outcome;
	const struct level_verdict *verdict =
		judge_level(digest->judge, digest->summary, &digest->summary->levels[index], &digest->job_facts);

	event_encode_judged(&digest->events, verdict);
	digest_encode_causes(digest, verdict);
	summary_settle_level(digest->summary, index);
	outcome->advice = judge_next(digest->judge);
	outcome->is_broken = outcome->is_broken || verdict->status == LEVEL_BROKEN;
	outcome->repeat_level = index;
	if (outcome->judged_n < DIGEST_JUDGED_MAX)
		outcome->judged[outcome->judged_n++] = verdict;
}

static bool
write_bytes(FILE *stream, const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, stream) == length;
}

/* The interval's line gives way to its figures. */
static bool
digest_write_light_copy(struct digest *digest)
{
	const struct buf *events = &digest->events, *figures = &digest->figures, *shards = &digest->job_shards;
	size_t after = digest->interval_at + digest->interval_length;

	return write_bytes(digest->events_copy, events->bytes, digest->interval_at) &&
	       (figures->length == 0 || write_bytes(digest->events_copy, figures->bytes, figures->length)) &&
	       (shards->length == 0 || write_bytes(digest->events_copy, shards->bytes, shards->length)) &&
	       write_bytes(digest->events_copy, events->bytes + after, events->length - after);
}

static void
digest_write_copy(struct digest *digest)
{
	if (digest->events_copy == NULL || digest->events_copy_failed)
		return;
	bool is_written = digest->interval_length > 0
				  ? digest_write_light_copy(digest)
				  : write_bytes(digest->events_copy, digest->events.bytes, digest->events.length);

	if (!is_written || fflush(digest->events_copy) != 0) {
		digest->events_copy_failed = true;
		log_warn("the copy of the event stream ends here: %s; the run goes on", strerror(errno));
	}
}

void
digest_write_events(struct digest *digest)
{
	if (digest->events.length > 0) {
		if (digest->result_dir != NULL)
			result_dir_add_events(digest->result_dir, digest->events.bytes, digest->events.length);
		digest_write_copy(digest);
	}
	buf_clear(&digest->events);
	buf_clear(&digest->figures);
	buf_clear(&digest->job_shards);
	digest->interval_at = digest->interval_length = 0;
}

/* A run that is stopped before its load began hands out what is open all the same: no time, and nothing in it. */
static void
digest_take_interval(struct digest *digest, struct interval *interval)
{
	if (interval->end_ns <= interval->start_ns)
		return;
	background_encode(interval);
	size_t at = digest->events.length;

	event_encode_interval(&digest->events, interval, digest->plan);
	background_breathe();
	hdrlog_interval(&digest->hlog, interval);
	background_breathe();
	summary_add_interval(digest->summary, interval);
	background_breathe();
	if (digest_tells_figures(digest)) {
		digest->interval_at = at;
		digest->interval_length = digest->events.length - at;
		if (digest->slos == NULL)
			digest->slos = must_calloc(digest->plan->slos_n + 1, sizeof(*digest->slos));
		judge_stand(digest->judge, digest->summary, digest->slos);
		event_encode_figures(&digest->figures, digest->summary, digest->slos, digest->plan->slos_n);
		background_breathe();
	}
	if (digest->has_actions || digest->searching.is_on ||
		(digest->plan->alerts_n > 0 && !digest->job_facts.is_shard))
		judge_interval(digest->judge, digest->summary);
	background_breathe();
}

/* Whether the target is steady at a level whose measuring has not begun. */
static void
digest_watch_settling(struct digest *digest, const struct interval *interval)
{
	struct searching *searching = &digest->searching;

	if (interval->start_ns < searching->job_settling_from_ns || interval->current_level != LEVEL_WARMUP)
		settle_begin(&searching->settle);
	else
		digest->outcome.has_settled = settle_add(&searching->settle, digest->summary);
}

static void
digest_work(struct background_work *work)
{
	struct digest *digest = container_of(work, struct digest, work);
	struct interval *interval = digest->running;

	digest->outcome = (struct digest_outcome){.advice = JUDGE_GO_ON};
	for (size_t i = 0; i < digest->job_notes_n; i++)
		digest_apply_note(digest, &digest->job_notes[i]);
	digest_take_interval(digest, interval);
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (interval->levels[i].is_used && interval->levels[i].is_last &&
			interval->levels[i].level != LEVEL_WARMUP)
			digest_judge_level(digest, interval->levels[i].level);
	if (digest->searching.is_on) {
		int64_t left_ns = digest->searching.limit_at_ns - digest->summary->last_ns;

		digest_watch_settling(digest, interval);
		if (digest->outcome.judged_n > 0)
			digest->outcome.search_step = judge_search_step(digest->judge, left_ns);
	}
	digest->outcome.abort_expr = judge_abort(digest->judge, digest->summary);
	digest_write_events(digest);
	if (digest->result_dir != NULL && digest->hlog.length > 0)
		result_dir_add_hlog(digest->result_dir, digest->hlog.bytes, digest->hlog.length);
	buf_clear(&digest->hlog);
}

static void digest_after_work(struct background_work *work, int status);

static void
digest_begin(struct digest *digest, struct interval *interval)
{
	digest->running = interval;
	memcpy(digest->job_notes, digest->notes, digest->notes_n * sizeof(*digest->notes));
	digest->job_notes_n = digest->notes_n;
	digest->notes_n = 0;
	digest->job_facts = *digest->facts;
	const struct buf spent = digest->job_shards; /* empty: its job has written it */

	digest->job_shards = digest->shards;
	digest->shards = spent;
	digest->searching.job_settling_from_ns = digest->searching.settling_from_ns;
	background_queue(digest->loop, &digest->work, digest_work, digest_after_work);
}

static void
digest_after_work(struct background_work *work, int status)
{
	struct digest *digest = container_of(work, struct digest, work);
	struct interval *done = digest->running, *next = digest->next;

	CHECK_OP(status, ==, 0);
	digest->running = digest->next = NULL;
	digest->on_done(digest->context, done, &digest->outcome);
	if (next != NULL)
		digest_begin(digest, next);
}

void
digest_add_interval(struct digest *digest, struct interval *interval)
{
	if (!digest_is_busy(digest)) {
		digest_begin(digest, interval);
		return;
	}
	CHECK(digest->next == NULL);
	digest->next = interval;
}

void
digest_note_shards(struct digest *digest, const struct shard_records *shards, int64_t at_ns)
{
	if (shards->n == 0)
		return;
	buf_clear(&digest->shards);
	(void)shards_event_encode(&digest->shards, shards, at_ns); /* the next one comes with the next interval */
}

void
digest_flush_notes(struct digest *digest)
{
	CHECK(!digest_is_busy(digest));
	for (size_t i = 0; i < digest->notes_n; i++)
		digest_apply_note(digest, &digest->notes[i]);
	digest->notes_n = 0;
	digest_write_events(digest);
}
