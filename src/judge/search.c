#include "judge/search.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "judge/search_belief.h"

/* What a level may do that says nothing before no other is tried in its place. */
#define VOIDS_MOST 2
/* The interval is narrow enough that is at most so many times as wide as the bracket that was wanted … */
#define WIDTHS_MOST 2.0
/* … and no more is done for it after so many times the levels that a steady target needs. */
#define LEVELS_SHARE_MOST 1.5
/* Where the profile names no lowest level, this share of the first is. */
#define LOWEST_SHARE 0.01
/* One result may mislead; the same one twice at either end of the bracket is believed. */
#define TESTS_OF_AN_END 2
#define DOUBTED 0.05 /* of a level: then what it came to may not be all that is to be known */

const char *const search_state_names[] = {"climb", "descend", "narrow", "repeat", "confirm", "done"};

/* What the trials come to. */
struct findings {
	const struct search *goal;
	bool in_users;
	struct search_evidence *evidence; /* as many as said something */
	size_t n;
	uint32_t said, voids;
	double lowest, highest; /* tried; NAN: none */
	double ceiling;         /* at which the generator failed too often; INFINITY: none */
	bool is_long;           /* a confirmation broke */
	bool is_contradicted;   /* a level held at or above one that broke */
	bool has_belief;        /* it was needed, and found */
	struct search_belief belief;
	double held, broke; /* the bracket; NAN: none */
};

static double
whole(const struct findings *f, double level)
{
	return f->in_users ? fmax(1, round(level)) : level;
}

/* To figures that a person would write: three, or as many more as the width that is wanted needs, so that between two
 * levels that are not close enough there always is another. */
static double
written(const struct findings *f, double level)
{
	int digits = 3, places;

	if (f->in_users)
		return whole(f, level);
	while (pow(10, 1 - digits) > f->goal->width / 4)
		digits++;
	places = digits - 1 - (int)floor(log10(level));
	/* One division by a power of ten that is exact: 28.3, and no neighbour of it. */
	return places > 0 ? round(level * pow(10, places)) / pow(10, places)
			  : round(level / pow(10, -places)) * pow(10, -places);
}

static double
lowest_allowed(const struct findings *f)
{
	return whole(f, f->goal->min > 0 ? f->goal->min : f->goal->from * LOWEST_SHARE);
}

static double
allowed(const struct findings *f, double level)
{
	return fmax(lowest_allowed(f), fmin(whole(f, f->goal->max), whole(f, level)));
}

/* The lowest level that broke for as long as a confirmation takes: INFINITY: none. */
static double
lowest_broken_long(const struct search_trial *trials, size_t n)
{
	double lowest = INFINITY;

	for (size_t i = 0; i < n; i++)
		if (trials[i].is_confirmation && trials[i].outcome == SEARCH_BROKE)
			lowest = fmin(lowest, trials[i].level);
	return lowest;
}

/* The lowest level that was void as often as is tried. */
static double
find_ceiling(const struct search_trial *trials, size_t n)
{
	double ceiling = INFINITY;

	for (size_t i = 0; i < n; i++) {
		int voids = 0;

		for (size_t j = 0; j < n; j++)
			voids += trials[j].outcome == SEARCH_VOID && trials[j].level == trials[i].level;
		if (voids >= VOIDS_MOST)
			ceiling = fmin(ceiling, trials[i].level);
	}
	return ceiling;
}

/* What held where a longer test broke was tested for too short a time to tell. */
static void
gather(struct findings *f, const struct search_trial *trials, size_t n)
{
	double too_short_from = lowest_broken_long(trials, n);

	f->is_long = !isinf(too_short_from);
	f->ceiling = find_ceiling(trials, n);
	f->lowest = f->highest = NAN;
	f->evidence = must_calloc(n + 1, sizeof(*f->evidence));
	for (size_t i = 0; i < n; i++) {
		const struct search_trial *t = &trials[i];

		f->voids += t->outcome == SEARCH_VOID;
		if (t->outcome == SEARCH_VOID)
			continue;
		f->said++;
		f->lowest = fmin(f->lowest, t->level);
		f->highest = fmax(f->highest, t->level);
		f->evidence[f->n++] = (struct search_evidence){.level = t->level,
			.broke = t->outcome == SEARCH_BROKE,
			.doubt = t->doubt,
			.is_long = t->is_confirmation,
			.is_doubtful = t->outcome == SEARCH_HELD && !t->is_confirmation && t->level >= too_short_from};
	}
}

/* Trials of a level by outcome, of any length or long ones alone. */
static size_t
tests_of(const struct findings *f, double level, bool broke, bool is_long)
{
	size_t tests = 0;

	for (size_t i = 0; i < f->n; i++)
		tests += f->evidence[i].level == level && f->evidence[i].broke == broke &&
			 !f->evidence[i].is_doubtful && (f->evidence[i].is_long || !is_long);
	return tests;
}

