#pragma once

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "load/params.h"
#include "load/shape.h"

/* Parameters to try every shape with, the awkward ones among them. A shape without a sample fails the conformance
 * suite. */

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define YEAR (365 * 86400 * SECOND)

struct sample {
	const char *shape;
	const char *what;
	const void *params;
};

static inline const struct shape_ops *
sample_shape(const char *name)
{
	for (size_t i = 0; shapes[i] != NULL; i++)
		if (strcmp(shapes[i]->choice.name, name) == 0)
			return shapes[i];
	CHECK(!"a shape of that name");
	return NULL;
}

#define RAMP(from_, to_, over_) (&(struct ramp){.line = {from_, to_, over_}, .has_from = true})

static inline const struct stages *
sample_stages(void)
{
	static struct plan_chosen chain[8];
	static int64_t starts_ns[ARRAY_LEN(chain) + 1];
	static double arrivals[ARRAY_LEN(chain) + 1];
	static struct stages stages;
	static struct ramp up = {.line = {0, 200, 30 * SECOND}}, down = {.line = {0, 0, 7 * SECOND}};
	static struct steady first = {50, 10 * SECOND, 0}, pause = {0, 5 * SECOND, 0};
	static struct sine wave = {30, 30, 3 * SECOND, 10 * SECOND, 0};
	static struct steps steps = {10, 7, 30, 2 * SECOND};
	static struct steady counted = {30, 0, 100};
	static struct sine counted_wave = {70, 20, 3 * SECOND, 0, 1000};
	struct error err = {0};

	stages = (struct stages){.chain = {chain, ARRAY_LEN(chain)}, .starts_ns = starts_ns, .arrivals = arrivals};
	chain[0] = (struct plan_chosen){.choice = &sample_shape("steady")->choice, .params = &first};
	chain[1] = (struct plan_chosen){.choice = &sample_shape("ramp")->choice, .params = &up};
	chain[2] = (struct plan_chosen){.choice = &sample_shape("ramp")->choice, .params = &down};
	chain[3] = (struct plan_chosen){.choice = &sample_shape("steady")->choice, .params = &pause};
	chain[4] = (struct plan_chosen){.choice = &sample_shape("sine")->choice, .params = &wave};
	chain[5] = (struct plan_chosen){.choice = &sample_shape("steps")->choice, .params = &steps};
	chain[6] = (struct plan_chosen){.choice = &sample_shape("steady")->choice, .params = &counted};
	chain[7] = (struct plan_chosen){.choice = &sample_shape("sine")->choice, .params = &counted_wave};
	CHECK(stages_prepare(&stages, &err));
	return &stages;
}

static inline const struct trace *
sample_trace(void)
{
	static int64_t stamps[16];
	static struct trace trace;
	struct error err = {0};

	trace = (struct trace){.speed = 2, .stamps = stamps};
	CHECK(trace_read(&trace, "arrivals.txt", "10\n10.5\n10.5\n11.25\n13\n17.999\n", ARRAY_LEN(stamps), &err));
	return &trace;
}

static inline const struct levels *
sample_levels(void)
{
	static double at[] = {1, 5, 10, 20, 50}, before[6];
	static struct levels levels = {.at = at, .n = 5, .every_ns = 300 * SECOND, .before = before};

	CHECK(levels_prepare(&levels));
	return &levels;
}

/* Ends with a null shape. */
static inline const struct sample *
samples(void)
{
	static struct sample all[64];
	const struct sample list[] = {
		{"steady", "1000/s", &(struct steady){1000, 5 * SECOND, 0}},
		{"steady", "a third", &(struct steady){1 / 3.0, MINUTE, 0}},
		{"steady", "10M/s for a year", &(struct steady){1e7, YEAR, 0}},
		{"steady", "7200/h for a year", &(struct steady){7200 / 3600.0, YEAR, 0}},
		{"ramp", "up", RAMP(10, 500, 2 * MINUTE)},
		{"ramp", "down to 0", RAMP(100, 0, 10 * SECOND)},
		{"ramp", "up from 0", RAMP(0, 100, 10 * SECOND)},
		{"ramp", "flat", RAMP(50, 50, 10 * SECOND)},
		{"ramp", "a year", RAMP(1, 1e7, YEAR)},
		{"spike", "10-100-10", &(struct spike){10, 100, 30 * SECOND, 10 * SECOND, 30 * SECOND, 1, 0}},
		{"spike", "repeated", &(struct spike){10, 100, 3 * SECOND, SECOND, 2 * SECOND, 7, 5 * SECOND}},
		{"spike", "over nothing", &(struct spike){0, 100, 3 * SECOND, SECOND, 2 * SECOND, 3, 5 * SECOND}},
		{"spike", "a dip", &(struct spike){100, 0, 3 * SECOND, SECOND, 2 * SECOND, 3, 5 * SECOND}},
		{"spike", "back to back", &(struct spike){10, 100, 0, SECOND, 0, 3, SECOND}},
		{"ramp", "a pause", RAMP(0, 0, 10 * SECOND)},
		{"steps", "up, last clamped", &(struct steps){50, 20, 300, 30 * SECOND}},
		{"steps", "down to 0", &(struct steps){100, 30, 0, 10 * SECOND}},
		{"steps", "up from 0", &(struct steps){0, 10, 30, 10 * SECOND}},
		{"steps", "tenths", &(struct steps){0.1, 0.1, 1, MINUTE}},
		{"steps", "one", &(struct steps){70, 10, 70, MINUTE}},
		{"levels", "1 to 50", sample_levels()},
		{"stages", "all kinds", sample_stages()},
		{"sine", "a day", &(struct sine){100, 60, 86400 * SECOND, 3 * 86400 * SECOND, 0}},
		{"sine", "touching 0", &(struct sine){100, 100, 10 * SECOND, 37 * SECOND, 0}},
		{"sine", "less than a period", &(struct sine){1000, 500, MINUTE, 13 * SECOND, 0}},
		{"sine", "flat", &(struct sine){1000, 0, MINUTE, 13 * SECOND, 0}},
		{"burst", "three of 100", &(struct burst){100, 3, 10 * SECOND}},
		{"burst", "one", &(struct burst){1, 1, SECOND}},
		{"trace", "at double speed", sample_trace()},
		{"concurrency", "64 users", &(struct concurrency){64, 30 * SECOND, 0}},
		{"search", "its first level",
			&(struct search){40, 5000, 0, 2, 0.05, 10 * SECOND, 3 * SECOND, 0, 30 * MINUTE}},
	};

	CHECK(ARRAY_LEN(list) < ARRAY_LEN(all));
	/* The literals above live as long as this call: what they point to is copied for good. */
	static char kept[64]
			[sizeof(struct stages) > sizeof(struct spike) ? sizeof(struct stages) : sizeof(struct spike)]
		__attribute__((aligned(16)));

	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		all[i] = list[i];
		all[i].params = memcpy(kept[i], list[i].params, sample_shape(list[i].shape)->choice.params_size);
	}
	return all;
}
