#include "fleet/leader_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"

/* The course of a load that several processes share. Each knows the whole schedule and sends its share; what they
 * cannot know of each other is said here: when T0 is, when all pause, where and as what level all go on, when all may
 * end. */

/* Workers that have not announced themselves by then never will. */
#define READY_LIMIT_NS (10 * NS_PER_S)
/* So far ahead of everybody lies what all are to do at one moment. */
#define RESUME_AHEAD_NS (50 * NS_PER_MS)
/* As in engine/run.c: a pause waits so long at most until nothing is in flight. */
#define RECOVER_LIMIT_NS (30 * NS_PER_S)
/* A worker that has said nothing in so many turns of the watch (1 s each) stands still; one that was told to stop, and
 * has not after so many and a timeout, is beyond being told. */
#define SILENT_TICKS_MAX 10
#define STOP_TICKS_MAX 15
#define WATCH_STEP_MS 1000

int64_t
fleet_now_ns(const struct fleet *fleet)
{
	return fleet->t0_ns < 0 ? -1 : clock_now_ns(fleet->config.clock) - fleet->t0_ns;
}

bool
worker_is_living(const struct worker *worker)
{
	return worker->state == WORKER_STARTING || worker->state == WORKER_LIVE;
}

void
fleet_say_all(struct fleet *fleet, const struct control *control)
{
	for (uint32_t i = 0; i < fleet->options.workers; i++)
		if (worker_is_living(&fleet->workers[i]))
			worker_say(&fleet->workers[i], control);
}

/* Whatever the others do goes on: what they measure stays true, and the verdict says that it is not the whole. */
void
fleet_lose(struct fleet *fleet, struct worker *worker, const char *fate)
{
	char text[160];

	worker_kill(worker);
	snprintf(text, sizeof(text), "%.70s %.85s", worker->name, fate);
	if (worker->fate[0] == '\0')
		snprintf(worker->fate, sizeof(worker->fate), "%.119s", fate);
	worker->state = WORKER_LOST;
	merger_lose(&fleet->merger, worker->index);
	if (fleet->state <= FLEET_ARMED) {
		if (!fleet->end.has_failed)
			snprintf(fleet->end.text, sizeof(fleet->end.text), "%.130s before it was ready", text);
		fleet->end.has_failed = true;
		return;
	}
	log_warn("%s; the others go on", text);
	if (fleet->end.workers_lost++ > 0)
		return;
	fleet->end.lost_ns = fleet->merger.shards[worker->index].covered_ns;
	snprintf(fleet->end.text, sizeof(fleet->end.text), "%s", text);
}

static bool
all_living(const struct fleet *fleet, bool (*is)(const struct worker *))
{
	for (uint32_t i = 0; i < fleet->options.workers; i++)
		if (worker_is_living(&fleet->workers[i]) && !is(&fleet->workers[i]))
			return false;
	return true;
}

static uint32_t
living_n(const struct fleet *fleet)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fleet->options.workers; i++)
		n += worker_is_living(&fleet->workers[i]);
	return n;
}

static bool
has_announced_itself(const struct worker *worker)
{
	return worker->state == WORKER_LIVE;
}

static bool
is_idle_in_pause(const struct worker *worker)
{
	return worker->phase == RUN_RECOVER && worker->is_idle;
}

static bool
is_idle_in_drain(const struct worker *worker)
{
	return worker->phase == RUN_DRAIN && worker->is_idle;
}

static void
declare(struct fleet *fleet, uint32_t index, struct fleet_level *level)
{
	level->is_declared = true;
	fleet->config.events->on_level(fleet->config.context, index, level->start_ns, level->end_ns, level->offered);
}

/* The last moment at which a worker said that its load ended there; −1: none did. */
static int64_t
latest(const struct fleet *fleet, bool is_cut)
{
	int64_t at_ns = -1;

	for (uint32_t i = 0; i < fleet->options.workers; i++) {
		const struct worker *worker = &fleet->workers[i];
		int64_t said_ns = is_cut ? worker->cut_ns : worker->complete_ns;

		if (said_ns > at_ns)
			at_ns = said_ns;
	}
	return at_ns;
}

/* A level is the run's once all living workers have begun it, or, where the load pauses or ends, all that will. */
static void
fleet_declare_levels(struct fleet *fleet, bool is_over)
{
	if (fleet->warmup.announced_n > 0 && !fleet->warmup.is_declared &&
		(is_over || fleet->warmup.announced_n >= living_n(fleet)))
		declare(fleet, LEVEL_WARMUP, &fleet->warmup);
	while (fleet->declared_n < fleet->levels_n) {
		struct fleet_level *level = &fleet->levels[fleet->declared_n];

		if (!is_over && level->announced_n < living_n(fleet))
			return;
		/* A warm-up that counted requests ends where the last worker's did. */
		if (fleet->declared_n == 0 && fleet->warmup.is_declared && fleet->warmup.end_ns == INT64_MAX)
			fleet->config.events->on_complete(fleet->config.context, level->start_ns);
		if (level->announced_n > 0)
			declare(fleet, fleet->declared_n, level);
		fleet->declared_n++;
	}
}

