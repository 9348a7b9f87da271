#pragma once

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "base/check.h"

/* Where a number is in a JSON document: a path of member names ("/rate/achieved_per_s"), RFC 6901 without its escapes,
 * which names of ours never need. */
static inline const cJSON *
pointer_find(const cJSON *in, const char *path)
{
	char name[64];

	while (in != NULL && *path == '/') {
		size_t length = strcspn(++path, "/");

		CHECK_OP(length, <, sizeof(name));
		memcpy(name, path, length);
		name[length] = '\0';
		in = cJSON_GetObjectItemCaseSensitive(in, name);
		path += length;
	}
	return in;
}

/* NAN: there is none, or it is no number. */
static inline double
pointer_number(const cJSON *in, const char *path)
{
	const cJSON *found = pointer_find(in, path);

	return cJSON_IsNumber(found) ? found->valuedouble : NAN;
}
