#include "engine/pump_parts.h"

#include "base/check.h"

/* What the other scenarios offer meanwhile, in the middle of the level: the run's levels are the lead's. Rates and
 * users do not add up. */
static double
pump_offered_beside(const struct pump *pump, const struct timeline_level *level)
{
	int64_t end_ns = level->end_ns < INT64_MAX ? level->end_ns : level->start_ns;
	int64_t middle_ns = level->start_ns + (end_ns - level->start_ns) / 2 - pump->timeline.offset_ns;
	double offered = 0;

	for (size_t i = 0; i < pump->lanes_n; i++) {
		const struct schedule *schedule = &pump->lanes[i].schedule;

		if (schedule != pump->timeline.lead && schedule->in_users == pump->timeline.lead->in_users)
			offered += schedule_level_at(schedule, middle_ns);
	}
	return offered;
}

static uint32_t
pump_window(struct pump *pump, int64_t now_ns)
{
	while (timeline_begin_next(&pump->timeline, now_ns)) {
		struct timeline_level *level = &pump->timeline.levels[pump->timeline.n - 1];

		level->offered = (level->offered + pump_offered_beside(pump, level)) * plan_share(pump->plan);
		pump->on_level(pump->context, pump->timeline.n - 1);
	}
	return timeline_window_of(&pump->timeline, now_ns);
}

static void
pump_count_in_flight(struct pump *pump, int change, int64_t now_ns)
{
	pump->in_flight += (uint32_t)change;
	/* An arrival's stamp may lie before what was counted last. */
	if (now_ns > pump->counted_ns)
		pump->counted_ns = now_ns;
	recorder_in_flight(pump->recorder, pump_window(pump, pump->counted_ns), pump->in_flight, pump->counted_ns);
}

void
pump_end_flight(struct pump *pump, struct flight *flight, enum outcome outcome, enum failure failure)
{
	struct lane *lane = flight->lane;
	int64_t now_ns = flight->x.last_byte_ns;

	flight->x.outcome = outcome;
	flight->x.failure = failure;
	if (outcome == OUTCOME_OK && pump_gives_up(flight)) {
		flight->x.outcome = OUTCOME_FAILURE;
		flight->x.failure = FAILURE_GAVE_UP;
	}
	recorder_add_exchange(pump->recorder, &flight->x, pump_window(pump, now_ns));
	if (pump->exchanges != NULL)
		exchange_ring_add(pump->exchanges, &flight->x, flight->x.outcome, flight->x.failure);
	timeline_add(&pump->timeline, flight->x.level, -1);
	pump_count_in_flight(pump, -1, now_ns);
	if (flight->visit == NULL)
		lane_give_slot(lane, now_ns);
	else
		pump_end_step(pump, lane, flight->visit, &flight->x);
	flights_give(&pump->flights, flight);
}

static void
pump_on_sent(void *context, struct flight *flight)
{
	struct pump *pump = context;

	recorder_add_sent(pump->recorder, flight->x.level, flight->x.request);
}

static void
pump_on_gap(void *context, struct flight *flight, int64_t gap_ns)
{
	struct pump *pump = context;

	recorder_add_gap(pump->recorder, flight->x.level, gap_ns);
}

static void
pump_on_end(void *context, struct flight *flight, enum outcome outcome, enum failure failure)
{
	pump_end_flight(context, flight, outcome, failure);
}

static void
pump_on_unreachable(void *context, enum failure failure)
{
	struct pump *pump = context;

	pump->is_unreachable = ++pump->unreachable_n == pump->backends.n;
	pump->unreachable_by = failure;
}

/* A protocol without a connection answers by itself, and always after the same time: in the order of sending. */
static void
pump_take_answers(struct pump *pump, int64_t now_ns)
{
	struct flight *flight;

	while ((flight = list_first(&pump->answers, struct flight, waiting)) != NULL) {
		int64_t answered_ns = flight->x.sent_ns + pump->plan->target.null_service_ns;

		if (answered_ns > now_ns)
			return;
		flight->x.first_byte_ns = flight->x.last_byte_ns = answered_ns;
		flight->x.status = 200;
		pump_end_flight(pump, flight, OUTCOME_OK, FAILURE_COUNT);
	}
}

static void
pump_await_answer(struct pump *pump, struct flight *flight, int64_t now_ns)
{
	flight->x.sent_ns = now_ns;
	pump_on_sent(pump, flight);
	list_add_last(&pump->answers, &flight->waiting);
	pump_take_answers(pump, now_ns);
}