/* Without contradiction: the highest that held and the lowest that broke. */
static void
find_plain_bracket(struct findings *f)
{
	f->held = f->broke = NAN;
	for (size_t i = 0; i < f->n; i++) {
		const struct search_evidence *e = &f->evidence[i];

		if (e->broke)
			f->broke = fmin(f->broke, e->level);
		else if (!e->is_doubtful)
			f->held = fmax(f->held, e->level);
	}
	f->is_contradicted = f->held >= f->broke;
}

/* Else the levels next to where it breaks most likely that held, or broke, at least as often as not. */
static void
find_likely_bracket(struct findings *f)
{
	f->held = f->broke = NAN;
	for (size_t i = 0; i < f->n; i++) {
		double level = f->evidence[i].level;
		size_t held = tests_of(f, level, false, false), broke = tests_of(f, level, true, false);

		if (level < f->belief.median && held > 0 && held >= broke)
			f->held = fmax(f->held, level);
		if (level >= f->belief.median && broke > 0 && broke >= held)
			f->broke = fmin(f->broke, level);
	}
}

static void
believe(struct findings *f)
{
	if (f->has_belief || f->n == 0)
		return;
	/* Far enough that the next step of a climb is within it. */
	f->belief = search_believe(f->evidence, f->n, f->goal->factor * f->goal->factor);
	f->has_belief = true;
}

static bool
is_narrow(const struct findings *f)
{
	return f->broke / f->held - 1 <= f->goal->width || (f->in_users && f->broke - f->held <= 1);
}

static bool
is_in_doubt(const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->evidence[i].doubt > DOUBTED)
			return true;
	return false;
}

static void
findings_init(struct findings *f, const struct search *goal, bool in_users, const struct search_trial *trials, size_t n)
{
	*f = (struct findings){.goal = goal, .in_users = in_users};
	gather(f, trials, n);
	find_plain_bracket(f);
	if (f->is_contradicted) {
		believe(f);
		find_likely_bracket(f);
	} else if (is_in_doubt(f) && !isnan(f->held) && !isnan(f->broke) && is_narrow(f))
		believe(f);
}

static void
findings_fini(struct findings *f)
{
	free(f->evidence);
}

/* The levels that a target which breaks at `at`, without noise, would need. */
static double
levels_needed(const struct search *goal, double at)
{
	double steps = ceil(fabs(log(at / goal->from)) / log(goal->factor)) + 1;
	double halvings = ceil(log2(fmax(1, log(goal->factor) / log1p(goal->width))));

	return steps + halvings + 2 * (TESTS_OF_AN_END - 1) + (goal->confirm_ns > 0);
}

/* The bound of every search: of a steady target's it is never reached. */
static bool
may_go_on(const struct findings *f, uint32_t more)
{
	double at = f->has_belief ? f->belief.median : !isnan(f->broke) ? f->broke : f->held;

	return f->said + more <= LEVELS_SHARE_MOST * levels_needed(f->goal, at);
}

size_t
search_trials_most(const struct search *goal, bool in_users)
{
	const struct findings f = {.goal = goal, .in_users = in_users};
	double lowest = lowest_allowed(&f) / (goal->factor * goal->factor);
	double highest = goal->max * goal->factor * goal->factor;
	double said = LEVELS_SHARE_MOST * fmax(levels_needed(goal, lowest), levels_needed(goal, highest)) + 1;

	return (size_t)ceil(said) * VOIDS_MOST;
}

static struct search_step
step_to(const struct findings *f, enum search_state state, double level)
{
	bool is_long = f->is_long || state == SEARCH_CONFIRM;

	return (struct search_step){.state = state,
		.level = level,
		.measure_ns = is_long ? f->goal->confirm_ns : f->goal->every_ns,
		.is_confirmation = is_long};
}

static struct search_step
step_done(enum search_end end)
{
	return (struct search_step){.state = SEARCH_DONE, .level = NAN, .end = end};
}

/* Nothing is left to find out but whether what held does so for longer. */
static struct search_step
confirm(const struct findings *f, enum search_end end)
{
	bool is_wanted = f->goal->confirm_ns > 0 && !isnan(f->held) && tests_of(f, f->held, false, true) == 0;

	return is_wanted ? step_to(f, SEARCH_CONFIRM, f->held) : step_done(end);
}

static struct search_step
climb(const struct findings *f)
{
	double next = fmax(f->highest * f->goal->factor, f->highest + f->in_users);

	if (f->highest >= whole(f, f->goal->max))
		return confirm(f, SEARCH_END_MAX);
	return step_to(f, SEARCH_CLIMB, allowed(f, written(f, next)));
}

static struct search_step
descend(const struct findings *f)
{
	double next = fmin(f->lowest / f->goal->factor, f->lowest - f->in_users);

	if (f->lowest > lowest_allowed(f))
		return step_to(f, SEARCH_DESCEND, allowed(f, written(f, next)));
	if (tests_of(f, f->lowest, true, false) < TESTS_OF_AN_END && !f->is_long)
		return step_to(f, SEARCH_REPEAT, f->lowest);
	return step_done(SEARCH_END_MIN);
}

