#include "engine/pump_parts.h"

#include "engine/route.h"

/* Sessions: what comes between one step of a flow and the next. A session that thinks holds its arrival's slot, and has
 * nothing under way in any level. */

struct visit *
pump_begin_session(struct pump *pump, struct lane *lane, const struct exchange *x)
{
	recorder_add_session(pump->recorder, x->level, x->request, SESSION_STARTED);
	return sessions_take(lane->sessions, x->k);
}

static void
pump_end_session(struct pump *pump, struct lane *lane, struct visit *visit, uint32_t level, enum session_event event,
	int64_t now_ns)
{
	recorder_add_session(pump->recorder, level, lane->scenario->first_request, event);
	sessions_give(lane->sessions, visit);
	lane_give_slot(lane, now_ns);
}

bool
pump_gives_up(const struct flight *flight)
{
	return flight->visit != NULL && route_gives_up(flight->lane->sessions, flight->visit, &flight->x);
}

/* How the step's end is the session's too; SESSION_STARTED: it is not. What the run itself gave up says nothing of the
 * session. */
static enum session_event
session_end_of(const struct lane *lane, struct visit *visit, const struct exchange *x, int64_t *think_ns)
{
	if (x->outcome == OUTCOME_UNFINISHED || (x->outcome == OUTCOME_FAILURE && x->failure == FAILURE_CANCELLED))
		return SESSION_CUT;
	if (session_is_full(&visit->session) && (x->outcome == OUTCOME_OK || visit->session.flow->goes_on))
		return SESSION_FULL;
	switch (route_take(lane->sessions, visit, x, think_ns)) {
	case ROUTE_COMPLETED: return SESSION_COMPLETED;
	case ROUTE_BROKEN: return SESSION_BROKEN;
	case ROUTE_STEP: break;
	}
	return lane->is_stopped ? SESSION_CUT : SESSION_STARTED;
}

void
pump_end_step(struct pump *pump, struct lane *lane, struct visit *visit, const struct exchange *x)
{
	int64_t think_ns;
	enum session_event event = session_end_of(lane, visit, x, &think_ns);

	if (event != SESSION_STARTED) {
		pump_end_session(pump, lane, visit, x->level, event, x->last_byte_ns);
		return;
	}
	visit->due_ns = x->last_byte_ns + think_ns;
	sessions_think(lane->sessions, visit);
	pump->next_step_ns = earlier(pump->next_step_ns, visit->due_ns);
}

static void
pump_find_next_step(struct pump *pump)
{
	pump->next_step_ns = INT64_MAX;
	for (size_t i = 0; i < pump->lanes_n; i++)
		if (pump->lanes[i].sessions != NULL)
			pump->next_step_ns = earlier(pump->next_step_ns, sessions_next_due_ns(pump->lanes[i].sessions));
}

static void
pump_take_step(struct pump *pump, struct lane *lane, int64_t now_ns, bool is_in_gap)
{
	struct visit *visit = sessions_wake(lane->sessions);
	int64_t due_ns = visit->due_ns - pump->timeline.offset_ns;
	struct arrival arrival = {
		.k = visit->k, .due_ns = due_ns, .is_warmup = due_ns < schedule_measured_from_ns(&lane->schedule)};
	struct exchange x = pump_exchange_of(pump, lane, &arrival, is_in_gap ? now_ns : run_clock_now(pump->clock));

	x.request += visit->step;
	pump_schedule(pump, &x);
	if (!is_in_gap) {
		pump_start_step(pump, lane, visit, &x);
		return;
	}
	pump_lose(pump, &x, FAILURE_LOOP_GAP);
	pump_end_session(pump, lane, visit, x.level, SESSION_BROKEN, now_ns);
}

/* What would become due when the load is over never does. */
static bool
pump_has_due_step(const struct pump *pump, const struct lane *lane, int64_t now_ns)
{
	int64_t next_ns = sessions_next_due_ns(lane->sessions);

	return next_ns <= now_ns && next_ns - pump->timeline.offset_ns < schedule_end_ns(&lane->schedule);
}

/* Those that a step taken here leads to at once wait for the next turn. */
void
pump_take_steps(struct pump *pump, int64_t now_ns, int64_t gap_ns)
{
	bool is_gap = gap_ns > pump->plan->generator.loop_gap_ns;

	for (size_t i = 0; i < pump->lanes_n; i++) {
		struct lane *lane = &pump->lanes[i];
		uint32_t left = lane->sessions != NULL ? lane->sessions->thinking_n : 0;

		for (; left > 0 && pump_has_due_step(pump, lane, now_ns); left--)
			pump_take_step(pump, lane, now_ns, is_gap);
	}
	pump_find_next_step(pump);
}

static void
pump_cut_lane(struct pump *pump, struct lane *lane, int64_t now_ns)
{
	/* Until here the load was not over: the level is open. */
	uint32_t level = timeline_level_of(&pump->timeline, now_ns);

	while (lane->sessions->thinking_n > 0)
		pump_end_session(pump, lane, sessions_wake(lane->sessions), level, SESSION_CUT, now_ns);
	pump_find_next_step(pump);
}

void
pump_cut_sessions(struct pump *pump, int64_t now_ns)
{
	for (size_t i = 0; i < pump->lanes_n; i++)
		if (pump->lanes[i].sessions != NULL)
			pump_cut_lane(pump, &pump->lanes[i], now_ns);
}

void
pump_cut_sessions_if_over(struct pump *pump, struct lane *lane, int64_t now_ns)
{
	if (lane->sessions->thinking_n > 0 && now_ns - pump->timeline.offset_ns >= schedule_end_ns(&lane->schedule))
		pump_cut_lane(pump, lane, now_ns);
}
