#include "daemon/sharing.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/parse.h"

bool
sharing_take(uint64_t *into, const struct plan_node *node, struct error *err)
{
	if (node->kind == NODE_SCALAR && units_parse_count(node->text, into) && *into >= 1 && *into <= SHARING_MAX)
		return true;
	return plan_error(node, err, "%s: write a number from 1 to %d", node->key, SHARING_MAX);
}

uint64_t
sharing_workers_most(const struct sharing_ceilings *ceilings)
{
	cpu_set_t cpus;

	if (ceilings->workers > 0)
		return ceilings->workers;
	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (uint64_t)CPU_COUNT(&cpus) : 1;
}

uint64_t
sharing_shards_most(const struct sharing_ceilings *ceilings)
{
	return !ceilings->has_nats ? 0 : ceilings->shards > 0 ? ceilings->shards : SHARING_MAX;
}

bool
sharing_is_sound(const struct sharing *sharing, struct error *err)
{
	return sharing->workers == 0 || sharing->shards == 0 ||
	       error_set(err, "workers are processes of one machine, shards agents on others; say one of the two");
}

bool
sharing_check(const struct sharing *sharing, const struct sharing_ceilings *ceilings, struct error *err)
{
	if (sharing->workers > sharing_workers_most(ceilings))
		return error_set(err,
			"workers: %" PRIu64 " are more than the operator allows, %" PRIu64
			" (ceilings.workers; as many as there are CPUs where it is left out)",
			sharing->workers, sharing_workers_most(ceilings));
	if (sharing->shards > 0 && !ceilings->has_nats)
		return error_set(err,
			"shards: agents are reached over NATS, and the operator has named no server (`nats:` in brunt.yaml); "
			"'workers' are processes of the daemon's machine");
	if (sharing->shards > sharing_shards_most(ceilings))
		return error_set(err,
			"shards: %" PRIu64 " are more than the operator allows, %" PRIu64 " (ceilings.shards)",
			sharing->shards, sharing_shards_most(ceilings));
	return true;
}

const char *
sharing_words(const struct sharing *sharing, char into[SHARING_WORDS_MAX])
{
	into[0] = '\0';
	if (sharing->shards > 0)
		snprintf(into, SHARING_WORDS_MAX, "by %" PRIu64 " agents", sharing->shards);
	else if (sharing->workers > 1)
		snprintf(into, SHARING_WORDS_MAX, "by %" PRIu64 " workers", sharing->workers);
	return into;
}

static size_t
nats_arguments(const struct sharing_nats *nats, const char **arguments)
{
	const struct {
		const char *flag, *value;
	} flags[] = {{"--nats", nats->url}, {"--nats-creds", nats->creds}, {"--nats-user", nats->user},
		{"--nats-password-file", nats->password_file}, {"--nats-token-file", nats->token_file},
		{"--nats-ca", nats->ca}, {"--nats-cert", nats->cert}, {"--nats-key", nats->key}};
	size_t n = 0;

	_Static_assert(2 + 2 * ARRAY_LEN(flags) <= SHARING_ARGUMENTS_MAX, "all of them have room");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].value != NULL) {
			arguments[n++] = flags[i].flag;
			arguments[n++] = flags[i].value;
		}
	return n;
}

size_t
sharing_arguments(const struct sharing *sharing, const struct sharing_nats *nats, char number[SHARING_NUMBER_MAX],
	const char *arguments[SHARING_ARGUMENTS_MAX])
{
	size_t n = 0;

	if (!sharing_is_wished(sharing))
		return 0;
	snprintf(number, SHARING_NUMBER_MAX, "%" PRIu64, sharing->shards > 0 ? sharing->shards : sharing->workers);
	arguments[n++] = sharing->shards > 0 ? "--shards" : "--workers";
	arguments[n++] = number;
	return sharing->shards > 0 ? n + nats_arguments(nats, arguments + n) : n;
}
