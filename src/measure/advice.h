#pragma once

#include "plan/plan.h"

/* What a verdict says beside pass and fail, as data: a grade, what is advised, and which alerts fired. */

/* By the share of the goals that were met: at least 90%, 80%, 60%, or less. */
enum grade { GRADE_NONE, GRADE_POOR, GRADE_ACCEPTABLE, GRADE_GOOD, GRADE_EXCELLENT, GRADE_COUNT };
extern const char *const grade_names[GRADE_COUNT]; /* "none", "poor", … */

/* NONE: no goal could be judged, or the run says too little for one. */
struct scorecard {
	enum grade grade;
	size_t met, judged; /* goals; those that are n/a are in neither */
};

#define ADVICE_TEXT_MAX 240
#define ADVICE_MAX 32

struct advice {
	const char *name;               /* of its rule in judge/recommendations.def; "profile": of the profile's own */
	const char *text;               /* what to do */
	char evidence[ADVICE_TEXT_MAX]; /* the figures that made it hold */
};

/* An alert of the profile: held for so long, at least once. */
struct alert_record {
	const struct plan_alert *alert;
	uint32_t fired;            /* how often */
	int64_t first_ns, last_ns; /* since T0: since when it had held the first time; until when the last. −1: never */
	int64_t held_ns;           /* for how long altogether, of the times that it fired */
	double worst;              /* the value farthest beyond its bound; NAN: never fired */
};
