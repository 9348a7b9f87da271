#include "engine/sessions.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/units.h"
#include "load/schedule.h"
#include "load/think.h"
#include "request/condition.h"

uint64_t
sessions_most(const struct plan *plan, const struct plan_scenario *scenario)
{
	struct schedule schedule;

	if (!scenario->load.in_users)
		return scenario->load.in_flight_max;
	schedule_init(&schedule, &scenario->load, plan->seed);
	return schedule_users_most(&schedule);
}

uint64_t
sessions_memory_size(const struct plan_flow *flow, uint64_t n)
{
	return n * (session_memory_size(flow) + sizeof(struct visit));
}

bool
sessions_check(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_scenario *scenario = &plan->scenarios[i];
		uint64_t n = scenario->flow != NULL ? sessions_most(plan, scenario) : 0;
		uint64_t one = n > 0 ? sessions_memory_size(scenario->flow, 1) : 1;
		char size[32], most[32];

		if (n <= SESSIONS_MEMORY_MAX / one)
			continue;
		error_set(err,
			"%llu sessions at once may keep %s each, which is more than %s in all; ask for at most %llu "
			"(in_flight.max, or users), or extract less",
			(unsigned long long)n, units_bytes_text(one, size, sizeof(size)),
			units_bytes_text(SESSIONS_MEMORY_MAX, most, sizeof(most)),
			(unsigned long long)(SESSIONS_MEMORY_MAX / one));
		return error_place(err, plan->path, scenario->load.shape.line, scenario->load.shape.column);
	}
	return true;
}

void
sessions_init(struct sessions *sessions, const struct plan *plan, const struct plan_scenario *scenario, uint64_t seed,
	uint32_t n)
{
	*sessions = (struct sessions){.flow = scenario->flow,
		.steps = &plan->requests[scenario->first_request],
		.seed = seed,
		.shards = 1,
		.n = n};
	sessions->all = must_calloc(n, sizeof(*sessions->all));
	sessions->memory = must_calloc(n, session_memory_size(scenario->flow) + 1);
	sessions->thinking = must_calloc(n, sizeof(struct visit *));
	list_init(&sessions->free);
}

void
sessions_fini(struct sessions *sessions)
{
	for (uint32_t i = 0; i < sessions->used_first; i++)
		session_fini(&sessions->all[i].session);
	free(sessions->all);
	free(sessions->memory);
	free(sessions->thinking);
}

static struct visit *
take_unused(struct sessions *sessions)
{
	CHECK_OP(sessions->used_first, <, sessions->n);
	uint32_t i = sessions->used_first++;
	struct visit *visit = &sessions->all[i];

	session_init(&visit->session, sessions->flow, sessions->memory + i * session_memory_size(sessions->flow));
	list_init(&visit->node);
	return visit;
}

struct visit *
sessions_take(struct sessions *sessions, uint64_t k)
{
	struct visit *visit = list_first(&sessions->free, struct visit, node);

	if (visit == NULL)
		visit = take_unused(sessions);
	list_remove(&visit->node);
	visit->k = k;
	visit->n = sessions->started++ * sessions->shards + sessions->shard;
	visit->step = 0;
	visit->position = 0;
	visit->jumps = 0;
	sessions->under_way_n++;
	session_begin(&visit->session, sessions->seed, visit->n);
	return visit;
}

void
sessions_give(struct sessions *sessions, struct visit *visit)
{
	CHECK_OP(sessions->under_way_n, >, 0);
	sessions->under_way_n--;
	list_add_first(&sessions->free, &visit->node);
}

int64_t
sessions_think_ns(const struct sessions *sessions, struct visit *visit)
{
	return think_ns(&sessions->steps[visit->step].step->think, sessions->seed, visit->n, visit->position++);
}

bool
sessions_enter(const struct sessions *sessions, struct visit *visit, uint32_t step)
{
	for (; step < sessions->flow->steps_n; step++) {
		const struct plan_condition *only_if = sessions->steps[step].step->only_if;

		if (only_if != NULL && !condition_holds(only_if, &visit->session))
			continue;
		visit->step = step;
		visit->session.repetition = 0;
		return true;
	}
	return false;
}

bool
sessions_advance(const struct sessions *sessions, struct visit *visit)
{
	const struct plan_step *step = sessions->steps[visit->step].step;
	bool is_done = step->until != NULL && condition_holds(step->until, &visit->session);

	if (is_done || visit->session.repetition + 1 >= step->repeat)
		return sessions_enter(sessions, visit, visit->step + 1);
	visit->session.repetition++;
	return true;
}

/* Of two that are due at once the one that began first goes first. */
static bool
is_before(const struct visit *a, const struct visit *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->n < b->n;
}

void
sessions_think(struct sessions *sessions, struct visit *visit)
{
	uint32_t i = sessions->thinking_n++;

	CHECK_OP(i, <, sessions->n);
	for (; i > 0 && is_before(visit, sessions->thinking[(i - 1) / 2]); i = (i - 1) / 2)
		sessions->thinking[i] = sessions->thinking[(i - 1) / 2];
	sessions->thinking[i] = visit;
}

int64_t
sessions_next_due_ns(const struct sessions *sessions)
{
	return sessions->thinking_n > 0 ? sessions->thinking[0]->due_ns : INT64_MAX;
}

struct visit *
sessions_wake(struct sessions *sessions)
{
	CHECK_OP(sessions->thinking_n, >, 0);
	struct visit *first = sessions->thinking[0], *last = sessions->thinking[--sessions->thinking_n];
	uint32_t n = sessions->thinking_n, i = 0, child;

	for (; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && is_before(sessions->thinking[child + 1], sessions->thinking[child]))
			child++;
		if (!is_before(sessions->thinking[child], last))
			break;
		sessions->thinking[i] = sessions->thinking[child];
	}
	sessions->thinking[i] = last;
	return first;
}
