/* Targets that never ran, each with a rate at which it truly breaks: requests go one by one through a queue with a
 * capacity, a service noise and a weakness of its own, and what comes of them through measure's own recorder and
 * summary to the judge, level by level. Include after cmocka.h. */
#pragma once

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"
#include "unit/judge/scripted_run.h"

#define TARGET_STREAM 2000 /* of random numbers: none that the code under test draws */

enum target_kind {
	TARGET_SUDDEN,     /* all is well up to its capacity, nothing above it */
	TARGET_SHEDDING,   /* refuses what is above its capacity */
	TARGET_SLOWING,    /* the more load, the slower */
	TARGET_FAILING,    /* the more load, the more errors */
	TARGET_LEAKING,    /* is killed for memory where more leaks than it collects */
	TARGET_FLAPPING,   /* by turns loses a part of its capacity */
	TARGET_METASTABLE, /* once overloaded, may stay so until the load is far below */
	TARGET_QUEUEING,   /* one worker of exponential service, Poisson arrivals: slower and slower, by moods */
	TARGET_NOISY,      /* its capacity wanders, and it stands still now and then */
	TARGET_KINDS
};

static const char *const target_kind_names[] = {
	"sudden", "shedding", "slowing", "failing", "leaking", "flapping", "metastable", "queueing", "noisy"};

#define WINDOWS_PER_LEVEL 10 /* intervals; a confirmation has three times as many */
#define CONFIRM_LEVELS 3
#define SETTLE_SHARE 0.3

/* Times are in mean service times at capacity, so that all is as true at 50 per second as at 20,000. */
struct target_nature {
	enum target_kind kind;
	double per_level;   /* requests in a level at its capacity */
	double spread;      /* of the logarithm of service times */
	double limit;       /* that P99 must hold, QUEUEING: P95 */
	double steepness;   /* SLOWING, FAILING: how fast it grows with the load */
	double headroom;    /* LEAKING: memory over what it collects in a confirmation */
	double share, loss; /* FLAPPING: of the time, so much of the capacity; METASTABLE: share of the breaks */
	double wander;      /* NOISY: of the capacity's logarithm, between windows */
};

struct target {
	struct target_nature nature;
	double capacity; /* per second */
	uint64_t seed, k;
	/* as it stands; in s: */
	double now, free_at, window_until, spell_until;
	double speed; /* of this window, 1 being its capacity */
	double wandered, leaked;
	bool is_dead, is_stuck, is_in_spell;
	uint32_t kills;
};

/* What became of a request. */
struct target_answer {
	double ended;
	enum { ANSWER_OK, ANSWER_ERROR, ANSWER_TIMEOUT, ANSWER_REFUSED } is;
};

static inline double
target_roll(struct target *t)
{
	return rng_unit_at(t->seed, TARGET_STREAM, t->k++);
}

/* Box and Muller (1958) */
static inline double
target_roll_normal(struct target *t)
{
	double radius = sqrt(-2 * log(target_roll(t)));

	return radius * cos(2 * M_PI * target_roll(t));
}

static inline double
target_window_s(const struct target *t)
{
	return t->nature.per_level / t->capacity / WINDOWS_PER_LEVEL;
}

static inline double
target_limit_s(const struct target *t)
{
	return t->nature.limit / t->capacity;
}

/* Ten times what it may take: long enough that a queue which grows misses P99 first. */
static inline double
target_timeout_s(const struct target *t)
{
	return 10 * target_limit_s(t);
}

/* How fast it is from one window to the next; in one of a hundred it stands still for longer than an answer may take.
 */
static inline void
target_wander(struct target *t)
{
	const struct target_nature *n = &t->nature;

	t->window_until = fmax(t->window_until, t->now) + target_window_s(t);
	t->wandered = 0.5 * t->wandered + sqrt(0.75) * n->wander * target_roll_normal(t);
	t->speed = exp(t->wandered);
	if (target_roll(t) < 0.01)
		t->free_at = fmax(t->free_at, t->now) + 1.5 * target_limit_s(t);
}

/* Good and bad spells, the bad ones a third of a window long on average. */
static inline void
target_flap(struct target *t)
{
	const struct target_nature *n = &t->nature;
	double mean = target_window_s(t) / 3 * (t->is_in_spell ? (1 - n->share) / n->share : 1);

	t->is_in_spell = !t->is_in_spell;
	t->spell_until = t->now - mean * log(target_roll(t));
	t->speed = t->is_in_spell ? 1 - n->loss : 1;
}

#define LEAK_COLLECTED 0.9 /* of what leaks at its capacity, so that it breaks by that and not by its queue */

static inline void
target_pass_time(struct target *t, double now)
{
	const struct target_nature *n = &t->nature;
	double passed = now - t->now;

	t->now = now;
	if (n->kind == TARGET_NOISY && now >= t->window_until)
		target_wander(t);
	if (n->kind == TARGET_FLAPPING && now >= t->spell_until)
		target_flap(t);
	if (n->kind == TARGET_LEAKING) {
		double confirmation = n->per_level * (CONFIRM_LEVELS + SETTLE_SHARE);

		t->leaked = fmax(0, t->leaked - passed * LEAK_COLLECTED * t->capacity) + 1;
		if (t->leaked > n->headroom * LEAK_COLLECTED * confirmation && !t->is_dead) {
			t->is_dead = true;
			t->kills++;
		}
	}
	if (n->kind == TARGET_METASTABLE)
		t->speed = t->is_stuck ? 0.6 : 1;
}

