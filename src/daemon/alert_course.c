#include "daemon/alert_course.h"

#include "base/check.h"

const char *const alert_state_names[ALERT_STATES_N] = {"inactive", "pending", "firing", "resolved"};

/* Until when an alert that fires again says nothing. */
static bool
is_cooling_down(const struct alert_course *course, const struct alert_terms *terms, int64_t now_ns)
{
	return course->ended_ns > 0 && now_ns - course->ended_ns < terms->cooldown_ns;
}

static enum alert_news
fire(struct alert_course *course, const struct alert_terms *terms, int64_t now_ns)
{
	course->is_quiet = is_cooling_down(course, terms, now_ns);
	course->state = ALERT_FIRING;
	course->fired_ns = now_ns;
	return course->is_quiet ? ALERT_FIRED_QUIETLY : ALERT_FIRED;
}

static enum alert_news
holds(struct alert_course *course, const struct alert_terms *terms, int64_t from_ns, int64_t now_ns)
{
	if (course->state == ALERT_FIRING) {
		if (!course->is_quiet || is_cooling_down(course, terms, now_ns))
			return ALERT_NO_NEWS;
		course->is_quiet = false; /* it was no flutter */
		return ALERT_FIRED;
	}
	if (course->state != ALERT_PENDING) {
		course->state = ALERT_PENDING;
		course->since_ns = from_ns;
	}
	return now_ns - course->since_ns >= terms->for_ns ? fire(course, terms, now_ns) : ALERT_NO_NEWS;
}

static enum alert_news
resolve(struct alert_course *course, int64_t now_ns)
{
	bool was_quiet = course->is_quiet;

	course->state = ALERT_RESOLVED;
	course->is_quiet = false;
	/* What nobody was told of does not keep others quiet for longer. */
	course->ended_ns = was_quiet ? course->ended_ns : now_ns;
	return was_quiet ? ALERT_RECOVERED_QUIETLY : ALERT_RECOVERED;
}

enum alert_news
alert_course_step(struct alert_course *course, const struct alert_terms *terms, enum alert_seen seen, int64_t from_ns,
	int64_t now_ns)
{
	CHECK_OP(from_ns, <=, now_ns);
	if (seen == ALERT_HOLDS)
		return holds(course, terms, from_ns, now_ns);
	if (course->state == ALERT_PENDING)
		course->state = ALERT_INACTIVE;
	if (course->state == ALERT_FIRING && seen != ALERT_UNKNOWN)
		return resolve(course, now_ns);
	return ALERT_NO_NEWS;
}
