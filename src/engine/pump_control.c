#include "engine/pump_parts.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/units.h"

#define OPEN_LEVELS_MAX 60

static void
pump_cancel_backlog(struct pump *pump, struct lane *lane)
{
	struct arrival arrival;
	int64_t taken_ns;

	while (backlog_peek(&lane->backlog, &arrival, &taken_ns)) {
		struct exchange x = pump_exchange_of(pump, lane, &arrival, taken_ns);

		pump_lose(pump, &x, FAILURE_CANCELLED);
		backlog_remove(&lane->backlog);
	}
}

void
pump_stop(struct pump *pump, int64_t now_ns)
{
	timeline_cut(&pump->timeline, now_ns);
	for (size_t i = 0; i < pump->lanes_n; i++) {
		if (!pump->lanes[i].scenario->load.in_users)
			pump_cancel_backlog(pump, &pump->lanes[i]);
		lane_stop(&pump->lanes[i]);
	}
	pump_cut_sessions(pump, now_ns);
}

static void
pump_abandon_flights(struct pump *pump, struct list *by_deadline, int64_t now_ns)
{
	struct flight *flight;

	while ((flight = list_first(by_deadline, struct flight, by_deadline)) != NULL) {
		bool is_sent = flight->x.sent_ns >= 0;

		pump_cancel(pump, flight);
		flight->x.last_byte_ns = now_ns;
		pump_end_flight(pump, flight, is_sent ? OUTCOME_UNFINISHED : OUTCOME_FAILURE,
			is_sent ? FAILURE_COUNT : FAILURE_CANCELLED);
	}
}

void
pump_abandon(struct pump *pump, int64_t now_ns)
{
	for (size_t i = 0; i < pump->lanes_n; i++)
		pump_abandon_flights(pump, &pump->lanes[i].by_deadline, now_ns);
	pump_abandon_flights(pump, &pump->steps_by_deadline, now_ns);
}

void
pump_resume(struct pump *pump, size_t span, int64_t now_ns)
{
	CHECK_OP(pump->in_flight, ==, 0);
	CHECK_OP(pump->next_step_ns, ==, INT64_MAX);
	int64_t t_ns = timeline_resume(&pump->timeline, span, now_ns);

	for (size_t i = 0; i < pump->lanes_n; i++)
		lane_seek(&pump->lanes[i], t_ns);
}

/* The running level ends where another begins: told again, as it really was. */
static void
pump_shorten_level(struct pump *pump, int64_t at_ns)
{
	struct timeline *timeline = &pump->timeline;
	struct timeline_level *last = timeline->n > 0 ? &timeline->levels[timeline->n - 1] : NULL;

	if (last == NULL || last->start_ns >= at_ns || last->end_ns <= at_ns)
		return;
	last->end_ns = at_ns;
	pump->on_level(pump->context, timeline->n - 1);
}

static void
pump_steer_lane(struct pump *pump, struct lane *lane, const struct control *level, int64_t at_ns, int64_t from_ns)
{
	int64_t offset_ns = pump->timeline.offset_ns;

	lane_steer(lane, level->level, from_ns - offset_ns);
	if (level->for_ns > 0)
		lane_steer(lane, 0, at_ns + level->settle_ns + level->for_ns - offset_ns);
}

void
pump_steer(struct pump *pump, const struct control *level, int64_t at_ns)
{
	/* What was due until then is taken: where that was later, the schedule changes from then on. */
	int64_t from_ns = at_ns > pump->taken_until_ns ? at_ns : pump->taken_until_ns + 1;

	for (size_t i = 0; i < pump->lanes_n; i++)
		if (&pump->lanes[i].schedule == pump->timeline.lead)
			pump_steer_lane(pump, &pump->lanes[i], level, at_ns, from_ns);
	pump_shorten_level(pump, at_ns);
	timeline_begin_steered(&pump->timeline, level->level, at_ns, from_ns, level->settle_ns, level->for_ns);
	pump->on_level(pump->context, pump->timeline.n - 1);
}

/* The scenario with the most levels leads: its levels are the run's. */
static const struct schedule *
pump_find_lead(const struct pump *pump, int64_t *end_ns)
{
	const struct schedule *lead = &pump->lanes[0].schedule;

	*end_ns = 0;
	for (size_t i = 0; i < pump->lanes_n; i++) {
		const struct schedule *schedule = &pump->lanes[i].schedule;

		if (schedule_levels_count(schedule) > schedule_levels_count(lead))
			lead = schedule;
		if (schedule_end_ns(schedule) > *end_ns)
			*end_ns = schedule_end_ns(schedule);
	}
	return lead;
}

