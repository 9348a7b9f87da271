#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "campaign/reach.h"
#include "cluster/agent_parts.h"
#include "fleet/merger.h"
#include "measure/events.h"
#include "plan/untrusted.h"

/* What an agent lets itself be asked for, whoever leads: by what its own operator allowed, of a profile that came over
 * NATS and so may run, read and write nothing. */

/* A load that ends in time says so a moment later. */
#define END_TOLD_NS (1 * NS_PER_S)

static uint64_t
times(uint64_t ceiling, uint32_t shards)
{
	uint64_t product;

	return __builtin_mul_overflow(ceiling, shards, &product) ? UINT64_MAX : product;
}

/* The ceilings are of this machine, and it does one of so many equal shares. */
static struct ceilings
ceilings_of_run(const struct ceilings *own, uint32_t shards)
{
	return (struct ceilings){
		.rate_per_s = own->rate_per_s * shards,
		.users = times(own->users, shards),
		.connections = times(own->connections, shards),
		.duration_ns = own->duration_ns,
	};
}

static bool
check_settings(const struct ask *ask, struct plan_setting *settings, struct error *err)
{
	for (size_t i = 0; i < ask->settings_n; i++) {
		settings[i] =
			(struct plan_setting){.path = ask->settings[i], .value = strchr(ask->settings[i], '=') + 1};
		if (!untrusted_check_setting(&settings[i], err))
			return false;
	}
	return true;
}

bool
duty_check(const struct agent *agent, struct duty *duty, const char *text, size_t length, struct error *err)
{
	const struct agent_options *options = agent->options;
	const struct ask *ask = &duty->ask;
	struct plan_setting settings[SHARD_SETTINGS_MAX];

	if (!untrusted_check_text(text, length, "profile", err) || !check_settings(ask, settings, err))
		return false;
	duty->experiment =
		experiment_load_text(text, length, "profile", settings, ask->settings_n, options->tables, err);
	if (duty->experiment == NULL)
		return false;
	if (duty->experiment->kind != EXPERIMENT_ONE_RUN)
		return error_set(err, "arms and matrices are not run by agents");
	duty->plan = duty->experiment->arms[0].plan;
	if (strcmp(duty->plan->hash, ask->hash) != 0)
		return error_set(
			err, "the profile's hash is %s here, and %s for who leads", duty->plan->hash, ask->hash);
	duty->ceilings = ceilings_of_run(&options->ceilings, ask->shards);
	if (!reach_check(options->allow, duty->experiment, err) ||
		!ceiling_check(&duty->ceilings, duty->experiment, err))
		return false;
	duty->watch = (struct ceiling_watch){.ceilings = &options->ceilings};
	if (options->ceilings.rate_per_s > 0)
		duty->interval = interval_new((uint32_t)duty->plan->requests_n, MERGER_LEVELS_MAX);
	return true;
}

bool
duty_admits_control(const struct duty *duty, const struct control *control, struct error *err)
{
	bool in_users = duty->plan->scenarios[0].load.in_users;
	double most = in_users ? (double)duty->ceilings.users : duty->ceilings.rate_per_s;

	return control->kind != CONTROL_LEVEL || most == 0 || control->level <= most * (1 + 1e-9) ||
	       error_set(err, "a level of %g%s for all is more than the agent's ceilings", control->level,
		       in_users ? " users" : "/s");
}

static bool
is_event(const char *line, size_t length, const char *kind)
{
	char start[32];
	size_t n = (size_t)snprintf(start, sizeof(start), "{\"event\":\"%s\"", kind);

	return length > n && memcmp(line, start, n) == 0;
}

bool
duty_admits_line(struct duty *duty, const char *line, size_t length, struct error *err)
{
	struct event event;
	struct error bad = {0};
	uint64_t sent = 0;

	if (is_event(line, length, "phase") && event_decode(line, length, duty->plan, &event, NULL, &bad) &&
		strcmp(event.text, run_phase_names[RUN_DRAIN]) == 0)
		duty->is_load_over = true;
	if (duty->interval == NULL || !is_event(line, length, "interval"))
		return true;
	interval_reset(duty->interval);
	if (!event_decode(line, length, duty->plan, &event, duty->interval, &bad))
		return true; /* the leader says that it makes no sense */
	for (uint32_t i = 0; i < duty->interval->levels_n; i++)
		if (duty->interval->levels[i].is_used)
			sent += duty->interval->levels[i].all.counts.sent;
	return !ceiling_watch(&duty->watch, sent, duty->interval->end_ns - duty->interval->start_ns, err);
}

bool
duty_admits_time(const struct duty *duty, const struct ceilings *own, int64_t now_ns, struct error *err)
{
	char most[32];

	if (own->duration_ns == 0 || duty->load_at_ns < 0 || duty->is_load_over ||
		now_ns - duty->load_at_ns <= own->duration_ns + END_TOLD_NS)
		return true;
	return error_set(err, "its load goes on beyond the operator's ceiling of %s",
		units_time_text(own->duration_ns, most, sizeof(most)));
}
