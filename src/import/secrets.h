#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/* What proves who somebody is does not go into a profile, which is kept and shown around, but into the environment of
 * the run: the profile says ${env:NAME} in its place. */

#define SECRETS_MAX 64

struct secrets {
	struct secret {
		const char *variable;
		const char *what;  /* "the header Authorization" */
		const char *value; /* as it was read; NULL: the file had none */
		uint64_t times;
	} list[SECRETS_MAX];
	size_t n;
};

/* Whether headers, parameters, or members of a body of this name hold such a thing. */
bool secrets_is_name(const char *name);

/* The variable that stands for this value: the same for the same one. what: as above, for people. NULL: there are too
 * many. */
const char *secrets_variable(
	struct secrets *secrets, struct arena *arena, const char *name, const char *value, const char *what);

/* A header's value with a reference in place of what is secret in it: "Bearer ${env:AUTHORIZATION}". NULL: there are
 * too many. */
const char *secrets_hide_header(struct secrets *secrets, struct arena *arena, const char *name, const char *value);

/* The same of the parameters of a path: "/a?api_key=${env:API_KEY}". */
const char *secrets_hide_path(struct secrets *secrets, struct arena *arena, const char *path);