/* The load has stopped everywhere: levels end where the last worker's did. */
static void
fleet_end_levels(struct fleet *fleet)
{
	int64_t cut_ns = latest(fleet, true), complete_ns = latest(fleet, false);

	fleet_declare_levels(fleet, true);
	if (cut_ns >= 0)
		fleet->config.events->on_cut(fleet->config.context, cut_ns);
	else if (complete_ns >= 0)
		fleet->config.events->on_complete(fleet->config.context, complete_ns);
}

/* The run is in the phase that its slowest worker is in. */
static void
fleet_note_phase(struct fleet *fleet)
{
	enum run_phase slowest = RUN_ENDED;
	int64_t at_ns = 0;

	for (uint32_t i = 0; i < fleet->options.workers; i++) {
		const struct worker *worker = &fleet->workers[i];

		if (!worker_is_living(worker))
			continue;
		if (worker->phase < slowest)
			slowest = worker->phase;
		if (worker->phase_at_ns > at_ns)
			at_ns = worker->phase_at_ns;
	}
	fleet_declare_levels(fleet, false);
	if (slowest == fleet->phase || slowest == RUN_ENDED)
		return;
	if (slowest >= RUN_RECOVER && fleet->phase < RUN_RECOVER)
		fleet_end_levels(fleet);
	fleet->phase = slowest;
	fleet->config.events->on_phase(fleet->config.context, slowest, at_ns);
}

static void
fleet_hand_out(struct fleet *fleet, struct interval *interval)
{
	fleet->intervals_out++;
	fleet->config.events->on_interval(fleet->config.context, interval);
}

/* Each finds out for itself that the target is not there, by the first request that falls to it, and sends no more.
 * Where others are answered it is not the target that is missing. */
static void
fleet_note_unreachable(struct fleet *fleet)
{
	for (uint32_t i = 0; i < fleet->options.workers; i++) {
		struct worker *worker = &fleet->workers[i];

		if (!worker->is_unreachable)
			continue;
		fleet->end.run.was_unreachable = fleet->merger.sent == 0;
		fleet->end.run.unreachable_by = worker->unreachable_by;
		if (fleet->merger.sent > 0 && worker_is_living(worker))
			fleet_lose(fleet, worker, "could not reach the target, which answers others");
	}
}

/* Hears and hands out for as long as the one makes room for the other. */
static void
fleet_follow(struct fleet *fleet)
{
	bool is_new;

	do {
		is_new = fleet_hear(fleet);
		fleet_note_unreachable(fleet);
		fleet_note_phase(fleet);
		struct interval *interval = merger_take(&fleet->merger, false);

		if (interval != NULL)
			fleet_hand_out(fleet, interval);
		is_new = is_new || interval != NULL;
	} while (is_new);
}

uint32_t
fleet_span_of(const struct fleet *fleet, uint32_t level)
{
	size_t i = fleet->spans_n;

	while (i-- > 0)
		if (fleet->spans[i].level <= level)
			return fleet->spans[i].span + (level - fleet->spans[i].level);
	return level;
}

static void
fleet_begin_pause(struct fleet *fleet)
{
	fleet->wants_recover = false;
	fleet->is_pausing = true;
	fleet->pause_deadline_ns = fleet_now_ns(fleet) + RECOVER_LIMIT_NS;
	fleet_say_all(fleet, &(struct control){.kind = CONTROL_PAUSE, .at_ns = -1});
}

/* Everything has stopped. A level that was cut starts again from its beginning. */
static void
fleet_resume(struct fleet *fleet)
{
	uint32_t last = fleet->levels_n > 0 ? fleet_span_of(fleet, fleet->levels_n - 1) : 0;

	fleet->is_pausing = false;
	CHECK_OP(fleet->spans_n, <, FLEET_SPANS_MAX); /* each takes a level, of which there are no more */
	if (latest(fleet, true) >= 0 && last < fleet->resume_span)
		fleet->resume_span = last;
	fleet->spans[fleet->spans_n++] = (struct span_from){.level = fleet->levels_n, .span = fleet->resume_span};
	fleet_say_all(fleet, &(struct control){
				     .kind = CONTROL_RESUME,
				     .at_ns = fleet_now_ns(fleet) + RESUME_AHEAD_NS,
				     .first_level = fleet->levels_n,
				     .span = fleet->resume_span,
			     });
}

