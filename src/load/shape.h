#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/keys.h"

/* One plateau of a load; the offered level is the mean over it. */
struct level_span {
	int64_t start_ns, end_ns; /* since the phase began */
	double offered;           /* per second, or users */
};

/* A shape says how much load is wanted at a moment: requests per second in an open loop, users in a closed one.
 * It is pure arithmetic over time since the phase began; who sends, and when exactly, is the schedule's business. */
struct shape_ops {
	struct plan_choice choice; /* name (its key under `load:`), help, keys, params_size, check */
	/* Its levels are what the load is about: each is held against what is asked for by itself, and one that breaks
	 * ends it. A load of plateaus that is not (stages) is judged as a whole. */
	bool is_stepped;
	bool is_timed; /* its arrivals are given moments (burst, trace): spacing does not apply to them */

	int64_t (*duration_ns)(const void *params); /* INT64_MAX: ends by its count alone */
	double (*level_at)(const void *params, int64_t t_ns);

	/* Its highest level; of a shape whose arrivals are given moments the most of them that fall into one second.
	 * What is held against a ceiling: it may be too high by a little, never too low. */
	double (*level_peak)(const void *params);

	/* Arrivals in [0, t_ns): the integral of level_at in closed form, so that the k-th arrival is found without
	 * stepping through time and no rounding error builds up over a long run. */
	double (*arrivals_until)(const void *params, int64_t t_ns);

	/* Its inverse, when the k-th arrival is due, to the nearest ns: closed form where one exists, else a
	 * safeguarded Newton step. A k that the shape never reaches is due at its duration, so never before its end.
	 * The conformance suite checks arrivals_until(when_ns(k)) = k for every row. */
	int64_t (*when_ns)(const void *params, double k);

	/* Its plateaus, judged one by one; NULL: the whole of it is one level. span(i) for i < count. */
	size_t (*levels_count)(const void *params);
	struct level_span (*level_span)(const void *params, size_t i);

	/* The shape is steered: what comes after its first levels is said while it runs, up to this level. Until then
	 * it rests, and it ends when that is said, or after its duration. NULL: it is all there from the start. */
	double (*level_most)(const void *params);

	/* Requests that its arrivals name, as the lines of a trace may; 0 or NULL: each is chosen by weight. name_of
	 * says which of them the k-th one is; SIZE_MAX: none. */
	size_t (*names_count)(const void *params);
	const char *(*name_at)(const void *params, size_t i);
	size_t (*name_of)(const void *params, uint64_t k);

	/* Most arrivals it may make (`count:`, `iterations:`); NULL or 0: no limit but its duration. */
	uint64_t (*count_limit)(const void *params);
};

extern const struct shape_ops *const shapes[];          /* from shapes.def, ended by NULL */
extern const struct plan_choice *const shape_choices[]; /* the same as plan/ wants them */

const struct shape_ops *shape_of(const struct plan_chosen *chosen);
