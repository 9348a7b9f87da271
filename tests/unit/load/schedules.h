#pragma once

#include "load/schedule.h"
#include "samples.h"

/* Schedules of sample shapes, all with one seed. */
#define SEED 20261122

static inline struct plan_load
load_of(const char *shape, const void *params)
{
	return (struct plan_load){
		.shape = {.choice = &sample_shape(shape)->choice, .params = (void *)(uintptr_t)params}};
}

static inline struct schedule
schedule_of(const struct plan_load *load)
{
	struct schedule schedule;

	schedule_init(&schedule, load, SEED);
	return schedule;
}

/* Takes all arrivals, checking that they come in order; returns how many are measured. */
static inline uint64_t
take_all(const struct schedule *s, uint64_t *warmup_n, int64_t *last_ns)
{
	struct schedule_cursor cursor = {0};
	struct arrival a;
	uint64_t measured = 0;

	*warmup_n = 0;
	*last_ns = 0;
	for (; schedule_peek(s, &cursor, &a); schedule_advance(s, &cursor)) {
		assert_true(a.due_ns >= *last_ns && a.due_ns < schedule_end_ns(s));
		assert_int_equal(a.is_warmup, a.due_ns < schedule_measured_from_ns(s));
		assert_int_equal(a.k, *warmup_n + measured);
		*last_ns = a.due_ns;
		*(a.is_warmup ? warmup_n : &measured) += 1;
	}
	return measured;
}
