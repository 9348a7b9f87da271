#include "report/energy.h"

#include <math.h>

/* Each level by its own readings; one that ended between two of them as the run on average. */
static double
joules_of(const struct summary *summary, enum gauge watts, double idle_w)
{
	double joules = 0;

	for (size_t i = 0; i < summary->levels_n; i++) {
		const struct level_summary *level = &summary->levels[i];
		double level_w = gauge_avg(&level->target, watts);

		if (level->is_known)
			joules += ((isnan(level_w) ? gauge_avg(&summary->target, watts) : level_w) - idle_w) *
				  level->window_s;
	}
	return joules;
}

static void
add(const struct summary *summary, enum gauge watts, double *average_w, double *idle_w, struct energy *energy)
{
	*average_w = gauge_avg(&summary->target, watts);
	*idle_w = gauge_avg(&summary->target_idle, watts);
	if (isnan(*average_w))
		return;
	double joules = joules_of(summary, watts, isnan(*idle_w) ? 0 : *idle_w);

	energy->joules = isnan(energy->joules) ? joules : energy->joules + joules;
	energy->is_idle_subtracted = energy->is_idle_subtracted && !isnan(*idle_w);
}

bool
energy_of(const struct summary *summary, struct energy *energy)
{
	const struct counts *c = &summary->measured.counts;

	*energy = (struct energy){.is_idle_subtracted = true, .joules = NAN, .per_request_j = NAN, .per_token_j = NAN};
	struct energy told = *energy, read = *energy;

	add(summary, GAUGE_POWER, &read.cpu_w, &read.cpu_idle_w, &read);
	add(summary, GAUGE_GPU_POWER, &read.gpu_w, &read.gpu_idle_w, &read);
	add(summary, GAUGE_POWER_TOLD, &told.told_w, &told.told_idle_w, &told);
	*energy = read;
	energy->told_w = told.told_w;
	energy->told_idle_w = told.told_idle_w;
	if (!isnan(told.joules)) {
		energy->joules = told.joules;
		energy->is_idle_subtracted = told.is_idle_subtracted;
	}
	if (c->ok > 0)
		energy->per_request_j = energy->joules / (double)c->ok;
	if (c->completion_tokens > 0)
		energy->per_token_j = energy->joules / (double)c->completion_tokens;
	return !isnan(energy->joules);
}
