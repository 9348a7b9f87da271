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
		{"--step 1ms", "--step needs --llm"},
		{"--no-batching", "--no-batching needs --llm"},
		{"--llm=yes", "takes no value"},
		{"--llm --capacity 5/s", "--capacity and --llm exclude each other"},
		{"--llm --no-batching --max-batch 2", "exclude each other"},
		{"--llm --cache big", "write off, session or prefix"},
		{"--llm --cache-saves 120%", "not a share"},
		{"--llm --cache-tokens 5", "from 16 to 100M"},
		{"--llm --cold-after 5s", "needs --cold-start"},
		{"--llm --step 0", "a step takes some time"},
		{"--llm --truncate 60% --stream-errors 60%", "over 100%"},
		{"--llm --truncate 5%:0", "write 1 or more"},
		{"--llm --fail-for 5s", "needs --fail-from"},
		{"--llm --retries 11", "at most 10"},
		{"--llm --noise -1", "not a number from 0 on"},
		{"--llm --noise 3", "at most 2"},
		{"--llm --max-batch 1M", "at most 100000"},
		{"--llm --model a\"b", "not a model's name"},
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
test_llm_has_defaults_that_make_sense(void **state)
{
	(void)state;
	struct target_options o;
	struct error err;

	assert_true(parse("--llm", &o, &err));
	assert_int_equal(o.workers, 1);
	assert_int_equal(o.llm.model.batch_max, 8);
	assert_int_equal(o.llm.model.step_ns, 20 * NS_PER_MS);
	assert_int_equal(o.llm.cache, LLM_CACHE_SESSION);
	assert_true(o.llm.fail_from_ns < 0);
	assert_true(parse("--llm --no-batching --workers 3 --errors 1% --queue 0 --truth f", &o, &err));
	assert_int_equal(o.llm.model.batch_max, 1);
	assert_int_equal(o.workers, 3);
}

static void
test_every_llm_flag_reaches_its_field(void **state)
{
	(void)state;
	struct target_options o;
	struct error err;

	assert_true(parse(
		"--llm --model org/m-1 --prefill 1ms --prefill-per-token 2us --step 3ms --step-per-sequence 4us "
		"--max-batch 5 --tokens-per-chunk 6 --answer-tokens 7 --reasoning 8 --cache prefix --cache-saves 90%",
		&o, &err));
	assert_string_equal(o.llm.model_name, "org/m-1");
	assert_int_equal(o.llm.model.prefill_ns, NS_PER_MS);
	assert_int_equal(o.llm.model.prefill_per_token_ns, 2 * NS_PER_US);
	assert_int_equal(o.llm.model.step_ns, 3 * NS_PER_MS);
	assert_int_equal(o.llm.model.step_per_sequence_ns, 4 * NS_PER_US);
	assert_int_equal(o.llm.model.batch_max, 5);
	assert_int_equal(o.llm.model.tokens_per_step, 6);
	assert_int_equal(o.llm.answer_tokens, 7);
	assert_int_equal(o.llm.reasoning_tokens, 8);
	assert_int_equal(o.llm.cache, LLM_CACHE_PREFIX);
	assert_true(o.llm.model.cache_saves == 0.9);

	assert_true(
		parse("--llm --cache-tokens 64k --pool 9 --cold-start 1s --cold-after 2s --coalesce 3 "
		      "--keep-alive-comments 4s --empty-deltas 5 --stream-errors 6% --truncate 7%:8 --mix-sessions 9% "
		      "--tool-call 6 --noise 0.25 --stall 1%:2s",
			&o, &err));
	assert_int_equal(o.llm.cache_tokens, 64000);
	assert_int_equal(o.llm.pool_tokens, 9);
	assert_int_equal(o.llm.model.cold_start_ns, NS_PER_S);
	assert_int_equal(o.llm.model.cold_after_ns, 2 * NS_PER_S);
	assert_int_equal(o.llm.coalesce, 3);
	assert_int_equal(o.llm.ping_ns, 4 * NS_PER_S);
	assert_int_equal(o.llm.empty_every, 5);
	assert_true(o.llm.stream_errors.ratio == 0.06 && o.llm.stream_errors.after_tokens == 0);
	assert_true(o.llm.truncate.ratio == 0.07 && o.llm.truncate.after_tokens == 8);
	assert_true(o.llm.mix_ratio == 0.09);
	assert_true(o.llm.model.noise_sigma == 0.25);
	assert_int_equal(o.llm.tool_tokens, 6);
	assert_int_equal(o.stall.time_ns, 2 * NS_PER_S);

	assert_true(parse("--llm --start-up 1s --fail-from 2s --fail-for 3s --fail-workers 4 --retries 5 --breaker 6 "
			  "--breaker-for 7s --drain 8s --swap 9s --save-per-token 1us --load-per-token 2us --state f",
		&o, &err));
	assert_int_equal(o.llm.start_up_ns, NS_PER_S);
	assert_int_equal(o.llm.fail_from_ns, 2 * NS_PER_S);
	assert_int_equal(o.llm.fail_for_ns, 3 * NS_PER_S);
	assert_int_equal(o.llm.fail_workers, 4);
	assert_int_equal(o.llm.retries, 5);
	assert_int_equal(o.llm.breaker_failures, 6);
	assert_int_equal(o.llm.breaker_for_ns, 7 * NS_PER_S);
	assert_int_equal(o.llm.drain_ns, 8 * NS_PER_S);
	assert_int_equal(o.llm.swap_ns, 9 * NS_PER_S);
	assert_int_equal(o.llm.save_per_token_ns, NS_PER_US);
	assert_int_equal(o.llm.load_per_token_ns, 2 * NS_PER_US);
	assert_string_equal(o.llm.state_path, "f");
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
	assert_non_null(strstr(text.bytes, "--no-batching "));
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
		cmocka_unit_test(test_llm_has_defaults_that_make_sense),
		cmocka_unit_test(test_every_llm_flag_reaches_its_field),
		cmocka_unit_test(test_help_names_every_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
