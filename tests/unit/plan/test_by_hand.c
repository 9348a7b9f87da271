#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "plan/by_hand.h"
#include "unit/plan/fakes.h"

static char path[64];

static int
set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/brunt-by-hand-XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static struct by_hand *
load(const char *text, struct error *err)
{
	struct error ignored = {0};

	*err = (struct error){0};
	assert_true(file_write_atomic(path, text, strlen(text), &ignored));
	return by_hand_load(path, fake_tables.metrics, err);
}

static void
test_values_are_read_as_slos_read_theirs(void **state)
{
	struct error err;
	struct by_hand *by_hand = load("baseline: last year\nvalues: {p95: 650ms, error_rate: 0.5%}\n", &err);

	(void)state;
	if (by_hand == NULL)
		fail_msg("%s: %s", err.where, err.message);
	assert_string_equal(by_hand->name, "last year");
	assert_int_equal(by_hand->n, 2);
	assert_string_equal(by_hand->values[0].measure.metric->name, "response");
	assert_true(fabs(by_hand->values[0].measure.quantile - 0.95) < 1e-9);
	assert_true(fabs(by_hand->values[0].value - 650e6) < 1);
	assert_true(fabs(by_hand->values[1].value - 0.005) < 1e-12);
	by_hand_free(by_hand);
}

static void
test_mistakes_are_named_where_they_stand(void **state)
{
	static const struct {
		const char *text, *place, *says;
	} mistakes[] = {
		{"", "", "holds 'values:"},
		{"- 3\n", ":1:1", "holds 'values:"},
		{"values: {}\n", ":1:9", "write a map of measures"},
		{"values: {p95: 3/s}\n", ":1:15", "'3/s' is not a time"},
		{"values: {p95: [1ms]}\n", ":1:15", "write one value"},
		{"values: {p95: 3ms (stretch 1ms)}\n", ":1:15", "write one value of a run"},
		{"values: {improvement(p95): 10%}\n", ":1:28", "write one value of a run"},
		{"values: {p95: 3ms, response.p95: 4ms}\n", ":1:34", "it has a value already"},
		{"values: {buy.p95: 3ms}\n", ":1:19", "'buy"},
		{"valeus: {p95: 3ms}\n", ":1:1", "holds 'values:"},
		{"values: {p95: 3ms}\nname: x\n", ":2:7", "'name' is no key"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct error err;
		char text[1400];

		assert_null(load(mistakes[i].text, &err));
		error_text(&err, text, sizeof(text));
		if (strstr(text, mistakes[i].place) == NULL || strstr(text, mistakes[i].says) == NULL)
			fail_msg("%s said: %s", mistakes[i].text, text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_values_are_read_as_slos_read_theirs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mistakes_are_named_where_they_stand, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