static void
fleet_begin_drain(struct fleet *fleet, bool is_at_once)
{
	fleet->is_stopping = true;
	fleet->wants_recover = fleet->is_pausing = false;
	fleet->is_told_to_stop = true;
	fleet_say_all(fleet, &(struct control){.kind = is_at_once ? CONTROL_STOP : CONTROL_DRAIN, .at_ns = -1});
}

static void
fleet_begin_end(struct fleet *fleet)
{
	fleet->state = FLEET_ENDING;
	fleet->is_told_to_stop = true;
	fleet_say_all(fleet, &(struct control){.kind = CONTROL_END, .at_ns = -1});
}

/* All know when to begin, or nobody does: who has heard of it only after the moment would be late for ever. */
static void
fleet_turn_armed(struct fleet *fleet)
{
	int64_t left_ns = -fleet_now_ns(fleet) - fleet->plan->idle_baseline_ns;

	if (fleet->end.has_failed || fleet->wants_drain) {
		fleet->state = FLEET_ENDED;
	} else if (all_living(fleet, worker_has_heard)) {
		fleet->state = FLEET_LOADED;
	} else if (left_ns < fleet->transport->start_ahead_ns / 4) {
		fleet->end.has_failed = true;
		snprintf(fleet->end.text, sizeof(fleet->end.text),
			"not all of %u workers confirmed in time when to begin; nothing was sent",
			fleet->options.workers);
	}
}

static void
fleet_turn_starting(struct fleet *fleet)
{
	int64_t now_ns = clock_now_ns(fleet->config.clock);

	if (fleet->end.has_failed || fleet->wants_drain) {
		fleet->state = FLEET_ENDED;
	} else if (all_living(fleet, has_announced_itself)) {
		int64_t t0_ns = now_ns + fleet->transport->start_ahead_ns + fleet->plan->idle_baseline_ns;

		fleet->t0_ns = t0_ns;
		fleet->state = FLEET_ARMED;
		fleet_say_all(fleet, &(struct control){.kind = CONTROL_START, .at_ns = t0_ns});
		fleet_turn_armed(fleet);
	} else if (now_ns - fleet->started_at_ns > READY_LIMIT_NS) {
		fleet->end.has_failed = true;
		snprintf(fleet->end.text, sizeof(fleet->end.text),
			"not all of %u workers were ready within 10 s; nothing was sent", fleet->options.workers);
	}
}

static void
fleet_turn_pausing(struct fleet *fleet)
{
	if (all_living(fleet, is_idle_in_pause)) {
		fleet_resume(fleet);
	} else if (fleet_now_ns(fleet) >= fleet->pause_deadline_ns) {
		fleet->end.run.did_not_recover = true;
		fleet_begin_drain(fleet, true);
	}
}

static void
fleet_turn_loaded(struct fleet *fleet)
{
	if (living_n(fleet) == 0) {
		fleet_begin_end(fleet);
		return;
	}
	if (fleet->wants_drain) {
		fleet_begin_drain(fleet, fleet->wants_stop);
		fleet->wants_drain = fleet->wants_stop = false;
	}
	if (fleet->wants_recover && !fleet->is_pausing && !fleet->is_stopping && fleet_now_ns(fleet) >= 0)
		fleet_begin_pause(fleet);
	if (fleet->is_pausing)
		fleet_turn_pausing(fleet);
	else if (all_living(fleet, is_idle_in_drain) && fleet->intervals_out == 0 && merger_is_settled(&fleet->merger))
		fleet_begin_end(fleet);
}

static bool
all_are_gone(const struct fleet *fleet)
{
	for (uint32_t i = 0; i < fleet->options.workers; i++)
		if (!fleet->workers[i].has_eof || !fleet->workers[i].has_exited)
			return false;
	return true;
}

/* The last interval is whatever is left once everybody is gone. */
static void
fleet_turn_ending(struct fleet *fleet)
{
	if (living_n(fleet) > 0 || !all_are_gone(fleet) || fleet->intervals_out > 0)
		return;
	struct interval *interval = merger_take(&fleet->merger, true);

	CHECK(interval != NULL);
	fleet->state = FLEET_ENDED;
	fleet->config.events->on_phase(fleet->config.context, RUN_ENDED, fleet_now_ns(fleet));
	fleet_hand_out(fleet, interval);
}