/* A level stays open until its last exchange ended, a timeout after its end at most. */
static int64_t
schedule_open_levels(const struct schedule *schedule, const struct plan *plan, int64_t *shortest_ns)
{
	struct schedule known = *schedule;

	if (schedule_measured_from_ns(&known) == INT64_MAX)
		schedule_end_warmup(&known, 0); /* it ends by requests; only lengths matter here */
	schedule = &known;
	*shortest_ns = INT64_MAX;
	for (size_t i = 0; i < schedule_levels_count(schedule); i++) {
		struct level_span span = schedule_level_span(schedule, i);

		*shortest_ns = earlier(*shortest_ns, span.end_ns - span.start_ns);
	}
	return plan->target.timeout_ns / (*shortest_ns > 0 ? *shortest_ns : 1) + 4;
}

bool
pump_check_levels(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		struct schedule schedule;
		int64_t shortest_ns;
		char shortest[32], timeout[32];

		schedule_init(&schedule, &plan->scenarios[i].load, plan->seed);
		if (schedule_open_levels(&schedule, plan, &shortest_ns) <= OPEN_LEVELS_MAX)
			continue;
		error_set(err,
			"levels of %s are too short for a timeout of %s, since over %d of them could be under way at "
			"once; "
			"make the levels longer or target.timeout shorter",
			units_time_text(shortest_ns, shortest, sizeof(shortest)),
			units_time_text(plan->target.timeout_ns, timeout, sizeof(timeout)), OPEN_LEVELS_MAX);
		return error_place(
			err, plan->path, plan->scenarios[i].load.shape.line, plan->scenarios[i].load.shape.column);
	}
	return true;
}

void
pump_init(struct pump *pump, const struct pump_config *config)
{
	const struct plan *plan = config->plan;
	uint32_t flights_max = 0;
	int64_t end_ns;

	*pump = (struct pump){.plan = plan,
		.clock = config->clock,
		.exchanges = config->exchanges,
		.on_level = config->on_level,
		.context = config->context};
	pump->lanes_n = plan->scenarios_n;
	pump->lanes = must_calloc(pump->lanes_n, sizeof(*pump->lanes));
	for (size_t i = 0; i < pump->lanes_n; i++) {
		lane_init(&pump->lanes[i], plan, (uint32_t)i, config->shard, config->shards);
		pump->lanes[i].split = config->split;
		if (config->rows_most != NULL)
			pump->lanes[i].rows_most = config->rows_most[i];
		flights_max += pump->lanes[i].under_way_max;
	}
	const struct schedule *lead = pump_find_lead(pump, &end_ns);

	timeline_init(&pump->timeline, lead, end_ns);
	pump->timeline.keeps_lost = config->shards > 1;
	flights_init(&pump->flights, flights_max);
	pump->recorder = recorder_new(&(struct recorder_config){
		.requests_n = (uint32_t)plan->requests_n,
		.good_when = plan->good_when,
		.good_when_n = plan->good_when_n,
		.open_levels_max =
			OPEN_LEVELS_MAX + 4, /* made lazily; the warm-up and a level that begins among them */
	});
	pump->has_pool = protocol_of(plan->target.protocol)->needs_stream;
	pump->turned_ns = run_clock_now(config->clock);
	pump->taken_until_ns = INT64_MIN;
	list_init(&pump->answers);
	list_init(&pump->steps_by_deadline);
	pump->next_step_ns = INT64_MAX;
	if (pump->has_pool)
		backends_init(&pump->backends, &(struct pool_config){
						       .plan = plan,
						       .loop = config->loop,
						       .clock = config->clock,
						       .addresses = config->addresses,
						       .sources = config->sources,
						       .tls = config->tls,
						       .recorder = pump->recorder,
						       .templates = config->templates,
						       .readers = config->readers,
						       .extractors = config->extractors,
						       .checks = config->checks,
						       .follows = config->follows,
						       .expected = config->expected,
						       .until = config->until,
						       .events = &pump_pool_events,
						       .context = pump,
					       });
}

void
pump_fini(struct pump *pump)
{
	if (pump->has_pool)
		backends_fini(&pump->backends);
	for (size_t i = 0; i < pump->lanes_n; i++)
		lane_fini(&pump->lanes[i]);
	free(pump->lanes);
	flights_fini(&pump->flights);
	timeline_fini(&pump->timeline);
	recorder_free(pump->recorder);
}
