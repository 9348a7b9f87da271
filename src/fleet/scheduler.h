#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Which shard of how many this process is to be: said as I/N, or by the scheduler that started it. */
#define SHARDS_MAX 1024

/* text: "1/3", the name of a row of schedulers.def, or "env", whichever of them is there; total: what --shards says, 0:
 * nothing. get: getenv, or a test's own. False with err set: it is not said, or in more ways than one, so that one
 * shard might be sent twice and another never. */
bool scheduler_shard(const char *text, uint32_t total, char *(*get)(const char *name), uint32_t *shard,
	uint32_t *shards, struct error *err);
