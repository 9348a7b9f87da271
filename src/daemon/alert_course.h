#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How an alert goes: inactive → pending (its condition holds) → firing (it has for long enough) → resolved. A pure
 * function of what was seen and when; nobody is told anything here.
 *
 * What is not known ends what is pending and leaves what fires as it is: not knowing is no recovery. An alert that
 * fires again within `cooldown` of the end that was told last does so quietly; if it still fires when that is over, it
 * is told then. */
enum alert_state { ALERT_INACTIVE, ALERT_PENDING, ALERT_FIRING, ALERT_RESOLVED, ALERT_STATES_N };
extern const char *const alert_state_names[ALERT_STATES_N]; /* "inactive", … */

enum alert_seen {
	ALERT_HOLDS,
	ALERT_HOLDS_NOT,
	ALERT_UNKNOWN,
	ALERT_OVER, /* nobody looks any more: the run has ended, the rule is gone */
};

enum alert_news {
	ALERT_NO_NEWS,
	ALERT_FIRED,
	ALERT_RECOVERED,
	ALERT_FIRED_QUIETLY,     /* nobody is to be told of it … */
	ALERT_RECOVERED_QUIETLY, /* … nor of this */
};

struct alert_terms {
	int64_t for_ns, cooldown_ns;
};

/* Zeroed to begin with. */
struct alert_course {
	enum alert_state state;
	int64_t since_ns; /* unless inactive: its condition has held, or held, from here on */
	int64_t fired_ns; /* the last time; 0: never */
	int64_t ended_ns; /* the last time of which anybody was told; 0: never */
	bool is_quiet;
};

/* from_ns: since when what is seen was so (an interval's start); now_ns: until when. Wall time. */
enum alert_news alert_course_step(struct alert_course *course, const struct alert_terms *terms, enum alert_seen seen,
	int64_t from_ns, int64_t now_ns);
