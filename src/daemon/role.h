#pragma once

#include <stdbool.h>

/* What a token allows; each also what those before it do. */
enum role {
	ROLE_VIEW,  /* look at everything, change nothing */
	ROLE_RUN,   /* submit, stop and delete runs, acknowledge alerts, save baselines, stop everything */
	ROLE_ADMIN, /* schedules, resuming after a stop, the audit log */
	ROLE_COUNT,
};

const char *role_name(enum role role); /* "view", "run", "admin" */
bool role_of_name(const char *name, enum role *role);

static inline bool
role_may(enum role has, enum role needs)
{
	return has >= needs;
}
