#include "engine/lane.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"

static void
lane_init_weights(struct lane *lane)
{
	const struct plan_scenario *scenario = lane->scenario;
	const struct plan_request *requests = &lane->plan->requests[scenario->first_request];
	double total = 0, until = 0;

	lane->weights_until = must_calloc(scenario->requests_n, sizeof(*lane->weights_until));
	for (uint32_t i = 0; i < scenario->requests_n; i++)
		total += requests[i].weight;
	for (uint32_t i = 0; i < scenario->requests_n; i++) {
		until += requests[i].weight;
		lane->weights_until[i] = until / total;
	}
}

/* That each name is one of the scenario's requests was checked when the profile was loaded. */
static void
lane_init_names(struct lane *lane)
{
	const struct schedule *s = &lane->schedule;
	size_t n = s->shape->names_count != NULL ? s->shape->names_count(s->params) : 0;

	if (n == 0)
		return;
	lane->named = must_calloc(n, sizeof(*lane->named));
	for (size_t i = 0; i < n; i++) {
		uint32_t request = lane->scenario->first_request, end = request + lane->scenario->requests_n;

		while (request < end &&
			strcmp(lane->plan->requests[request].name, s->shape->name_at(s->params, i)) != 0)
			request++;
		CHECK_OP(request, <, end);
		lane->named[i] = request;
	}
}

static void
lane_init_users(struct lane *lane)
{
	lane->users_max = (uint32_t)schedule_share(&lane->schedule, schedule_users_most(&lane->schedule));
	lane->under_way_max = lane->users_max; /* each has one request, or one session */
	lane->freed_ns = must_calloc(lane->users_max, sizeof(*lane->freed_ns));
	lane->iterations_max = schedule_share(&lane->schedule, lane->schedule.count_limit);
}

/* Remembers when the next arrival is due, since every loop turn asks. */
static void
lane_find_next_due(struct lane *lane)
{
	struct arrival arrival;
	bool is_there = !lane->scenario->load.in_users && schedule_peek(&lane->schedule, &lane->head, &arrival);

	lane->next_due_ns = is_there ? arrival.due_ns : INT64_MAX;
}

void
lane_advance(struct lane *lane)
{
	schedule_advance(&lane->schedule, &lane->head);
	lane->head_position++;
	lane_find_next_due(lane);
}

void
lane_stop(struct lane *lane)
{
	lane->next_due_ns = INT64_MAX;
	lane->users = 0;
	lane->is_stopped = true;
}

void
lane_steer(struct lane *lane, double level, int64_t at_ns)
{
	schedule_steer(&lane->schedule, level, at_ns);
	lane_find_next_due(lane);
}

/* Those of the warm-up are not among them, but each takes a row. */
static bool
lane_iterations_are_over(const struct lane *lane)
{
	if (lane->iterations * lane->schedule.shards + lane->schedule.shard >= lane->rows_most)
		return true;
	return lane->iterations_max > 0 && lane->iterations - lane->warmup_taken >= lane->iterations_max;
}

bool
lane_is_over(const struct lane *lane, int64_t t_ns)
{
	if (lane->is_stopped)
		return true;
	if (schedule_is_steered(&lane->schedule))
		return t_ns >= schedule_end_ns(&lane->schedule);
	if (!lane->scenario->load.in_users)
		return lane->next_due_ns == INT64_MAX;
	return t_ns >= schedule_end_ns(&lane->schedule) || lane_iterations_are_over(lane);
}

bool
lane_has_sessions(const struct lane *lane, int64_t t_ns)
{
	return lane->sessions != NULL && lane->under_way > 0 && !lane->is_stopped &&
	       t_ns < schedule_end_ns(&lane->schedule);
}

static void
lane_init_sessions(struct lane *lane)
{
	lane->sessions = must_alloc(sizeof(*lane->sessions));
	sessions_init(lane->sessions, lane->plan, lane->scenario, lane->seed, lane->under_way_max);
	lane->sessions->shard = lane->schedule.shard;
	lane->sessions->shards = lane->schedule.shards;
	lane->choices_n = 1;
}

