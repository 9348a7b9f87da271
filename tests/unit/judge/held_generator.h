/* Healthy targets, and a generator that others keep from its CPU: what each request came to, made up by seed. Include
 * after cmocka.h. */
#pragma once

#include "base/rng.h"
#include "unit/judge/scripted_run.h"

#define HEALTHY_STREAM 3000 /* of random numbers: none that the code under test draws */

/* Who else wants the generator's core. */
enum neighbour {
	NEIGHBOUR_NONE,
	NEIGHBOUR_FAIR,   /* the scheduler gives each its slice in turn */
	NEIGHBOUR_BURSTY, /* has something to do every few seconds, for tens or hundreds of milliseconds */
	NEIGHBOUR_HEAVY,  /* holds it for up to a second and a half */
	NEIGHBOUR_STEAL,  /* the host takes a little now and then, all the time */
	NEIGHBOURS
};

static const char *const neighbour_names[] = {"none", "fair", "bursty", "heavy", "steal"};

/* In s, of the logarithm of a lognormal, or shares. */
struct healthy_target {
	double base_s, spread, slow_share, slow_factor, error_share;
	double capacity_per_s; /* many times what is offered */
	double cpu, memory, pressure;
	bool is_polling; /* burns its core, with load and without */
};

#define HOLDS_MAX 8192

struct healthy_run {
	struct scripted_run run;
	struct healthy_target target;
	enum neighbour neighbour;
	bool has_stamps; /* the kernel says when bytes came; else they came when the loop looked */
	uint64_t seed, k;
	double free_at_s; /* the target's */
	struct hold {
		double from_s, to_s;
	} holds[HOLDS_MAX]; /* of this level, in order */
	size_t holds_n;
};

static inline double
healthy_roll(struct healthy_run *h)
{
	return rng_unit_at(h->seed, HEALTHY_STREAM, h->k++);
}

static inline double
roll_between(struct healthy_run *h, double low, double high)
{
	return low * pow(high / low, healthy_roll(h));
}

/* Box and Muller (1958) */
static inline double
healthy_roll_normal(struct healthy_run *h)
{
	double radius = sqrt(-2 * log(healthy_roll(h)));

	return radius * cos(2 * M_PI * healthy_roll(h));
}

/* How long it runs until it loses its core, and for how long it does then. */
static inline struct hold
roll_hold(struct healthy_run *h)
{
	switch (h->neighbour) {
	case NEIGHBOUR_FAIR: return (struct hold){roll_between(h, 0.003, 0.012), roll_between(h, 0.001, 0.006)};
	case NEIGHBOUR_BURSTY: return (struct hold){roll_between(h, 0.5, 5), roll_between(h, 0.01, 0.4)};
	case NEIGHBOUR_HEAVY: return (struct hold){roll_between(h, 1, 20), roll_between(h, 0.1, 1.5)};
	case NEIGHBOUR_STEAL: return (struct hold){roll_between(h, 0.01, 0.3), roll_between(h, 0.0001, 0.02)};
	case NEIGHBOUR_NONE:
	case NEIGHBOURS: break;
	}
	return (struct hold){INFINITY, 0};
}

static inline void
roll_holds(struct healthy_run *h, double from_s, double to_s)
{
	double at_s = from_s;

	for (h->holds_n = 0; at_s < to_s && h->holds_n < HOLDS_MAX; h->holds_n++) {
		struct hold hold = roll_hold(h);

		h->holds[h->holds_n] = (struct hold){at_s + hold.from_s, at_s + hold.from_s + hold.to_s};
		at_s = h->holds[h->holds_n].to_s;
	}
}

/* What holds the generator then; NULL: nothing. */
static inline const struct hold *
hold_at(const struct healthy_run *h, double at_s)
{
	size_t low = 0, high = h->holds_n; /* the first that ends after it lies in [low, high] */

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (h->holds[middle].to_s > at_s)
			high = middle;
		else
			low = middle + 1;
	}
	return low < h->holds_n && h->holds[low].from_s <= at_s ? &h->holds[low] : NULL;
}

/* When the generator gets to do what it would do then. */
static inline double
when_running(const struct healthy_run *h, double at_s)
{
	const struct hold *hold = hold_at(h, at_s);

	return hold != NULL ? hold->to_s : at_s;
}

static inline double
service_s(struct healthy_run *h)
{
	const struct healthy_target *t = &h->target;
	double s = t->base_s * exp(t->spread * healthy_roll_normal(h));

	return healthy_roll(h) < t->slow_share ? s * t->slow_factor : s;
}

/* It answers one after the other what comes at once, but for that each for itself. */
static inline void
healthy_answer(struct healthy_run *h, struct exchange *x)
{
	double begins_s = fmax(ns_to_s(x->sent_ns), h->free_at_s), answered_s = begins_s + service_s(h);
	bool fails = healthy_roll(h) < h->target.error_share;

	h->free_at_s = begins_s + 1 / h->target.capacity_per_s;
	x->last_byte_ns = x->first_byte_ns = s_to_ns(h->has_stamps ? answered_s : when_running(h, answered_s));
	x->outcome = fails ? OUTCOME_FAILURE : OUTCOME_OK;
	x->failure = FAILURE_STATUS;
	x->status = fails ? 503 : 200;
}

/* What a loop that stood still for over a second does not catch up is lost. */
static inline struct exchange
healthy_ask(struct healthy_run *h, uint32_t k, double due_s)
{
	const struct hold *hold = hold_at(h, due_s);
	struct exchange x = {.k = k, .level = h->run.levels, .due_ns = s_to_ns(due_s), .connect_ns = -1, .sent_ns = -1};

	x.taken_ns = x.last_byte_ns = s_to_ns(when_running(h, due_s));
	if (hold != NULL && hold->to_s - hold->from_s > 1) {
		x.outcome = OUTCOME_FAILURE;
		x.failure = FAILURE_LOOP_GAP;
		return x;
	}
	x.sent_ns = x.taken_ns;
	healthy_answer(h, &x);
	return x;
}

static inline struct step
healthy_step(const struct healthy_run *h, double rate, double until_s)
{
	const struct healthy_target *t = &h->target;
	double gap_s = 0;

	for (size_t i = 0; i < h->holds_n && h->holds[i].from_s < until_s; i++)
		gap_s = fmax(gap_s, h->holds[i].to_s - h->holds[i].from_s);
	return (struct step){.offered = rate,
		.gap_ns = s_to_ns(gap_s),
		.cpu = t->is_polling ? 1 : t->cpu,
		.memory = t->memory,
		.memory_pressure = t->pressure,
		.io_pressure = t->pressure,
		.throttled = t->pressure};
}

#define AFTER_LEVEL_S 20 /* in which the last answers come */

static inline const struct level_verdict *
healthy_play(struct healthy_run *h, double rate, int seconds)
{
	uint32_t n = (uint32_t)lround(rate * seconds);
	struct exchange *all = must_calloc(n, sizeof(*all));
	double start_s = ns_to_s(h->run.now_ns);

	roll_holds(h, start_s, start_s + seconds + AFTER_LEVEL_S);
	for (uint32_t i = 0; i < n; i++)
		all[i] = healthy_ask(h, i, start_s + (double)i / rate);
	struct step step = healthy_step(h, rate, start_s + seconds);
	const struct level_verdict *verdict = run_play_exchanges(&h->run, &step, seconds, all, n);

	free(all);
	return verdict;
}
