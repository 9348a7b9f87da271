#include "fleet/leader_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* What each kind of line means to the leader. */

static enum run_phase
phase_by_name(const char *name)
{
	size_t i = 0;

	while (i < RUN_ENDED && strcmp(run_phase_names[i], name) != 0)
		i++;
	return (enum run_phase)i;
}

static bool
hear_run(struct fleet *fleet, struct worker *worker, const struct event *event, struct error *err)
{
	if (worker->state != WORKER_STARTING)
		return error_set(err, "it announced itself twice");
	if (strcmp(event->hash, fleet->plan->hash) != 0)
		return error_set(err, "it has read another profile; was the file changed meanwhile?");
	if (event->shard != worker->index || event->shards != fleet->options.workers)
		return error_set(err, "it takes itself for worker %u of %u", event->shard + 1, event->shards);
	worker->state = WORKER_LIVE;
	return true;
}

static bool
hear_phase(struct worker *worker, const struct event *event, struct error *err)
{
	enum run_phase phase = phase_by_name(event->text);

	if (phase == RUN_ENDED && strcmp(event->text, run_phase_names[RUN_ENDED]) != 0)
		return error_set(err, "no phase has the name '%s'", event->text);
	/* Where it goes on, what it was before is over. */
	if (phase < worker->phase && phase == RUN_MEASURE)
		worker->cut_ns = worker->complete_ns = -1;
	worker->phase = phase;
	worker->phase_at_ns = event->at_ns;
	worker->is_idle = false;
	return true;
}

static void
level_announce(struct fleet_level *level, const struct event *event)
{
	bool is_first = level->announced_n++ == 0;

	level->offered = event->offered;
	if (is_first || event->start_ns > level->start_ns)
		level->start_ns = event->start_ns;
	if (is_first || event->end_ns > level->end_ns)
		level->end_ns = event->end_ns;
}

/* Told again: another level began before its end, or it begins sooner than was meant, as all of them were told to. */
static void
level_change(struct fleet *fleet, uint32_t index, struct fleet_level *level, const struct event *event)
{
	if (level->start_ns == event->start_ns && level->end_ns == event->end_ns)
		return;
	level->start_ns = event->start_ns;
	level->end_ns = event->end_ns;
	level->offered = event->offered;
	if (level->is_declared)
		fleet->config.events->on_level(
			fleet->config.context, index, level->start_ns, level->end_ns, level->offered);
}

static bool
hear_level(struct fleet *fleet, struct worker *worker, const struct event *event, struct error *err)
{
	struct fleet_level *level = event->level == LEVEL_WARMUP ? &fleet->warmup : &fleet->levels[event->level];

	if (level->announced_n > 0 && level->offered != event->offered && !fleet->is_steered)
		return error_set(
			err, "its level %u offers %g, the others' %g", event->level, event->offered, level->offered);
	if (event->level != LEVEL_WARMUP && event->level < worker->levels_n) {
		level_change(fleet, event->level, level, event);
		return true;
	}
	level_announce(level, event);
	merger_begin_level(&fleet->merger, event->level);
	if (event->level == LEVEL_WARMUP)
		return true;
	worker->levels_n = event->level + 1;
	if (event->level + 1 > fleet->levels_n)
		fleet->levels_n = event->level + 1;
	worker->complete_ns = -1; /* that was the warm-up */
	return true;
}

static enum failure
failure_by_counter(const char *counter)
{
	size_t i = 0;

	while (i < FAILURE_COUNT && strcmp(failure_rows[i].counter, counter) != 0)
		i++;
	return i < FAILURE_COUNT ? (enum failure)i : FAILURE_CONNECT_FAILED;
}

static void
hear_state(struct fleet *fleet, struct worker *worker, const struct event *event)
{
	switch (event->state) {
	case SHARD_CUT: worker->cut_ns = event->at_ns; break;
	case SHARD_COMPLETE: worker->complete_ns = event->at_ns; break;
	case SHARD_IDLE:
		worker->is_idle = true;
		merger_close_all(&fleet->merger, worker->index);
		break;
	case SHARD_UNREACHABLE:
		worker->is_unreachable = true;
		worker->unreachable_by = failure_by_counter(event->detail);
		break;
	case SHARD_RELAXED: fleet->end.run.is_relaxed = true; break;
	default: break; /* nobody says of itself that it is lost */
	}
}

static bool
hear_event(struct fleet *fleet, struct worker *worker, const struct event *event, struct error *err)
{
	if (worker->state == WORKER_STARTING && event->kind != EVENT_RUN)
		return error_set(err, "it speaks before it has announced itself");
	switch (event->kind) {
	case EVENT_RUN: return hear_run(fleet, worker, event, err);
	case EVENT_PHASE: return hear_phase(worker, event, err);
	case EVENT_LEVEL: return hear_level(fleet, worker, event, err);
	case EVENT_SHARD: hear_state(fleet, worker, event); return true;
	case EVENT_INTERVAL:
		return merger_add(&fleet->merger, worker->index) ||
		       error_set(err, "it has more levels under way than there can be");
	case EVENT_END:
		worker->state = WORKER_ENDED;
		merger_end(&fleet->merger, worker->index);
		return true;
	default: return true; /* later versions may say more */
	}
}

static void
hear_line(struct fleet *fleet, struct worker *worker, struct interval *into, const char *line, size_t length)
{
	struct event event;
	struct error err = {0};
	char fate[160];

	if (event_decode(line, length, fleet->plan, &event, into, &err) && hear_event(fleet, worker, &event, &err))
		return;
	snprintf(fate, sizeof(fate), "makes no sense: %.100s", err.message);
	fleet_lose(fleet, worker, fate);
}

/* Until its lines are used up, or what it said lies beyond the tick and waits for the others. */
static bool
hear_worker(struct fleet *fleet, struct worker *worker)
{
	struct interval *into;
	const char *line;
	size_t length;
	bool is_new = false;

	while (worker->state == WORKER_STARTING || worker->state == WORKER_LIVE) {
		into = merger_incoming(&fleet->merger, worker->index);
		line = into != NULL ? worker_next_line(worker, &length) : NULL;
		if (line == NULL)
			break;
		hear_line(fleet, worker, into, line, length);
		is_new = true;
	}
	worker_listen(worker, merger_incoming(&fleet->merger, worker->index) != NULL || worker->state >= WORKER_ENDED);
	return is_new;
}

static bool
worker_is_silent(const struct worker *worker)
{
	return worker->has_eof && worker->has_exited;
}

bool
fleet_hear(struct fleet *fleet)
{
	bool is_new = false;

	for (uint32_t i = 0; i < fleet->options.workers; i++) {
		struct worker *worker = &fleet->workers[i];
		char fate[160];

		is_new = hear_worker(fleet, worker) || is_new;
		bool is_heard = merger_incoming(&fleet->merger, i) != NULL;

		/* All that it wrote was taken, and its last line was not its end; or it was, and it failed afterwards.
		 */
		if (!worker_is_silent(worker) || !is_heard || worker->state == WORKER_LOST)
			continue;
		if (worker->state != WORKER_ENDED || worker->exit_status != 0 || worker->term_signal != 0)
			fleet_lose(fleet, worker, worker_fate_text(worker, fate, sizeof(fate)));
	}
	return is_new;
}
