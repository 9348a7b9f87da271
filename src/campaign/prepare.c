#include "campaign/campaign_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/listener.h"
#include "net/gate.h"
#include "sampler/sampler.h"

/* The load would be answered by somebody else, and the exit status be that of a command that nobody asked. */
static int
campaign_refuse_occupied(struct campaign *campaign)
{
	struct error err = {0};
	char address[160];

	error_set(&err,
		"target.command: somebody accepts connections at %s (%s) already, before the command was started; end "
		"that server, or leave target.command out to measure it",
		campaign->plan->target.url.text, address_text(&campaign->addresses->list[0], address, sizeof(address)));
	error_place(&err, campaign->plan->path, 0, 0);
	return campaign_refuse(campaign, &err);
}

static bool
campaign_start_target(struct campaign *campaign, int *exit_code)
{
	struct error err = {0};

	if (campaign->plan->target.process.command == NULL)
		return true;
	if (listener_accepts(campaign->addresses)) {
		*exit_code = campaign_refuse_occupied(campaign);
		return false;
	}
	campaign->facts.target_started = target_process_start(&campaign->target, &campaign->loop, campaign->plan,
		campaign->addresses, &campaign->facts.was_interrupted, &err);
	if (!campaign->facts.target_started && !campaign->facts.was_interrupted)
		*exit_code = campaign_conclude_unreachable(campaign, &err);
	return campaign->facts.target_started || campaign->facts.was_interrupted;
}

static const char *
watch_key(const struct plan_watch *watch)
{
	return watch->pid != 0            ? "pid"
	       : watch->pid_file != NULL  ? "pid_file"
	       : watch->process != NULL   ? "process"
	       : watch->cgroup != NULL    ? "cgroup"
	       : watch->unit != NULL      ? "unit"
	       : watch->container != NULL ? "container"
					  : "port";
}

static void
say_unwatchable(const struct plan_target *target, const struct error *why, struct error *err)
{
	static const char or_elsewhere[] = "leave target.watch out if the server runs on another machine";

	if (target->url.unix_path != NULL || target->watch.port == target->url.port)
		error_set(err, "target.watch.%s: %s; %s", watch_key(&target->watch), why->message, or_elsewhere);
	else
		error_set(err,
			"target.watch.%s: %s; write 'watch: {port: %u}' for whoever listens on the port of target.url, "
			"or %s",
			watch_key(&target->watch), why->message, (unsigned)target->url.port, or_elsewhere);
}

/* Without its processes a target that answers is watched in a wrong way; one that does not is not there. */
static int
campaign_conclude_unwatchable(struct campaign *campaign, const struct error *why)
{
	const struct plan *plan = campaign->plan;
	struct error err = {0};

	if (campaign->facts.target_started)
		return campaign_conclude_unreachable(campaign, why);
	if (listener_accepts(campaign->addresses)) {
		say_unwatchable(&plan->target, why, &err);
		error_place(&err, plan->path, 0, 0);
		return campaign_refuse(campaign, &err);
	}
	error_set(&err, "%s accepts no connections, and %s", plan->target.url.text, why->message);
	return campaign_conclude_unreachable(campaign, &err);
}

static bool
campaign_open_samplers(struct campaign *campaign, int *exit_code)
{
	struct error err = {0};
	struct sampler_config self = {.sources_n = campaign->plan->target.sources.n};
	struct sampler_config target = {
		.watch = &campaign->plan->target.watch,
		.pid = campaign->facts.target_started ? campaign->target.child.process.pid : 0,
	};

	campaign->self_sampler = self_sampler.open(&self, &err);
	if (campaign->self_sampler == NULL) {
		*exit_code = campaign_conclude_internal(campaign, &err);
		return false;
	}
	campaign->is_watched = (campaign->plan->target.has_watch || campaign->facts.target_started) &&
			       campaign_looks_at_target(campaign);
	if (!campaign->is_watched)
		return true;
	campaign->target_sampler = proc_sampler.open(&target, &err);
	if (campaign->target_sampler == NULL)
		*exit_code = campaign_conclude_unwatchable(campaign, &err);
	return campaign->target_sampler != NULL;
}