void
pump_cancel(struct pump *pump, struct flight *flight)
{
	if (pump->has_pool) {
		backends_cancel(&pump->backends, flight);
	} else {
		flight->x.phase = EXCHANGE_HEADERS;
		list_remove(&flight->waiting);
	}
}

/* visit: whose step it is; NULL: it belongs to no flow. by_deadline: where it joins others that were taken before it.
 */
static inline void
pump_start_flight(struct pump *pump, struct lane *lane, struct visit *visit, struct list *by_deadline,
	const struct exchange *x, int64_t now_ns)
{
	struct flight *flight = flights_take(&pump->flights);

	flight->x = *x;
	flight->lane = lane;
	flight->visit = visit;
	flight->deadline_ns = x->taken_ns + pump->plan->target.timeout_ns;
	list_add_last(by_deadline, &flight->by_deadline);
	pump_count_in_flight(pump, +1, now_ns);
	if (pump->has_pool)
		backends_send(&pump->backends, flight, now_ns);
	else
		pump_await_answer(pump, flight, now_ns);
}

/* An arrival that waited in the backlog was taken before steps that are on their way already: those have a list of
 * their own. */
void
pump_start_step(struct pump *pump, struct lane *lane, struct visit *visit, const struct exchange *x)
{
	pump_start_flight(pump, lane, visit, &pump->steps_by_deadline, x, x->taken_ns);
}

/* An arrival gets its slot: it makes its one request, or begins its session. */
static void
pump_start_arrival(struct pump *pump, struct lane *lane, const struct exchange *x, int64_t now_ns)
{
	struct visit *visit = lane->sessions != NULL ? pump_begin_session(pump, lane, x) : NULL;

	lane->under_way++;
	pump_start_flight(pump, lane, visit, &lane->by_deadline, x, now_ns);
}

/* The exchange of an arrival, as far as it is known when it is taken. */
struct exchange
pump_exchange_of(struct pump *pump, const struct lane *lane, const struct arrival *arrival, int64_t taken_ns)
{
	int64_t due_ns = arrival->due_ns + pump->timeline.offset_ns;

	return (struct exchange){
		.k = arrival->k,
		.request = lane_request_of(lane, arrival),
		.backend =
			pump->has_pool ? backends_of_arrival(&pump->backends, arrival->k / lane->schedule.shards) : 0,
		.level = arrival->is_warmup ? LEVEL_WARMUP : timeline_level_of(&pump->timeline, due_ns),
		.due_ns = due_ns,
		.taken_ns = taken_ns > due_ns ? taken_ns : due_ns, /* turns of a full backlog are joined */
		.sent_ns = -1,
		.first_byte_ns = -1,
		.last_byte_ns = -1,
		.connect_ns = -1,
	};
}

void
pump_lose(struct pump *pump, const struct exchange *x, enum failure failure)
{
	recorder_add_lost(pump->recorder, x->level, x->request, failure, 1);
	if (pump->exchanges != NULL)
		exchange_ring_add(pump->exchanges, x, OUTCOME_FAILURE, failure);
	timeline_add(&pump->timeline, x->level, -1);
}

void
pump_schedule(struct pump *pump, const struct exchange *x)
{
	recorder_add_scheduled(pump->recorder, x->level, x->request, 1);
	timeline_add(&pump->timeline, x->level, +1);
}

/* Arrivals that wait for a slot: those whose time ran out are lost, then as many as there are slots start. */
static void
pump_turn_backlog(struct pump *pump, struct lane *lane, int64_t now_ns)
{
	struct arrival arrival;
	int64_t taken_ns;

	while (backlog_peek(&lane->backlog, &arrival, &taken_ns)) {
		struct exchange x = pump_exchange_of(pump, lane, &arrival, taken_ns);

		if (now_ns - x.taken_ns >= pump->plan->target.timeout_ns)
			pump_lose(pump, &x, FAILURE_QUEUE_TIMEOUT);
		else if (lane->under_way < lane->under_way_max)
			pump_start_arrival(pump, lane, &x, run_clock_now(pump->clock));
		else
			return;
		backlog_remove(&lane->backlog);
	}
}

