#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "engine/backends.h"
#include "unit/engine/plans.h"

/* Pools that never open a connection: who gets which arrival, and how many connections. */
static struct plan *plan;
static struct recorder *recorder;
static struct addresses nowhere[PLAN_BACKENDS_MAX];
static struct template *templates[PLAN_BACKENDS_MAX];
static struct tls_context *in_the_clear[PLAN_BACKENDS_MAX];
static struct follow *no_redirects[PLAN_BACKENDS_MAX];

static struct template *
text_template(const struct plan *of)
{
	struct error err = {0};
	struct template *template = template_new(
		&(struct slot_scope){.plan = of, .request = &of->requests[0]}, "x", 1, NULL, 0, true, &err);

	assert_non_null(template);
	return template;
}

static void
open_backends(struct backends *backends, const char *target)
{
	static const struct reader_ops *readers_of[1];

	plan = plan_of_urls(target);
	recorder = recorder_new(&(struct recorder_config){.requests_n = 1, .open_levels_max = 2});
	readers_of[0] = readers[0];
	for (size_t i = 0; i < plan->target.backends.n; i++)
		templates[i] = text_template(plan);
	backends_init(backends, &(struct pool_config){.plan = plan,
					.addresses = nowhere,
					.tls = in_the_clear,
					.follows = no_redirects,
					.templates = templates,
					.readers = readers_of,
					.recorder = recorder});
}

static void
close_backends(struct backends *backends)
{
	for (size_t i = 0; i < plan->target.backends.n; i++)
		template_free(templates[i]);
	backends_fini(backends);
	recorder_free(recorder);
	plan_free(plan);
}

static void
test_arrivals_are_dealt_evenly_by_weight(void **state)
{
	static const uint32_t wanted[] = {0, 0, 1, 0, 2, 0, 0};
	struct backends backends;
	unsigned n[3] = {0};

	(void)state;
	open_backends(&backends, "urls: [{url: \"http://a\", weight: 5}, \"http://b\", \"http://c\"]");
	for (uint64_t i = 0; i < 7000; i++) {
		uint32_t backend = backends_of_arrival(&backends, i);

		assert_int_equal(backend, wanted[i % ARRAY_LEN(wanted)]); /* as nginx documents it: aabacaa */
		n[backend]++;
	}
	assert_int_equal(n[0], 5000);
	assert_int_equal(n[1], 1000);
	assert_int_equal(n[2], 1000);
	close_backends(&backends);
}

static void
test_connections_are_shared_by_weight_and_none_is_lost(void **state)
{
	static const char *const targets[] = {"urls: [\"http://a\"], connections: 7",
		"urls: [{url: \"http://a\", weight: 3}, \"http://b\"], connections: 100",
		"urls: [{url: \"http://a\", weight: 1000}, \"http://b\", \"http://c\"], connections: 3",
		"urls: [{url: \"http://a\", weight: 7}, {url: \"http://b\", weight: 11}, \"http://c\"], connections: 1000"};

	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(targets); t++) {
		struct backends backends;
		uint64_t sum = 0;

		open_backends(&backends, targets[t]);
		for (size_t i = 0; i < backends.n; i++) {
			assert_true(backends.pools[i].config.connections >= 1);
			sum += backends.pools[i].config.connections;
		}
		assert_int_equal(sum, plan->target.connections);
		if (t == 1) /* within one of 75 */
			assert_in_range(backends.pools[0].config.connections, 74, 76);
		close_backends(&backends);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrivals_are_dealt_evenly_by_weight),
		cmocka_unit_test(test_connections_are_shared_by_weight_and_none_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