/* Signals are seen when the loop turns; so far it may not have. */
static bool
campaign_is_interrupted(struct campaign *campaign)
{
	uv_run(&campaign->loop, UV_RUN_NOWAIT);
	return campaign->facts.was_interrupted;
}

/* False: `before` failed, or a probe or request of `at` can never be made. */
static bool
campaign_begin_course(struct campaign *campaign, int *exit_code)
{
	struct error err = {0};

	if (campaign->plan->course->before.command.text != NULL && !campaign->options->is_quiet)
		log_info("before: %s", campaign->plan->course->before.command.shown);
	if (!lifecycle_begin(&campaign->lifecycle, &err)) {
		*exit_code = error_is_set(&err) ? campaign_conclude_unreachable(campaign, &err)
						: campaign_conclude(campaign);
		return false;
	}
	if (campaign_course_open(campaign, &err))
		return true;
	error_place(&err, campaign->plan->path, 0, 0);
	*exit_code = campaign_refuse(campaign, &err);
	return false;
}

/* How long a target that we started took until it accepted connections is known without anybody asking more. */
static bool
campaign_wait_ready(struct campaign *campaign, int *exit_code)
{
	const struct target_process *target = &campaign->target;
	bool is_ours = campaign->facts.target_started;
	int64_t since_ns = is_ours ? target->started_ns : campaign->lifecycle.begun_ns;
	struct chronicle *chronicle = &campaign->chronicle;
	char after[32];
	struct error err = {0};

	if (is_ours)
		chronicle->ready_after_ns = clock_now_ns(&monotonic_clock) - since_ns;
	if (!lifecycle_wait_ready(&campaign->lifecycle, since_ns, is_ours ? &target->child : NULL, &err) &&
		error_is_set(&err)) {
		error_place(&err, campaign->lifecycle.is_refused ? campaign->plan->path : "", 0, 0);
		*exit_code = campaign->lifecycle.is_refused ? campaign_refuse(campaign, &err)
							    : campaign_conclude_unreachable(campaign, &err);
		return false;
	}
	if (chronicle->ready_polls > 0 && !campaign->facts.was_interrupted && !campaign->options->is_quiet)
		log_info("ready after %s", units_time_text(chronicle->ready_after_ns, after, sizeof(after)));
	return true;
}

static void
tell_addresses_beyond(const struct campaign *campaign)
{
	const struct plan_target *target = &campaign->plan->target;
	const struct plan_backend *backends = target->backends.items;
	bool has_proxy = plan_has_proxy(target);

	for (size_t i = 0; i < (has_proxy ? 1 : target->backends.n); i++)
		addresses_tell_beyond(
			&campaign->addresses[i], has_proxy ? target->proxy.url.host : backends[i].url.host);
}

bool
campaign_prepare(struct campaign *campaign, int *exit_code)
{
	struct error err = {0};

	if (!campaign_begin_course(campaign, exit_code))
		return false;
	campaign->addresses = addresses_of_target(&campaign->plan->target, &err);
	if (campaign->addresses == NULL) {
		*exit_code = campaign_conclude_unreachable(campaign, &err);
		return false;
	}
	if (!gate_check_target(&campaign->plan->target, campaign->addresses, &err)) {
		error_place(&err, campaign->plan->path, 0, 0);
		*exit_code = campaign_refuse(campaign, &err);
		return false;
	}
	tell_addresses_beyond(campaign);
	if (!campaign_start_target(campaign, exit_code) || !campaign_wait_ready(campaign, exit_code))
		return false;
	if (campaign_is_interrupted(campaign)) {
		*exit_code = campaign_conclude(campaign);
		return false;
	}
	return campaign_open_samplers(campaign, exit_code);
}