/* One at a time, in order. */
static inline struct target_answer
target_queue(struct target *t)
{
	const struct target_nature *n = &t->nature;
	double timeout = target_timeout_s(t), begins = fmax(t->now, t->free_at);
	bool is_full = n->kind == TARGET_SHEDDING && (begins - t->now) * t->capacity > n->limit / 2;
	double share = n->kind == TARGET_QUEUEING
			       ? -log(target_roll(t))
			       : exp(n->spread * target_roll_normal(t) - n->spread * n->spread / 2) / t->speed;
	double service = share / t->capacity;

	if (is_full)
		return (struct target_answer){t->now, ANSWER_ERROR};
	t->free_at = begins + service;
	if (t->free_at - t->now > timeout)
		return (struct target_answer){t->now + timeout, ANSWER_TIMEOUT};
	return (struct target_answer){t->free_at, ANSWER_OK};
}

/* Of errors, or of time over the least, at its capacity 1. */
static inline double
target_growth(const struct target *t, double rate)
{
	return pow(rate / t->capacity, t->nature.steepness);
}

#define FAILING_SHARE_AT_CAPACITY 0.01
#define NORMAL_P99 2.3263478740408408

/* From one arrival to the next. */
static inline double
target_gap(struct target *t, double rate)
{
	return t->nature.kind == TARGET_QUEUEING ? -log(target_roll(t)) / rate : 1 / rate;
}

/* A request that is due now, at that rate. */
static inline struct target_answer
target_ask(struct target *t, double due, double rate)
{
	const struct target_nature *n = &t->nature;

	target_pass_time(t, due);
	if (t->is_dead)
		return (struct target_answer){due, ANSWER_REFUSED};
	if (n->kind == TARGET_SLOWING) { /* so that P99 is the limit at its capacity */
		double least = target_limit_s(t) / 3 / exp(n->spread * NORMAL_P99);
		double took = least * (1 + 2 * target_growth(t, rate)) * exp(n->spread * target_roll_normal(t));

		return (struct target_answer){due + took, ANSWER_OK};
	}
	if (n->kind == TARGET_FAILING) {
		bool fails = target_roll(t) < fmin(0.9, FAILING_SHARE_AT_CAPACITY * target_growth(t, rate));

		return (struct target_answer){due + 1 / t->capacity, fails ? ANSWER_ERROR : ANSWER_OK};
	}
	return target_queue(t);
}

/* Between two levels, without load: whoever drives it waits until all is well, which of a metastable one it seems. */
static inline void
target_rest(struct target *t, bool has_broken)
{
	const struct target_nature *n = &t->nature;

	t->free_at = t->now;
	t->is_dead = false;
	t->leaked = 0;
	t->is_stuck = n->kind == TARGET_METASTABLE && has_broken && target_roll(t) < n->share;
}

/* Whether a level as long as a confirmation breaks, by the same measure as the judge's: P99 over all of it, and in more
 * than one window and a quarter of them. */
static inline bool
target_breaks_once(const struct target_nature *nature, double rate, uint64_t seed)
{
	struct target t = {.nature = *nature, .capacity = 1, .seed = seed, .speed = 1};
	double window_s = target_window_s(&t) * ceil(100 / (target_window_s(&t) * rate) - 1e-9);
	double settled = SETTLE_SHARE * nature->per_level, end = settled + CONFIRM_LEVELS * nature->per_level;
	uint64_t all = 0, all_slow = 0, ended = 0, slow = 0, windows = 0, bad = 0;
	double until = settled + window_s;

	for (uint64_t i = 0; (double)i / rate < end; i++) {
		double due = (double)i / rate;
		struct target_answer a = target_ask(&t, due, rate);
		bool is_slow = a.is != ANSWER_OK || a.ended - due > target_limit_s(&t);

		if (due < settled)
			continue;
		all++;
		all_slow += is_slow;
		ended++;
		slow += is_slow;
		if (due + 1 / rate < until)
			continue;
		bad += slow * 100 > ended;
		windows++;
		slow = ended = 0;
		until += window_s;
	}
	return all_slow * 100 > all && bad > 1 && bad * 4 > windows;
}

/* The rate at which it truly breaks, as a share of its capacity: at which a level as long as a confirmation is as
 * likely to hold as to break. Of what a queue makes of its noise, by many such levels. */
#define TRUTH_LEVELS 41

static inline double
target_truth(const struct target_nature *n)
{
	double low = 0.4, high = 1.3;

	switch (n->kind) {
	case TARGET_SHEDDING: return 1 / 0.98; /* it achieves less than 98% of what is offered */
	case TARGET_SLOWING:
	case TARGET_FAILING: return 1;
	case TARGET_LEAKING: return LEAK_COLLECTED * (1 + n->headroom);
	case TARGET_QUEUEING:
		return 1 + log(0.05) / n->limit; /* M/M/1: response times are exponential, of rate mu - lambda */
	default: break;
	}
	while (high / low > 1.001) {
		double middle = sqrt(low * high);
		int broke = 0;

		for (uint64_t seed = 0; seed < TRUTH_LEVELS; seed++)
			broke += target_breaks_once(n, middle, 1000 + seed);
		if (broke * 2 > TRUTH_LEVELS)
			high = middle;
		else
			low = middle;
	}
	return sqrt(low * high);
}