void
lane_init(struct lane *lane, const struct plan *plan, uint32_t scenario, uint32_t shard, uint32_t shards)
{
	*lane = (struct lane){.plan = plan, .scenario = &plan->scenarios[scenario], .rows_most = UINT64_MAX};
	const struct plan_load *load = &lane->scenario->load;

	lane->seed = rng_mix(plan->seed + scenario);
	schedule_init(&lane->schedule, load, lane->seed);
	lane->schedule.shard = shard;
	lane->schedule.shards = shards;
	lane->under_way_max = (uint32_t)schedule_share(&lane->schedule, load->in_flight_max);
	list_init(&lane->by_deadline);
	lane->choices_n = lane->scenario->requests_n;
	lane_init_weights(lane);
	lane_init_names(lane);
	if (load->in_users)
		lane_init_users(lane);
	else
		backlog_init(&lane->backlog, &lane->schedule);
	if (lane->scenario->flow != NULL)
		lane_init_sessions(lane);
	lane_find_next_due(lane);
}

void
lane_fini(struct lane *lane)
{
	if (!lane->scenario->load.in_users)
		backlog_fini(&lane->backlog);
	if (lane->sessions != NULL)
		sessions_fini(lane->sessions);
	free(lane->sessions);
	free(lane->freed_ns);
	free(lane->weights_until);
	free(lane->named);
}

uint32_t
lane_request_of(const struct lane *lane, const struct arrival *arrival)
{
	uint32_t n = lane->choices_n, first = lane->scenario->first_request;

	if (n == 1)
		return first;
	if (lane->named != NULL && !arrival->is_warmup) {
		size_t name = lane->schedule.shape->name_of(lane->schedule.params, arrival->of_shape);

		if (name != SIZE_MAX) /* of what control added there is no line */
			return lane->named[name];
	}
	double u = rng_unit_at(lane->seed, RNG_REQUEST, arrival->k);
	uint32_t i = 0;

	while (i + 1 < n && u >= lane->weights_until[i])
		i++;
	return first + i;
}

uint32_t
lane_users_at(const struct lane *lane, int64_t t_ns)
{
	if (lane->is_stopped || t_ns < 0 || t_ns >= schedule_end_ns(&lane->schedule))
		return 0;
	uint32_t users =
		(uint32_t)schedule_share(&lane->schedule, (uint64_t)llround(schedule_level_at(&lane->schedule, t_ns)));

	return users < lane->users_max ? users : lane->users_max;
}

static void
lane_drop_oldest_free_user(struct lane *lane)
{
	lane->freed_first = (lane->freed_first + 1) % lane->users_max;
	lane->freed_n--;
}

void
lane_look_at_users(struct lane *lane, int64_t t_ns)
{
	lane->users = lane_users_at(lane, t_ns);
	lane->users_until_ns = schedule_end_ns(&lane->schedule);
}

bool
lane_has_free_user(struct lane *lane, int64_t t_ns)
{
	/* Fewer are wanted by now: those that are free leave, so that none comes back with an old due time. */
	while (lane->freed_n > 0 && lane->under_way + lane->freed_n > lane->users)
		lane_drop_oldest_free_user(lane);
	return lane->under_way < lane->users && t_ns < lane->users_until_ns && !lane_iterations_are_over(lane);
}

bool
lane_end_warmup_if_done(struct lane *lane, int64_t t_ns)
{
	if (schedule_measured_from_ns(&lane->schedule) < INT64_MAX ||
		lane->iterations < schedule_share(&lane->schedule, lane->schedule.warmup_limit))
		return false;
	schedule_end_warmup(&lane->schedule, t_ns);
	return true;
}

int64_t
lane_take_free_user(struct lane *lane, int64_t now_ns)
{
	lane->iterations++;
	if (lane->freed_n == 0)
		return now_ns; /* a user that begins now */
	int64_t freed_ns = lane->freed_ns[lane->freed_first];

	lane_drop_oldest_free_user(lane);
	return freed_ns;
}

void
lane_give_user(struct lane *lane, int64_t now_ns)
{
	CHECK_OP(lane->freed_n, <, lane->users_max);
	lane->freed_ns[(lane->freed_first + lane->freed_n++) % lane->users_max] = now_ns;
}

void
lane_seek(struct lane *lane, int64_t t_ns)
{
	lane->is_stopped = false;
	if (lane->scenario->load.in_users)
		return;
	CHECK_OP(lane->backlog.n, ==, 0);
	schedule_seek(&lane->schedule, &lane->head, t_ns);
	lane_find_next_due(lane);
}
