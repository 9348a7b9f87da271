#include "cmd/serve_share.h"

#include "base/check.h"
#include "cmd/run.h"
#include "cmd/run_arguments.h"
#include "cmd/run_shared.h"
#include "fleet/transport.h"

_Static_assert(SHARING_MAX == FLEET_WORKERS_MAX, "a daemon lets in what a run leads");

static bool
check_agents(const struct submission *submission, const struct plan_suite *suite, struct error *err)
{
#ifdef BRUNT_NATS
	if (suite != NULL)
		return error_set(err, "shards: agents share one run, and a suite has several");
	return submission->path == NULL || run_shared_may_send(submission->path, err);
#else
	(void)submission;
	(void)suite;
	return error_set(err, "shards: this build has no NATS, over which machines share a load");
#endif
}

bool
serve_may_share(const struct submission *submission, const struct plan_experiment *experiment,
	const struct plan_suite *suite, struct error *err)
{
	const struct sharing *sharing = &submission->sharing;
	struct transport somebody = {.ops = NULL}; /* that there is one: nobody is reached yet */
	struct run_arguments arguments = {0};

	arguments.fleet.profile = submission->path != NULL ? submission->path : "profile";
	arguments.fleet.workers = (uint32_t)(sharing->shards > 0 ? sharing->shards : sharing->workers);
	arguments.fleet.transport = sharing->shards > 0 ? &somebody : NULL;
	if (sharing->shards > 0 && !check_agents(submission, suite, err))
		return false;
	if (suite == NULL)
		return run_arguments_check(experiment, &arguments, err);
	for (size_t i = 0; i < suite->items_n; i++)
		if (!run_arguments_check(suite->items[i].experiment, &arguments, err))
			return error_place(err, suite->items[i].path, 0, 0);
	return true;
}