static bool
is_sure(const struct findings *f)
{
	return f->belief.high / f->belief.low - 1 <= WIDTHS_MOST * f->goal->width ||
	       f->belief.low >= whole(f, f->goal->max) || f->belief.high <= lowest_allowed(f);
}

/* Where it is as likely to hold as to break, nothing says more than to try. */
static struct search_step
try_median(const struct findings *f)
{
	double level = allowed(f, written(f, f->belief.median));

	if (level > f->highest)
		return step_to(f, SEARCH_CLIMB, allowed(f, fmin(level, written(f, f->highest * f->goal->factor))));
	if (level < f->lowest)
		return step_to(f, SEARCH_DESCEND, allowed(f, fmax(level, written(f, f->lowest / f->goal->factor))));
	return step_to(f, SEARCH_NARROW, level);
}

static struct search_step
try_ends_again(const struct findings *f)
{
	double ends[] = {f->held, f->broke};

	for (int broke = 0; broke < 2; broke++)
		if (tests_of(f, ends[broke], broke, false) < TESTS_OF_AN_END)
			return step_to(f, SEARCH_REPEAT, ends[broke]);
	return step_done(SEARCH_END_NONE);
}

/* Levels that leave in doubt what they came to leave the break where the next one was certain, which may be far beyond
 * the ends: half way there, on the side where it is farther. */
static struct search_step
try_beyond(const struct findings *f)
{
	if (!f->has_belief)
		return step_done(SEARCH_END_NONE);
	double above = f->belief.high / f->broke, below = f->held / f->belief.low;
	double level = above >= below ? sqrt(f->broke * f->belief.high) : sqrt(f->held * f->belief.low);

	if (is_sure(f) || fmax(above, below) <= 1 + f->goal->width || !may_go_on(f, 1 + (f->goal->confirm_ns > 0)))
		return step_done(SEARCH_END_NONE);
	return step_to(f, SEARCH_NARROW, allowed(f, written(f, level)));
}

static struct search_step
next_wanted(const struct findings *f)
{
	if (f->said == 0)
		return step_to(f, SEARCH_CLIMB, allowed(f, f->goal->from));
	if (!may_go_on(f, 1))
		return step_done(SEARCH_END_UNSTEADY);
	if (f->is_contradicted && !is_sure(f) && may_go_on(f, 1 + (f->goal->confirm_ns > 0)))
		return try_median(f);
	if (isnan(f->broke))
		return climb(f);
	if (isnan(f->held))
		return descend(f);
	if (!f->is_contradicted && !is_narrow(f))
		return step_to(f, SEARCH_NARROW, allowed(f, written(f, sqrt(f->held * f->broke))));
	if (!f->is_contradicted && !f->is_long) {
		struct search_step again = try_ends_again(f);

		if (again.state == SEARCH_DONE)
			again = try_beyond(f);
		if (again.state != SEARCH_DONE)
			return again;
	}
	return confirm(f, is_narrow(f) && (!f->is_contradicted || is_sure(f)) ? SEARCH_END_FOUND : SEARCH_END_UNSTEADY);
}

struct search_step
search_next(const struct search *goal, bool in_users, const struct search_trial *trials, size_t n, int64_t left_ns)
{
	struct findings f;

	if (n > 0 && trials[n - 1].is_gone)
		return step_done(SEARCH_END_GONE);
	findings_init(&f, goal, in_users, trials, n);
	struct search_step step = next_wanted(&f);

	/* A void changes nothing that is known, so that the same step comes again. */
	if (step.level >= f.ceiling)
		step = confirm(&f, SEARCH_END_GENERATOR);
	if (step.level >= f.ceiling)
		step = step_done(SEARCH_END_GENERATOR);
	if (step.state != SEARCH_DONE && left_ns - goal->settle_ns < step.measure_ns)
		step = step_done(SEARCH_END_LIMIT);
	findings_fini(&f);
	return step;
}

struct search_answer
search_answer(const struct search *goal, bool in_users, const struct search_trial *trials, size_t n)
{
	struct findings f;

	findings_init(&f, goal, in_users, trials, n);
	believe(&f);
	struct search_answer answer = {.held = f.held,
		.broke = f.broke,
		.interval = {f.held, f.broke},
		.median = NAN,
		.is_at_least = isnan(f.broke) && !isnan(f.held),
		.is_at_most = isnan(f.held) && !isnan(f.broke),
		.is_confirmed = !isnan(f.held) && tests_of(&f, f.held, false, true) > 0,
		.levels = f.said,
		.voids = f.voids};

	if (!isnan(f.held) && !isnan(f.broke)) {
		answer.interval[0] = in_users ? floor(f.belief.low) : f.belief.low;
		answer.interval[1] = in_users ? ceil(f.belief.high) : f.belief.high;
		answer.median = f.belief.median;
	}
	findings_fini(&f);
	return answer;
}