static void
fleet_turn(struct fleet *fleet)
{
	fleet_follow(fleet);
	switch (fleet->state) {
	case FLEET_STARTING: fleet_turn_starting(fleet); break;
	case FLEET_ARMED: fleet_turn_armed(fleet); break;
	case FLEET_LOADED: fleet_turn_loaded(fleet); break;
	case FLEET_ENDING: fleet_turn_ending(fleet); break;
	case FLEET_ENDED: break;
	}
}

/* A worker that stands still, or goes on though it was told to stop, is taken for lost after a while in which it was
 * listened to. Turns of the watch are counted, not time: if this process itself stood still, nobody is to blame. */
static void
fleet_watch(struct fleet *fleet, struct worker *worker)
{
	unsigned beats_most = fleet->transport->beats_missed_max;
	unsigned silent_most = beats_most > 0
				       ? beats_most
				       : SILENT_TICKS_MAX + 2 * (unsigned)(fleet->plan->output.interval_ns / NS_PER_S);
	unsigned stop_most = STOP_TICKS_MAX + (unsigned)(fleet->plan->target.timeout_ns / NS_PER_S);
	bool is_told = fleet->is_told_to_stop && (fleet->state == FLEET_ENDING || !is_idle_in_drain(worker));
	char fate[64];

	if (!worker_is_living(worker) || (!worker->is_reading && beats_most == 0) || fleet_now_ns(fleet) < 0)
		return;
	worker->told_ticks += is_told;
	if (++worker->silent_ticks > silent_most) {
		snprintf(fate, sizeof(fate), "said nothing for %u s", worker->silent_ticks);
		fleet_lose(fleet, worker, fate);
	} else if (worker->told_ticks > stop_most)
		fleet_lose(fleet, worker, "did not stop when it was told to");
}

static void
fleet_on_timer(uv_timer_t *timer)
{
	struct fleet *fleet = timer->data;

	for (uint32_t i = 0; i < fleet->options.workers; i++)
		if (fleet->state == FLEET_LOADED || fleet->state == FLEET_ENDING)
			fleet_watch(fleet, &fleet->workers[i]);
}

static bool
fleet_spawn(struct fleet *fleet)
{
	struct error err = {0};
	bool is_good = fleet->transport->gather == NULL ||
		       fleet->transport->gather(fleet->options.transport, fleet->config.loop, &fleet->options,
			       &fleet->wants_drain, &err);

	for (uint32_t i = 0; i < fleet->options.workers && is_good; i++)
		is_good = worker_spawn(
			&fleet->workers[i], fleet->config.loop, &fleet->options, fleet->config.shares_target_cpu, &err);
	if (is_good)
		return true;
	fleet->end.has_failed = true;
	snprintf(fleet->end.text, sizeof(fleet->end.text), "%.150s", err.message);
	return false;
}

static bool
is_anything_open(const struct fleet *fleet)
{
	for (uint32_t i = 0; i < fleet->options.workers; i++)
		if (fleet->workers[i].handles_open > 0)
			return true;
	return fleet->intervals_out > 0;
}

/* Whoever is still there (a start that failed, an interrupt before it) is ended, and waited for. */
static void
fleet_close(struct fleet *fleet)
{
	for (uint32_t i = 0; i < fleet->options.workers; i++)
		worker_kill(&fleet->workers[i]);
	for (uint32_t i = 0; i < fleet->options.workers; i++)
		while (fleet->workers[i].is_spawned && !fleet->workers[i].has_exited)
			uv_run(fleet->config.loop, UV_RUN_ONCE);
	for (uint32_t i = 0; i < fleet->options.workers; i++)
		worker_close(&fleet->workers[i]);
	uv_close((uv_handle_t *)&fleet->timer, NULL);
	while (is_anything_open(fleet))
		uv_run(fleet->config.loop, UV_RUN_ONCE);
	if (fleet->transport->release != NULL)
		fleet->transport->release(fleet->options.transport);
}

void
fleet_go(struct fleet *fleet)
{
	fleet->started_at_ns = clock_now_ns(fleet->config.clock);
	CHECK_OP(uv_timer_init(fleet->config.loop, &fleet->timer), ==, 0);
	fleet->timer.data = fleet;
	CHECK_OP(uv_timer_start(&fleet->timer, fleet_on_timer, WATCH_STEP_MS, WATCH_STEP_MS), ==, 0);
	fleet->config.events->on_phase(fleet->config.context, RUN_BASELINE, fleet_now_ns(fleet));
	if (!fleet_spawn(fleet))
		fleet->state = FLEET_ENDED;
	while (fleet->state != FLEET_ENDED) {
		uv_run(fleet->config.loop, UV_RUN_ONCE);
		fleet_turn(fleet);
	}
	fleet_close(fleet);
	fleet->config.events->on_end(fleet->config.context);
}
