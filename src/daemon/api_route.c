#include <stdio.h>
#include <string.h>

#include "daemon/api_parts.h"

/* Which route a request takes. */

/* Of what stands in routes.def. */
#define API_OPEN_NONE true
#define API_OPEN_VIEW false
#define API_OPEN_RUN false
#define API_OPEN_ADMIN false
#define ROLE_NONE ROLE_VIEW

#define ROUTE(of_method, of_path, of_name, of_role, of_body)                                                           \
	{.method = #of_method,                                                                                         \
		.path = (of_path),                                                                                     \
		.name = #of_name,                                                                                      \
		.is_open = API_OPEN_##of_role,                                                                         \
		.role = ROLE_##of_role,                                                                                \
		.body = API_BODY_##of_body,                                                                            \
		.handle = api_##of_name},
const struct api_route api_routes[] = {
#include "daemon/routes.def"
	{.method = NULL}};
#undef ROUTE

static bool
take_parameter(struct api_call *call, const char *pattern, const char *part, size_t length)
{
	bool is_path = strncmp(pattern, "{path}", 6) == 0, is_first = !is_path && call->id[0] == '\0';
	char *into = is_first ? call->id : call->rest;

	/* Ids and names have the same letters, and what is none of either leads nowhere. */
	return length > 0 && api_decode(part, length, into, is_first ? sizeof(call->id) : sizeof(call->rest)) &&
	       (is_path || submission_is_name(into));
}

/* Whether the target's path is the route's, part by part; its parameters go into the call. */
static bool
is_path_of(struct api_call *call, const char *pattern, const char *path, size_t length)
{
	const char *end = path + length;

	while (*pattern != '\0') {
		if (*pattern != '{') {
			if (path == end || *path++ != *pattern++)
				return false;
			continue;
		}
		size_t n = strncmp(pattern, "{path}", 6) == 0 ? (size_t)(end - path) : strcspn(path, "/?");

		if (n > (size_t)(end - path) || !take_parameter(call, pattern, path, n))
			return false;
		path += n;
		pattern += strcspn(pattern, "}") + 1;
	}
	return path == end;
}

static bool
is_method_of(const struct api_route *route, const char *method)
{
	return strcmp(route->method, method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

const struct api_route *
api_find_route(struct api_call *call, const char *method, const char *target, char allow[API_ALLOW_MAX])
{
	size_t length = strcspn(target, "?");

	allow[0] = '\0';
	for (const struct api_route *route = api_routes; route->method != NULL; route++) {
		call->id[0] = call->rest[0] = '\0';
		if (!is_path_of(call, route->path, target, length))
			continue;
		if (is_method_of(route, method))
			return route;
		size_t n = strlen(allow);

		snprintf(allow + n, API_ALLOW_MAX - n, "%s%s", n > 0 ? ", " : "", route->method);
	}
	return NULL;
}
