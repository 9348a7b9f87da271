#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* The global stop: nothing begins any more (what runs is stopped by the caller) until somebody lifts it. It is a file
 * in the state directory, so that it also holds after a restart; whoever has no other way in may make it, or remove it,
 * by hand, and then restart. */

#define HALT_WHO_MAX 80
#define HALT_WHY_MAX 256

struct halt {
	char path[PATH_MAX];
	bool is_on;
	int64_t since_wall_ns;  /* 0: not known */
	char who[HALT_WHO_MAX]; /* "": not known */
	char why[HALT_WHY_MAX]; /* "": nobody said */
};

/* As the file says; one that cannot be understood holds all the same. False with err set: it cannot be looked for. */
bool halt_init(struct halt *halt, const char *path, struct error *err);
/* On. False with err set: it could not be written, and holds, but only until a restart. */
bool halt_set(struct halt *halt, const char *who, const char *why, int64_t wall_ns, struct error *err);
/* Off. False with err set: the file cannot be removed, and it stays on. */
bool halt_lift(struct halt *halt, struct error *err);