/* One arrival that is due. What waits was taken with its whole turn; what is sent, when its own turn came in it. */
static void
pump_take(struct pump *pump, struct lane *lane, int64_t now_ns, bool is_in_gap)
{
	bool is_full = lane->under_way >= lane->under_way_max || lane->backlog.n > 0;
	struct arrival arrival;

	CHECK(schedule_peek(&lane->schedule, &lane->head, &arrival));
	if (lane->split != NULL && !split_takes(lane->split, lane->seed, arrival.k)) { /* the other side's */
		lane_advance(lane);
		return;
	}
	struct exchange x =
		pump_exchange_of(pump, lane, &arrival, is_full || is_in_gap ? now_ns : run_clock_now(pump->clock));

	pump_schedule(pump, &x);
	if (is_in_gap)
		pump_lose(pump, &x, FAILURE_LOOP_GAP);
	else if (arrival.k >= lane->rows_most)
		pump_lose(pump, &x, FAILURE_NO_DATA);
	else if (!is_full)
		pump_start_arrival(pump, lane, &x, x.taken_ns);
	else if (lane->scenario->load.when_full == WHEN_FULL_QUEUE)
		backlog_add(&lane->backlog, &lane->head, lane->head_position, now_ns);
	else
		pump_lose(pump, &x, FAILURE_IN_FLIGHT_FULL);
	lane_advance(lane);
}

static struct lane *
pump_first_due(struct pump *pump)
{
	struct lane *first = &pump->lanes[0];

	for (size_t i = 1; i < pump->lanes_n; i++)
		if (pump->lanes[i].next_due_ns < first->next_due_ns)
			first = &pump->lanes[i];
	return first;
}

/* Everything that is due is sent at once, in order of its due time. After a gap of the whole process (suspended, say)
 * nothing is caught up: a burst that no user would have sent says nothing about the target. */
static void
pump_take_due(struct pump *pump, int64_t now_ns, int64_t gap_ns)
{
	int64_t until_ns = now_ns - pump->timeline.offset_ns;
	bool is_gap = gap_ns > pump->plan->generator.loop_gap_ns;
	struct lane *lane;

	while ((lane = pump_first_due(pump))->next_due_ns <= until_ns)
		pump_take(pump, lane, now_ns, is_gap);
}

/* When a user that is free now was due: since it became free, but not before the phase that it now takes part in. */
static struct arrival
pump_next_of_user(struct lane *lane, int64_t now_ns, int64_t offset_ns)
{
	struct arrival arrival = {.k = lane->iterations * lane->schedule.shards + lane->schedule.shard};
	int64_t t_ns = now_ns - offset_ns, measured_from_ns = schedule_measured_from_ns(&lane->schedule);

	arrival.due_ns = lane_take_free_user(lane, now_ns) - offset_ns;
	if (t_ns >= measured_from_ns && arrival.due_ns < measured_from_ns)
		arrival.due_ns = measured_from_ns;
	arrival.is_warmup = arrival.due_ns < measured_from_ns;
	lane->warmup_taken += arrival.is_warmup;
	return arrival;
}

/* How many users are wanted is looked up once per turn. */
static void
pump_look_at_users(struct pump *pump, struct lane *lane, int64_t now_ns)
{
	int64_t t_ns = now_ns - pump->timeline.offset_ns;

	if (lane_end_warmup_if_done(lane, t_ns))
		pump_window(pump, now_ns); /* the first level begins */
	lane_look_at_users(lane, t_ns);
}

static void
pump_start_users(struct pump *pump, struct lane *lane, int64_t now_ns)
{
	int64_t offset_ns = pump->timeline.offset_ns;

	for (uint32_t left = lane->users_max; left > 0 && lane_has_free_user(lane, now_ns - offset_ns); left--) {
		struct arrival arrival = pump_next_of_user(lane, now_ns, offset_ns);
		int64_t taken_ns = run_clock_now(pump->clock);
		struct exchange x = pump_exchange_of(pump, lane, &arrival, taken_ns);

		pump_schedule(pump, &x);
		pump_start_arrival(pump, lane, &x, taken_ns);
		if (lane_end_warmup_if_done(lane, now_ns - offset_ns))
			pump_window(pump, now_ns); /* the first level begins */
	}
}

/* Whatever may start now does. */
static void
pump_start_ready(struct pump *pump, int64_t now_ns, int64_t gap_ns)
{
	pump->reads_n = 0;
	pump->taken_until_ns = now_ns;
	for (size_t i = 0; i < pump->lanes_n; i++) {
		struct lane *lane = &pump->lanes[i];

		if (lane->scenario->load.in_users)
			pump_start_users(pump, lane, now_ns);
		else if (lane->backlog.n > 0)
			pump_turn_backlog(pump, lane, now_ns);
	}
	if (pump->next_step_ns <= now_ns)
		pump_take_steps(pump, now_ns, gap_ns);
	pump_take_due(pump, now_ns, gap_ns);
	if (pump->has_pool)
		backends_flush(&pump->backends);
}

/* Users that are free are started in batches: at 10,000 connections, reading many responses and then sending many
 * requests costs a fifth less than taking turns, since the server is woken once for all of them, and either way through
 * the kernel stays in the caches. */
