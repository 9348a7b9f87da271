#include "campaign/campaign_parts.h"

#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "load/params.h"

/* A search: each level is said when the one before was judged. Until then the load rests, so that no level starts with
 * what another left behind. */

static const struct search *
goal_of(const struct plan *plan)
{
	return plan->scenarios[0].load.shape.params;
}

void
campaign_search_init(struct campaign *campaign)
{
	struct searching *searching = &campaign->digest.searching;
	const struct plan_load *load = &campaign->plan->scenarios[0].load;

	*searching = (struct searching){.is_on = judge_is_search(campaign->judge), .settling_from_ns = INT64_MAX};
	if (!searching->is_on)
		return;
	searching->limit_at_ns = load->warmup_ns + goal_of(campaign->plan)->limit_ns;
	searching->settling_from_ns = load->warmup_ns; /* at the first level, which the load begins with by itself */
	campaign->search_level = goal_of(campaign->plan)->from;
	campaign->search_measure_ns = goal_of(campaign->plan)->every_ns;
	settle_begin(&searching->settle);
}

static void
say_level(struct campaign *campaign, int64_t settle_ns)
{
	campaign->driver->ops->control(campaign->driver, &(struct control){
								 .kind = CONTROL_LEVEL,
								 .at_ns = -1,
								 .level = campaign->search_level,
								 .settle_ns = settle_ns,
								 .for_ns = campaign->search_measure_ns,
							 });
}

static void
show_step(struct campaign *campaign, const struct search_step *step)
{
	char level[32], line[128];

	if (campaign->live == NULL)
		return;
	units_count_text(step->level, level, sizeof(level));
	snprintf(line, sizeof(line), "search   %s: next %s%s%s", search_state_names[step->state], level,
		campaign->plan->scenarios[0].load.in_users ? " users" : "/s",
		step->is_confirmation ? ", for longer" : "");
	live_view_line(campaign->live, line);
}

static void
take_step(struct campaign *campaign, const struct search_step *step)
{
	struct searching *searching = &campaign->digest.searching;

	if (step->state == SEARCH_DONE) {
		campaign->driver->ops->control(campaign->driver, &(struct control){.kind = CONTROL_DRAIN, .at_ns = -1});
		return;
	}
	show_step(campaign, step);
	campaign->search_level = step->level;
	campaign->search_measure_ns = step->measure_ns;
	searching->settling_from_ns = campaign->driver->ops->now_ns(campaign->driver);
	say_level(campaign, goal_of(campaign->plan)->settle_ns);
}

/* A level that is about to begin anyway is left alone: it would be cut otherwise. */
#define SETTLING_LEFT_LEAST_NS (200 * NS_PER_MS)

static bool
is_settling(const struct campaign *campaign)
{
	int64_t from_ns = campaign->digest.searching.settling_from_ns;
	int64_t now_ns = campaign->driver->ops->now_ns(campaign->driver);

	return from_ns < INT64_MAX && now_ns < from_ns + goal_of(campaign->plan)->settle_ns - SETTLING_LEFT_LEAST_NS;
}

void
campaign_search_steer(struct campaign *campaign, const struct digest_outcome *outcome)
{
	struct searching *searching = &campaign->digest.searching;

	if (campaign->facts.was_interrupted || campaign->facts.abort_when_held)
		return;
	if (outcome->judged_n > 0)
		take_step(campaign, &outcome->search_step);
	else if (outcome->has_settled && is_settling(campaign)) {
		searching->settling_from_ns = INT64_MAX;
		say_level(campaign, 0);
	}
}
