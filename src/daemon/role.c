#include "daemon/role.h"

#include <string.h>

#include "base/check.h"

static const char *const names[ROLE_COUNT] = {"view", "run", "admin"};

const char *
role_name(enum role role)
{
	CHECK_OP(role, <, ROLE_COUNT);
	return names[role];
}

bool
role_of_name(const char *name, enum role *role)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			*role = (enum role)i;
			return true;
		}
	return false;
}
