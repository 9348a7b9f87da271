#include "campaign/campaign_parts.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "sampler/energy.h"

/* Before the load begins nothing digests, so the summary is the loop's. */
void
campaign_add_target_reading(struct campaign *campaign, const struct reading *reading)
{
	struct reading told = *reading;

	told.values[GAUGE_POWER_TOLD] = campaign->energy_sampler != NULL ? campaign->told_w : NAN;
	if (campaign->driver->ops->now_ns(campaign->driver) < 0)
		gauge_set_add(&campaign->summary->target_idle, &told);
	campaign->driver->ops->add_reading(campaign->driver, false, &told);
}

/* A command that never says anything is told once, and in the end. */
static void
note_why(struct campaign *campaign, const char *why)
{
	char *why_not = campaign->chronicle.energy_why_not;

	campaign->has_told = campaign->has_told || why[0] == '\0';
	if (!campaign->has_told && why_not[0] == '\0')
		log_warn("target.energy: not available: %s", why);
	snprintf(why_not, CHRONICLE_TEXT_MAX, "%.*s", CHRONICLE_TEXT_MAX - 1, campaign->has_told ? "" : why);
}

static void
on_energy(void *context, const struct sampling *sampling, const struct reading *reading)
{
	struct campaign *campaign = context;

	campaign->told_w = reading->values[GAUGE_POWER_TOLD];
	note_why(campaign, energy_why_not(sampling->sampler));
	if (campaign->target_sampler == NULL)
		campaign_add_target_reading(campaign, reading);
}

void
campaign_energy_start(struct campaign *campaign)
{
	const struct plan_energy *energy = &campaign->plan->target.energy;
	struct error err = {0};

	if (energy->command == NULL)
		return;
	campaign->told_w = NAN;
	campaign->energy_sampler = energy_sampler.open(&(struct sampler_config){.energy = energy}, &err);
	sampling_start(&campaign->energy_sampling, &campaign->loop, campaign->energy_sampler, energy->every_ns,
		on_energy, campaign);
}

void
campaign_energy_stop(struct campaign *campaign)
{
	if (campaign->energy_sampler == NULL)
		return;
	sampling_stop(&campaign->energy_sampling);
	while (!campaign->energy_sampling.is_closed)
		uv_run(&campaign->loop, UV_RUN_ONCE);
	energy_sampler.close(campaign->energy_sampler);
	campaign->energy_sampler = NULL;
}
