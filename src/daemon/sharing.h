#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/yaml.h"

/* Among whom a run's load is shared out: processes of this machine, or agents on others, over the operator's NATS. At
 * most one of the two is not 0, which is: not said. */
struct sharing {
	uint64_t workers, shards;
};

#define SHARING_MAX 64 /* of either: as many as `brunt run` leads */
#define SHARING_WORDS_MAX 48
#define SHARING_ARGUMENTS_MAX 24
#define SHARING_NUMBER_MAX 24

/* Where the operator's nats-server is, and who we are to it; NULL: not said. */
struct sharing_nats {
	const char *url, *creds, *user, *password_file, *token_file, *ca, *cert, *key;
};

/* What the operator lets anybody take. */
struct sharing_ceilings {
	uint64_t workers, shards; /* workers 0: as many as this machine has CPUs */
	bool has_nats;
};

/* One of "workers: 3" and "shards: 3", of a submission. False with err set. */
bool sharing_take(uint64_t *into, const struct plan_node *node, struct error *err);
/* False with err set: it is more than is let. */
bool sharing_check(const struct sharing *sharing, const struct sharing_ceilings *ceilings, struct error *err);
/* False with err set: both are said. */
bool sharing_is_sound(const struct sharing *sharing, struct error *err);
uint64_t sharing_workers_most(const struct sharing_ceilings *ceilings);
uint64_t sharing_shards_most(const struct sharing_ceilings *ceilings); /* 0: nobody can be reached */

static inline bool
sharing_is_wished(const struct sharing *sharing)
{
	return sharing->workers > 1 || sharing->shards > 0;
}

/* "by 3 workers"; empty: by one process. */
const char *sharing_words(const struct sharing *sharing, char into[SHARING_WORDS_MAX]);
/* As flags of `brunt run`, which lie in number and nats; returns how many. */
size_t sharing_arguments(const struct sharing *sharing, const struct sharing_nats *nats,
	char number[SHARING_NUMBER_MAX], const char *arguments[SHARING_ARGUMENTS_MAX]);
