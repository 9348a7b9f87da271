#include "engine/pump_parts.h"

#include "base/units.h"

/* What others ask the pump: when it wants to be turned next, and how much is going on. */

/* How often a load in users that changes evenly looks at how many are wanted. */
#define PUMP_USERS_STEP_NS (10 * NS_PER_MS)

static int64_t
first_deadline_ns(const struct list *by_deadline)
{
	const struct flight *flight = list_first(by_deadline, struct flight, by_deadline);

	return flight == NULL ? INT64_MAX : flight->deadline_ns;
}

static int64_t
lane_next_ns(const struct lane *lane, int64_t now_ns, int64_t offset_ns)
{
	int64_t next_ns = first_deadline_ns(&lane->by_deadline);

	if (lane->next_due_ns < INT64_MAX)
		next_ns = earlier(next_ns, lane->next_due_ns + offset_ns);
	if (lane->scenario->load.in_users && !lane_is_over(lane, now_ns - offset_ns))
		next_ns = earlier(next_ns, lane->freed_n > 0 ? now_ns : now_ns + PUMP_USERS_STEP_NS);
	return next_ns;
}

int64_t
pump_next_ns(const struct pump *pump, int64_t now_ns)
{
	int64_t next_ns = timeline_next_boundary_ns(&pump->timeline, now_ns);
	const struct flight *answer = list_first(&pump->answers, struct flight, waiting);

	next_ns = earlier(next_ns, earlier(pump->next_step_ns, first_deadline_ns(&pump->steps_by_deadline)));
	if (pump->has_pool)
		next_ns = earlier(next_ns, backends_next_deadline_ns(&pump->backends));
	else if (answer != NULL)
		next_ns = earlier(next_ns, answer->x.sent_ns + pump->plan->target.null_service_ns);
	for (size_t i = 0; i < pump->lanes_n; i++)
		next_ns = earlier(next_ns, lane_next_ns(&pump->lanes[i], now_ns, pump->timeline.offset_ns));
	return next_ns;
}

bool
pump_can_doze(const struct pump *pump)
{
	if (!pump->has_pool || pump->in_flight == 0 || !backends_can_be_read_later(&pump->backends))
		return false;
	for (size_t i = 0; i < pump->lanes_n; i++)
		if (pump->lanes[i].scenario->load.in_users || pump->lanes[i].sessions != NULL ||
			pump->lanes[i].backlog.n > 0)
			return false;
	return true;
}

bool
pump_has_arrivals(const struct pump *pump, int64_t now_ns)
{
	int64_t t_ns = now_ns - pump->timeline.offset_ns;

	for (size_t i = 0; i < pump->lanes_n; i++)
		if (!lane_is_over(&pump->lanes[i], t_ns) || pump->lanes[i].backlog.n > 0 ||
			lane_has_sessions(&pump->lanes[i], t_ns))
			return true;
	return timeline_next_boundary_ns(&pump->timeline, now_ns) < INT64_MAX;
}

uint64_t
pump_backlog(const struct pump *pump)
{
	uint64_t n = 0;

	for (size_t i = 0; i < pump->lanes_n; i++)
		n += pump->lanes[i].backlog.n;
	return n;
}

uint32_t
pump_users(const struct pump *pump, int64_t now_ns)
{
	uint32_t n = 0;

	for (size_t i = 0; i < pump->lanes_n; i++)
		if (pump->lanes[i].scenario->load.in_users)
			n += lane_users_at(&pump->lanes[i], now_ns - pump->timeline.offset_ns);
	return n;
}

double
pump_offered(const struct pump *pump, int64_t now_ns)
{
	int64_t t_ns = now_ns - pump->timeline.offset_ns;
	double offered = 0;

	for (size_t i = 0; i < pump->lanes_n; i++)
		if (t_ns >= 0 && t_ns < schedule_end_ns(&pump->lanes[i].schedule) && !pump->lanes[i].is_stopped)
			offered += schedule_level_at(&pump->lanes[i].schedule, t_ns);
	return offered * plan_share(pump->plan);
}