#define PUMP_READS_PER_START 1024

static bool
pump_is_ready_to_start(const struct pump *pump, int64_t now_ns)
{
	for (size_t i = 0; i < pump->lanes_n; i++) {
		const struct lane *lane = &pump->lanes[i];

		if (lane->next_due_ns <= now_ns - pump->timeline.offset_ns || lane->backlog.n > 0)
			return true;
	}
	return pump->reads_n >= PUMP_READS_PER_START || pump->next_step_ns <= now_ns;
}

/* A busy loop has many connections to read in one turn: what became due or free meanwhile is sent between two of them,
 * not after the last. After a gap it waits for the turn, which knows how long that was. */
static void
pump_on_read(void *context, int64_t arrived_ns, int64_t now_ns)
{
	struct pump *pump = context;

	pump->reads_n++;
	recorder_add_loop_lag(pump->recorder, pump->window, now_ns - arrived_ns);
	if (!pump_is_ready_to_start(pump, now_ns) ||
		now_ns - pump->clock->polling_ns > pump->plan->generator.loop_gap_ns)
		return;
	pump_window(pump, now_ns);
	pump_start_ready(pump, now_ns, 0);
}

const struct pool_events pump_pool_events = {
	.on_sent = pump_on_sent,
	.on_gap = pump_on_gap,
	.on_end = pump_on_end,
	.on_read = pump_on_read,
	.on_unreachable = pump_on_unreachable,
};

/* A deadline that passed while the loop itself stood still for a good part of the timeout says nothing about the
 * target. */
static void
pump_end_late(struct pump *pump, struct list *by_deadline, int64_t now_ns, int64_t gap_ns)
{
	bool is_stall = gap_ns > pump->plan->target.timeout_ns / 10;
	struct flight *flight;

	while ((flight = list_first(by_deadline, struct flight, by_deadline)) != NULL &&
		flight->deadline_ns <= now_ns) {
		bool is_ours = is_stall && flight->deadline_ns > now_ns - gap_ns;
		enum failure unsent = is_ours ? FAILURE_LOOP_GAP : FAILURE_QUEUE_TIMEOUT;
		enum failure sent = is_ours ? FAILURE_GENERATOR_STALL : FAILURE_RESPONSE_TIMEOUT;

		pump_cancel(pump, flight);
		flight->x.last_byte_ns = now_ns;
		pump_end_flight(pump, flight, OUTCOME_FAILURE, flight->x.sent_ns < 0 ? unsent : sent);
	}
}

static bool
pump_close_levels(struct pump *pump, int64_t now_ns)
{
	bool is_closed = false;
	uint32_t level;

	while ((level = timeline_close_next(&pump->timeline, now_ns)) != LEVEL_NONE) {
		recorder_close_level(pump->recorder, level);
		is_closed = true;
	}
	return is_closed;
}

bool
pump_turn(struct pump *pump, int64_t now_ns, int64_t asked_ns)
{
	int64_t waited_ns = asked_ns > pump->turned_ns ? asked_ns : pump->turned_ns;
	int64_t gap_ns = now_ns > waited_ns ? now_ns - waited_ns : 0;

	if (gap_ns > pump->plan->generator.loop_gap_ns)
		pump->timeline.gap_from_ns = now_ns - gap_ns;
	uint32_t window = pump_window(pump, now_ns);

	pump->timeline.gap_from_ns = INT64_MAX;
	if (window != pump->window) { /* a new window, the same flights */
		pump->counted_ns = now_ns;
		recorder_in_flight(pump->recorder, window, pump->in_flight, now_ns);
	}
	pump->window = window;
	recorder_add_loop_gap(pump->recorder, window, gap_ns);
	pump->turned_ns = now_ns;
	if (pump->has_pool)
		backends_turn(&pump->backends, now_ns);
	else
		pump_take_answers(pump, now_ns);
	for (size_t i = 0; i < pump->lanes_n; i++) {
		struct lane *lane = &pump->lanes[i];

		pump_end_late(pump, &lane->by_deadline, now_ns, gap_ns);
		if (lane->scenario->load.in_users)
			pump_look_at_users(pump, lane, now_ns);
	}
	pump_end_late(pump, &pump->steps_by_deadline, now_ns, gap_ns);
	pump_start_ready(pump, now_ns, gap_ns);
	for (size_t i = 0; i < pump->lanes_n; i++)
		if (pump->lanes[i].sessions != NULL)
			pump_cut_sessions_if_over(pump, &pump->lanes[i], now_ns);
	return pump_close_levels(pump, now_ns);
}
