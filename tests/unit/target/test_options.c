#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "target/options.h"

/* Words parted by single spaces. */
static bool
parse(const char *line, struct target_options *o, struct error *err)
{
	static char copy[512];
	char *argv[32] = {"target"};
	int argc = 1;

	*err = (struct error){0};
	snprintf(copy, sizeof(copy), "%s", line);
	char *rest = copy, *word;

	while (rest[0] != '\0' && (word = strsep(&rest, " ")) != NULL && argc < 31) {
		argv[argc++] = word;
		if (rest == NULL)
			break;
	}
	return target_options_parse(argc, argv, o, err);
}

static void
test_defaults_serve_everybody_at_once(void **state)
{
	(void)state;
	struct target_options o;
	struct error err;

	assert_true(parse("", &o, &err));
	assert_string_equal(o.listen, "127.0.0.1:8080");
	assert_int_equal(o.workers, 0);
	assert_int_equal(o.service.scale_ns, 0);
	assert_true(target_capacity_per_s(&o) == 0);
}

static void
test_capacity_is_workers_over_service_time(void **state)
{
	(void)state;
	struct target_options o;
	struct error err;

	assert_true(parse("--capacity 200/s", &o, &err));
	assert_int_equal(o.workers, 1);
	assert_int_equal(o.service.scale_ns, 5 * NS_PER_MS);
	assert_true(parse("--workers=4 --capacity=200/s", &o, &err));
	assert_int_equal(o.service.scale_ns, 20 * NS_PER_MS);
	assert_true(fabs(target_capacity_per_s(&o) - 200) < 1e-6);
	assert_true(parse("--workers 4 --service-time 2ms --freeze 500ms/5s", &o, &err));
	assert_true(fabs(target_capacity_per_s(&o) - 1800) < 1e-6);
	assert_true(parse("--cpu-per-request 1ms", &o, &err));
	assert_int_equal(o.workers, 1);
	assert_true(fabs(target_capacity_per_s(&o) - 1000) < 1e-6);
}

static void
test_every_flag_reaches_its_field(void **state)
{
	(void)state;
	struct target_options o;
	struct error err;

	assert_true(
		parse("--listen [::1] --port 0 --workers 2 --service-time lognormal:5ms:0.5 --queue 7 --overload hang "
		      "--memory-per-request 64KiB --leak 1KiB --errors 1% --reset 2% --stall 3%:100ms",
			&o, &err));
	assert_string_equal(o.listen, "[::1]:0");
	assert_int_equal(o.queue_max, 7);
	assert_int_equal(o.overload, OVERLOAD_HANG);
	assert_int_equal(o.memory_bytes, 65536);
	assert_int_equal(o.leak_bytes, 1024);
	assert_true(o.error_ratio == 0.01 && o.reset_ratio == 0.02 && o.stall.ratio == 0.03);
	assert_int_equal(o.stall.time_ns, 100 * NS_PER_MS);
	assert_true(parse(
		"--listen unix:/tmp/x --crash-after 9 --response-size 1MiB --seed 5 --spin 0 --truth f", &o, &err));
	assert_string_equal(o.listen, "unix:/tmp/x");
	assert_int_equal(o.crash_after, 9);
	assert_int_equal(o.response_bytes, 1 << 20);
	assert_int_equal(o.seed, 5);
	assert_int_equal(o.spin_ns, 0);
	assert_string_equal(o.truth_path, "f");
}

static void
test_wrong_flags_are_refused_with_a_sentence(void **state)
{
	(void)state;
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{"--prot 80", "unknown flag '--prot'"},
		{"8080", "unknown flag '8080'"},
		{"--port", "lacks its value"},
		{"--port 65536", "over 65535"},
		{"--port x", "not a count"},
		{"--port 1 --port 2", "given twice"},
		{"--listen 127.0.0.1:80 --port 81", "leave out --port"},
		{"--listen unix:/x --port 81", "leave out --port"},
		{"--capacity 200/s --service-time 5ms", "exclude each other"},
		{"--capacity 0/s", "not a rate over 0"},
		{"--workers 0", "write 1 or more"},
		{"--workers 5000", "at most 4096"},
		{"--queue 5", "needs --workers or --capacity"},
		{"--errors 101%", "not a share"},
		{"--errors 60% --reset 60%", "over 100%"},
		{"--stall 1%", "SHARE:TIME"},
		{"--freeze 5s", "LENGTH/EVERY"},
		{"--freeze 5s/5s", "shorter than its period"},
		{"--freeze 1s/5s --cpu-per-request 1ms", "exclude each other"},
		{"--overload panic", "write 503, close or hang"},
		{"--spin 1ms", "at most 50us"},
		{"--response-size 1GiB", "at most 64MiB"},
		{"--leak 2GiB", "over 1 GiB"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct target_options o;
		struct error err;

		if (parse(wrong[i].line, &o, &err))
			fail_msg("'%s' was taken", wrong[i].line);
		if (strstr(err.message, wrong[i].says) == NULL)
			fail_msg("'%s' says: %s", wrong[i].line, err.message);
	}
}

static void
test_help_names_every_flag(void **state)
{
	(void)state;
	struct buf text;
	struct target_options o;
	struct error err;

	assert_true(parse("--port 1 --help", &o, &err));
	assert_true(o.wants_help);
	buf_init(&text, 1 << 16);
	target_options_help(&text);
	assert_non_null(strstr(text.bytes, "--service-time TIME"));
	assert_non_null(strstr(text.bytes, "--truth FILE"));
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_serve_everybody_at_once),
		cmocka_unit_test(test_capacity_is_workers_over_service_time),
		cmocka_unit_test(test_every_flag_reaches_its_field),
		cmocka_unit_test(test_wrong_flags_are_refused_with_a_sentence),
		cmocka_unit_test(test_help_names_every_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
