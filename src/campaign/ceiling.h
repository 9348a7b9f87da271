#pragma once

#include "base/error.h"
#include "plan/experiment.h"
#include "plan/suite.h"

/* The operator's ceilings on what any profile may ask for, whoever submits it. 0: none. */
struct ceilings {
	double rate_per_s;    /* requests due in a second, all scenarios together */
	uint64_t users;       /* of closed loops, all scenarios together */
	uint64_t connections; /* target.connections */
	int64_t duration_ns;  /* of the load: all that the profile asks for, one run after the other */
};

/* What a profile asks for at the most. A flow's arrival counts as one request for each of its steps. */
struct ceiling_wants {
	double rate_per_s;
	uint64_t users, connections;
	int64_t duration_ns; /* idle baselines, warm-ups, repeats, arms and a suite's rows included; INT64_MAX: users
				with a count alone end when the server lets them. What cannot be known (recovering after
				a break, hooks) is not in it */
};

void ceiling_measure(const struct plan_experiment *experiment, struct ceiling_wants *wants);
void ceiling_measure_suite(const struct plan_suite *suite, struct ceiling_wants *wants);

/* False with err set, placed at the line of the profile: "load.steps: 8000/s at its highest is more than the operator's
 * ceiling of 5000/s". */
bool ceiling_check(const struct ceilings *ceilings, const struct plan_experiment *experiment, struct error *err);
bool ceiling_check_suite(const struct ceilings *ceilings, const struct plan_suite *suite, struct error *err);

/* What a load really does: users who are answered quickly, and flows that repeat their steps, send more than a plan can
 * say. Fed with each interval of a run; true, once, when it has been above a ceiling for CEILING_PATIENCE_NS: it is to
 * be stopped, and err says why. */
#define CEILING_PATIENCE_NS (INT64_C(3) * 1000000000)

struct ceiling_watch {
	const struct ceilings *ceilings;
	int64_t above_ns; /* how long it has been, without a break */
	bool is_over;
};

bool ceiling_watch(struct ceiling_watch *watch, uint64_t sent, int64_t interval_ns, struct error *err);
