#include "daemon/api_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct api_call call;
static char allow[API_ALLOW_MAX];

/* The operation that a request takes; "" where there is none. */
static const char *
taken(const char *method, const char *target)
{
	const struct api_route *route = api_find_route(&call, method, target, allow);

	return route != NULL ? route->name : "";
}

/* "/api/v1/runs/{id}/files/{path}" → "/api/v1/runs/p1/files/p2/x.csv"; how many parameters there are. */
static size_t
fill_in(const char *pattern, char *into, size_t size)
{
	size_t n = 0, at = 0;

	while (*pattern != '\0') {
		if (*pattern != '{') {
			into[at++] = *pattern++;
			into[at] = '\0';
			continue;
		}
		at += (size_t)snprintf(
			into + at, size - at, strncmp(pattern, "{path}", 6) == 0 ? "p%zu/x.csv" : "p%zu", ++n);
		pattern += strcspn(pattern, "}") + 1;
	}
	return n;
}

static void
test_every_route_is_found_by_its_method_and_path(void **state)
{
	char path[256];

	(void)state;
	for (const struct api_route *route = api_routes; route->method != NULL; route++) {
		size_t n = fill_in(route->path, path, sizeof(path));

		assert_string_equal(taken(route->method, path), route->name);
		assert_string_equal(call.id, n > 0 ? "p1" : "");
		assert_string_equal(call.rest, n < 2 ? "" : strstr(route->path, "{path}") != NULL ? "p2/x.csv" : "p2");
		assert_string_equal(
			taken(strcmp(route->method, "GET") == 0 ? "HEAD" : route->method, path), route->name);
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "?x=/api/v1/runs");
		assert_string_equal(taken(route->method, path), route->name);
	}
}

static void
test_what_is_no_path_of_ours_leads_nowhere(void **state)
{
	static const char *const targets[] = {"/api/v1/run", "/api/v1/runss", "/api/v1/runs/", "/api/v1/runs/a/",
		"/api/v1/runs//result", "/api/v1/runs/?id=a", "/api/v1/runs/a/result/b", "//api/v1/runs", "", "/", "*",
		"/API/v1/runs", "/api/v1/runs/a%2Fresult", "/api/v1/runs/a%00", "/api/v1/runs/%2e%2e",
		"/api/v1/runs/%zz", "/api/v1/runs/a%2", "/api/v1/runs/a%", "/api/v1/runs/a b", "/api/v1/runs/a+b",
		"/api/v1/runs/.", "/api/v1/runs/a/files/", "/api/v1/runs/a/files/%0a"};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		assert_string_equal(taken("GET", targets[i]), "");
		assert_string_equal(allow, "");
	}
}

static void
test_methods_that_there_are_at_a_path_are_told(void **state)
{
	(void)state;
	assert_string_equal(taken("PUT", "/api/v1/runs/a"), "");
	assert_string_equal(allow, "GET, DELETE");
	assert_string_equal(taken("HEAD", "/api/v1/runs/a/stop"), "");
	assert_string_equal(allow, "POST");
	assert_string_equal(taken("get", "/healthz"), "");
	assert_string_equal(allow, "GET");
	assert_string_equal(taken("GET", "/healthz"), "healthz");
}

static void
test_parameters_are_decoded_once_and_have_a_ceiling(void **state)
{
	char target[API_PARAMETER_MAX + 32];

	(void)state;
	assert_string_equal(taken("GET", "/api/v1/runs/%61%2Db"), "run_show");
	assert_string_equal(call.id, "a-b");
	assert_string_equal(taken("GET", "/api/v1/runs/a/files/levels/a+b%20c%2525?download"), "run_file");
	assert_string_equal(call.id, "a");
	assert_string_equal(call.rest, "levels/a+b c%25");
	snprintf(target, sizeof(target), "/api/v1/runs/%0*d", API_PARAMETER_MAX, 0);
	assert_string_equal(taken("GET", target), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_route_is_found_by_its_method_and_path),
		cmocka_unit_test(test_what_is_no_path_of_ours_leads_nowhere),
		cmocka_unit_test(test_methods_that_there_are_at_a_path_are_told),
		cmocka_unit_test(test_parameters_are_decoded_once_and_have_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
