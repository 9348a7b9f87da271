#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request/cookie.h"

/* What a session keeps of cookies (RFC 6265 §5.3 and §5.4), as far as one origin needs it: by name, domain and path, as
 * long as they last. The memory is lent, and is all that there may be of them. */

#define COOKIE_JAR_MAX ((size_t)4096)
#define COOKIE_PATH_MAX ((size_t)256) /* of the path that a request's cookies have by default */

struct cookie_jar {
	char *bytes; /* COOKIE_JAR_MAX of them: records one after the other, the oldest first */
	size_t length;
};

/* Where cookies come from and go to. */
struct cookie_origin {
	const char *host; /* as the URL has it */
	bool is_secure;   /* https */
};

/* Of a request's path, up to a '?': what its cookies have for a path where they name none (§5.1.4). */
size_t cookie_default_path(const char *path, size_t length);

/* Keeps it, or forgets what it takes back; one for another host changes nothing. False: there is no room for it. */
bool cookie_jar_keep(struct cookie_jar *jar, const struct cookie *cookie, const struct cookie_origin *origin,
	const char *default_path, size_t default_path_length, int64_t now_s);

/* Writes what a request for this path brings along, "a=1; b=2", those of longer paths first (§5.4); returns the end. At
 * most as many bytes as the jar is long. */
char *cookie_jar_put(const struct cookie_jar *jar, const struct cookie_origin *origin, const char *path, size_t length,
	int64_t now_s, char *into);
