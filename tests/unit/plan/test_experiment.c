#include "unit/plan/loading.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "plan/course.h"
#include "plan/experiment.h"

#define PROFILE                                                                                                        \
	"target: http://127.0.0.1:8080\n"                                                                              \
	"load: {steady: {rate: 50/s, for: 1s}}\n"                                                                      \
	"requests: [{name: chat, post: /chat, json: {max_tokens: 50}}]\n"

static struct plan_experiment *
load_experiment(const char *text, const char *set)
{
	struct plan_setting setting;
	struct error err = {0};

	assert_true(set == NULL || plan_setting_parse(set, &setting, &err));
	struct plan_experiment *experiment =
		experiment_load_text(text, strlen(text), "x.yaml", &setting, set != NULL ? 1 : 0, &fake_tables, &err);

	if (experiment == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return experiment;
}

static double
rate_of(const struct plan_experiment *experiment, size_t arm)
{
	return ((const struct fake_steady *)experiment->arms[arm].plan->scenarios[0].load.shape.params)->rate;
}

static void
test_a_profile_without_arms_is_one_run(void **state)
{
	(void)state;
	struct plan_experiment *experiment = load_experiment("name: plain\n" PROFILE, NULL);

	assert_int_equal(experiment->kind, EXPERIMENT_ONE_RUN);
	assert_int_equal(experiment_runs_n(experiment), 1);
	assert_string_equal(experiment->arms[0].plan->name, "plain");
	experiment_free(experiment);
}

static void
test_an_arm_is_the_profile_with_settings_of_its_own(void **state)
{
	(void)state;
	struct plan_experiment *experiment = load_experiment(PROFILE "arms:\n"
								     "  off: {}\n"
								     "  on:\n"
								     "    set:\n"
								     "      target.url: http://127.0.0.1:8081\n"
								     "      load.steady.rate: 70/s\n"
								     "      requests.chat.weight: 3\n",
		NULL);

	assert_int_equal(experiment->kind, EXPERIMENT_ARMS);
	assert_int_equal(experiment->arms_n, 2);
	assert_string_equal(experiment->arms[0].name, "off");
	assert_string_equal(experiment->arms[1].name, "on");
	assert_int_equal(experiment->arms[0].plan->target.url.port, 8080);
	assert_int_equal(experiment->arms[1].plan->target.url.port, 8081);
	assert_true(rate_of(experiment, 0) == 50);
	assert_true(rate_of(experiment, 1) == 70);
	assert_true(experiment->arms[0].plan->requests[0].weight == 1);
	assert_true(experiment->arms[1].plan->requests[0].weight == 3);
	experiment_free(experiment);
}

/* What an arm's results directory holds as profile.yaml is a profile of one run, which gives that run again. */
static void
test_an_arms_effective_profile_is_one_of_its_own(void **state)
{
	(void)state;
	struct plan_experiment *experiment = load_experiment(
		PROFILE "repeats: 3\nbaseline: b\narms: {a: {set: {load.steady.rate: 70/s}}, b: {}}\n", NULL);
	const char *yaml = experiment->arms[0].plan->effective_yaml;
	struct plan *again = load(yaml);

	assert_null(strstr(yaml, "arms"));
	assert_null(strstr(yaml, "repeats"));
	assert_string_equal(again->hash, experiment->arms[0].plan->hash);
	assert_string_not_equal(experiment->arms[0].plan->hash, experiment->arms[1].plan->hash);
	assert_non_null(strstr(experiment->whole.effective_yaml, "arms"));
	assert_int_equal(experiment->baseline, 1);
	plan_free(again);
	experiment_free(experiment);
}

static void
test_an_arm_brings_its_own_before_after_and_ready(void **state)
{
	(void)state;
	struct plan_experiment *experiment =
		load_experiment(PROFILE "before: start-it\n"
					"arms:\n"
					"  - {name: cold, before: {run: start-it --cold, within: 5s}}\n"
					"  - {name: warm, after: stop-it, ready: /health}\n",
			NULL);
	const struct plan_course *cold = experiment->arms[0].plan->course, *warm = experiment->arms[1].plan->course;

	assert_string_equal(cold->before.command.text, "start-it --cold");
	assert_int_equal(cold->before.within_ns, 5000000000);
	assert_null(cold->after.command.text);
	assert_null(cold->ready.fetch.place.shown);
	assert_string_equal(warm->before.command.text, "start-it");
	assert_string_equal(warm->after.command.text, "stop-it");
	assert_string_equal(warm->ready.fetch.place.path, "/health");
	assert_int_equal(warm->ready.fetch.place.url.port, 8080);
	experiment_free(experiment);
}

static void
test_settings_of_the_command_line_come_before_those_of_an_arm(void **state)
{
	(void)state;
	const char *text = PROFILE "arms: {a: {}, b: {set: {load.steady.rate: 70/s}}}\n";
	struct plan_experiment *experiment = load_experiment(text, "load.steady.rate=20/s");

	assert_true(rate_of(experiment, 0) == 20);
	assert_true(rate_of(experiment, 1) == 70);
	experiment_free(experiment);
	experiment = load_experiment(text, "arms.b.set={load.steady.rate: 30/s}");
	assert_true(rate_of(experiment, 1) == 30);
	experiment_free(experiment);
	experiment = load_experiment(text, "arms.b.set.load.steady.rate=40/s"); /* a key that holds dots */
	assert_true(rate_of(experiment, 1) == 40);
	experiment_free(experiment);
}

static void
assert_runs(const char *order, const char *wanted, const char *wanted_repeats)
{
	char text[512], got[16] = "", repeats[16] = "";
	snprintf(text, sizeof(text), PROFILE "arms: {a: {}, b: {}}\nrepeats: 3\n%s", order);
	struct plan_experiment *experiment = load_experiment(text, NULL);

	for (size_t i = 0; i < experiment_runs_n(experiment); i++) {
		got[i] = experiment->arms[experiment_arm_of(experiment, i)].name[0];
		repeats[i] = (char)('0' + experiment_repeat_of(experiment, i));
	}
	assert_string_equal(got, wanted);
	assert_string_equal(repeats, wanted_repeats);
	experiment_free(experiment);
}

static void
test_runs_are_interleaved_unless_they_are_wanted_in_sequence(void **state)
{
	(void)state;
	assert_runs("", "ababab", "001122");
	assert_runs("order: interleaved\n", "ababab", "001122");
	assert_runs("order: sequential\n", "aaabbb", "012012");
}

static void
test_a_matrix_is_every_combination_of_its_values(void **state)
{
	(void)state;
	struct plan_experiment *experiment = load_experiment(PROFILE "matrix:\n"
								     "  requests[0].json.max_tokens: [1, 50]\n"
								     "  load: [{steady: {rate: 5/s, for: 1s}}, "
								     "{steady: {rate: 6/s, for: 1s}}, "
								     "{steady: {rate: 7/s, for: 1s}}]\n",
		NULL);

	assert_int_equal(experiment->kind, EXPERIMENT_MATRIX);
	assert_int_equal(experiment->arms_n, 6);
	assert_int_equal(experiment->keys_n, 2);
	for (size_t i = 0; i < 6; i++) {
		const struct plan_request *request = &experiment->arms[i].plan->requests[0];

		assert_true(rate_of(experiment, i) == 5 + (double)(i % 3));
		assert_non_null(strstr(request->body, i < 3 ? ":1}" : ":50}"));
		assert_string_equal(experiment->arms[i].shown[0], i < 3 ? "1" : "50");
	}
	assert_string_equal(experiment->arms[5].name, "max_tokens=50 load=#3");
	assert_string_equal(experiment->arms[5].brief[0], "50");
	assert_string_equal(experiment->arms[5].brief[1], "#3 …\":\"7/s\",\"for\":\"1s\"}}");
	experiment_free(experiment);
}

static const struct mistake {
	const char *name, *more, *sentence;
} mistakes[] = {
	/* clang-format off */
	{"one arm", "arms: {a: {}}\n", "x.yaml:4:7: arms: an experiment compares at least two of them, such as {baseline: {}, candidate: {set: {target.url: \"http://127.0.0.1:8081\"}}}"},
	{"an arm that is text", "arms: {a: {}, b: fast}\n", "x.yaml:4:18: arms: each is a map such as {set: {target.url: \"http://127.0.0.1:8081\"}}; an arm that is the profile as it stands is {}"},
	{"an arm without a name", "arms:\n  - {set: {seed: 1}}\n  - {}\n", "x.yaml:5:5: 'name' is missing: what results call the arm"},
	{"two arms of one name", "arms:\n  - {name: a}\n  - {name: a}\n", "x.yaml:6:5: name: there is an arm 'a' already"},
	{"a slip in an arm", "arms: {a: {}, b: {sett: {}}}\n", "x.yaml:4:19: unknown key 'sett'; did you mean 'set'? Valid here: name, set, before, after, ready"},
	{"a path that is nothing", "arms:\n  a: {}\n  b:\n    set:\n      load.steady.speed: 5/s\n", "x.yaml:8:26: unknown key 'speed'; valid here: rate, for, count"},
	{"a request that is not there", "arms: {a: {}, b: {set: {requests.buy.weight: 2}}}\n", "x.yaml:4:25: requests.buy.weight: no item of the list is named 'buy'; valid here: chat"},
	{"a value of the wrong kind", "arms:\n  a: {}\n  b: {set: {load.steady.rate: 5/z}}\n", "x.yaml:6:31: rate: '5/z' is not a rate such as 50/s or 3000/min, or a number of users such as '10 users'"},
	{"set is a list", "arms: {a: {}, b: {set: [x]}}\n", "x.yaml:4:24: set: write a map of paths to values, such as {target.url: \"http://127.0.0.1:8081\"}"},
	{"a baseline that is no arm", "arms: {off: {}, on: {}}\nbaseline: of\n", "x.yaml:5:11: baseline: there is no arm 'of'; did you mean 'off'? Valid here: off, on"},
	{"a baseline without arms", "baseline: on\n", "x.yaml:4:11: baseline: there are no 'arms' and no 'matrix' that this belongs to"},
	{"repeats without arms", "repeats: 3\n", "x.yaml:4:10: repeats: there are no 'arms' and no 'matrix' that this belongs to"},
	{"too many runs", "matrix: {seed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}\nrepeats: 100\n", "x.yaml:5:10: repeats: 11 × 100 runs are more than 1000"},
	{"an order", "arms: {a: {}, b: {}}\norder: random\n", "x.yaml:5:8: order: 'random' is not one of interleaved, sequential"},
	{"arms and a matrix", "arms: {a: {}, b: {}}\nmatrix: {seed: [1, 2]}\n", "x.yaml:5:9: matrix: 'arms' is here already; an experiment is one or the other, and a matrix with the key that the arms differ in has all that both say"},
	{"a matrix of one value", "matrix: {seed: 5}\n", "x.yaml:4:16: matrix: 'seed' wants a list of values, such as [1, 4, 8]"},
	{"an empty matrix", "matrix: {}\n", "x.yaml:4:9: matrix: write a map of 1 to 8 paths to lists, such as {load.concurrency.users: [1, 4, 8]}"},
	{"a matrix of a key that is not there", "matrix: {sede: [1, 2]}\n", "x.yaml:4:17: unknown key 'sede'; did you mean 'seed'?"},
	{"a split of one run", "split: {key: '${seq}', percent: 5%}\n", "x.yaml:4:8: split: there are no 'arms' whose traffic this could be; write arms: {baseline: {}, candidate: {set: {target.url: \"http://127.0.0.1:8081\"}}}, or the side that this run is"},
	{"a split of three arms", "arms: {a: {}, b: {}, c: {}}\nsplit: {key: '${seq}', percent: 5%}\n", "x.yaml:4:7: arms: 'split' has two sides, the baseline and the candidate; there are 3 arms"},
	{"a split of a matrix", "matrix: {seed: [1, 2]}\nsplit: {key: '${seq}', percent: 5%}\n", "x.yaml:5:8: split: traffic is split between two 'arms', not between the cells of a matrix"},
	{"a side of two arms", "arms: {a: {}, b: {}}\nsplit: {key: '${seq}', percent: 5%, side: candidate}\n", "x.yaml:5:43: side: both arms are run; leave it out"},
	{"a split in order", "arms: {a: {}, b: {}}\norder: sequential\nsplit: {key: '${seq}', percent: 5%}\n", "x.yaml:5:8: order: with 'split' both arms run at the same time; leave it out"},
	{"a split without a key", "arms: {a: {}, b: {}}\nsplit: {percent: 5%}\n", "x.yaml:5:8: split: 'key' is missing: what tells the requests apart"},
	{"a split without its percent", "arms: {a: {}, b: {}}\nsplit: {key: '${seq}'}\n", "x.yaml:5:8: split: 'percent' is missing: how much goes to the candidate"},
	{"a percent above all", "arms: {a: {}, b: {}}\nsplit: {key: '${seq}', percent: 101%}\n", "x.yaml:5:33: percent: '101%' is"},
	{"a percent that is a number", "arms: {a: {}, b: {}}\nsplit: {key: '${seq}', percent: 25}\n", "x.yaml:5:33: percent: '25' is"},
	{"a matrix with a baseline", "matrix: {seed: [1, 2]}\nbaseline: x\n", "x.yaml:5:11: baseline: the cells of a matrix are not compared with one of them; leave it out, or write 'arms'"},
	{"a large matrix", "matrix: {seed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], safe_share: [11%, 12%, 13%, 14%, 15%, 16%, 17%, 18%, 19%, 20%]}\n", "x.yaml:4:9: matrix: more than 100 cells; leave some values out"},
	{"figures of other names", "scrape: {url: /m, metrics: {a: x}}\narms: {a: {}, b: {set: {scrape.metrics.b: y}}}\n", "x.yaml: arms: 'b' scrapes other figures than 'a', so that they cannot be compared; give those that correspond the same names, in the same order"},
	{"requests of other names", "arms: {a: {}, b: {set: {\"requests[0].name\": talk}}}\n", "x.yaml: arms: the requests of 'b' have other names than those of 'a', so that they cannot be compared; give those that correspond the same names, in the same order"},
	/* clang-format on */
};

static void
test_every_mistake_gets_its_sentence(void **state)
{
	(void)state;
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		char profile[1024], text[1400];
		struct error err = {0};

		snprintf(profile, sizeof(profile), PROFILE "%s", mistakes[i].more);
		struct plan_experiment *experiment =
			experiment_load_text(profile, strlen(profile), "x.yaml", NULL, 0, &fake_tables, &err);
		const char *got = experiment ? "accepted" : error_text(&err, text, sizeof(text));

		/* What is valid at the top level is no matter of this test. */
		if (strncmp(got, mistakes[i].sentence, strlen(mistakes[i].sentence)) != 0) {
			print_error("%s:\n  said   %s\n  wanted %s\n", mistakes[i].name, got, mistakes[i].sentence);
			wrong++;
		}
		experiment_free(experiment);
	}
	assert_int_equal(wrong, 0);
}

#define SPLIT "arms: {old: {}, new: {set: {target.url: http://127.0.0.1:8081}}}\nsplit: {key: '${seq}', percent: 25%}\n"

static void
test_the_arms_of_a_split_are_its_sides(void **state)
{
	(void)state;
	struct plan_experiment *experiment = load_experiment(PROFILE SPLIT "repeats: 2\n", NULL);

	assert_int_equal(experiment->order, ORDER_TOGETHER);
	assert_int_equal(experiment->arms[0].plan->split.side, SPLIT_BASELINE);
	assert_int_equal(experiment->arms[1].plan->split.side, SPLIT_CANDIDATE);
	assert_true(plan_share(experiment->arms[0].plan) == 0.75);
	assert_true(plan_share(experiment->arms[1].plan) == 0.25);
	assert_true(plan_share(&experiment->whole) == 0.75);
	assert_int_equal(experiment_arm_of(experiment, 2), 0);
	assert_int_equal(experiment_arm_of(experiment, 3), 1);
	assert_int_equal(experiment_repeat_of(experiment, 3), 1);
	experiment_free(experiment);
	experiment = load_experiment(PROFILE SPLIT "baseline: new\n", NULL);
	assert_int_equal(experiment->arms[0].plan->split.side, SPLIT_CANDIDATE);
	assert_int_equal(experiment->arms[1].plan->split.side, SPLIT_BASELINE);
	experiment_free(experiment);
}

/* What a side's results directory holds as profile.yaml is that side again. */
static void
test_a_sides_effective_profile_is_that_side_alone(void **state)
{
	(void)state;
	struct plan_experiment *both = load_experiment(PROFILE SPLIT, NULL);
	struct plan_experiment *side = load_experiment(both->arms[1].plan->effective_yaml, NULL);

	assert_int_equal(side->kind, EXPERIMENT_ONE_RUN);
	assert_int_equal(side->arms[0].plan->split.side, SPLIT_CANDIDATE);
	assert_int_equal(side->arms[0].plan->target.url.port, 8081);
	experiment_free(side);
	experiment_free(both);
}

static double
candidates_share(const char *environment, const char *set)
{
	assert_int_equal(setenv("BRUNT_SPLIT", environment, 1), 0);
	struct plan_experiment *experiment = load_experiment(PROFILE SPLIT, set);
	double share = plan_share(experiment->arms[1].plan);

	unsetenv("BRUNT_SPLIT");
	experiment_free(experiment);
	return share;
}

static void
test_the_environment_stands_in_place_of_the_percentage_and_a_setting_in_place_of_both(void **state)
{
	(void)state;
	assert_true(candidates_share("40%", NULL) == 0.4);
	assert_true(candidates_share("40%", "split.percent=50%") == 0.5);
	assert_true(candidates_share("", NULL) == 0.25);
	assert_true(candidates_share("0%", NULL) == 0);
}

static void
test_a_wrong_percentage_of_the_environment_is_said_to_be_its(void **state)
{
	struct error err = {0};
	char text[1400];

	(void)state;
	setenv("BRUNT_SPLIT", "half", 1);
	struct plan_experiment *experiment =
		experiment_load_text(PROFILE SPLIT, sizeof(PROFILE SPLIT) - 1, "x.yaml", NULL, 0, &fake_tables, &err);

	unsetenv("BRUNT_SPLIT");
	assert_null(experiment);
	assert_ptr_equal(strstr(error_text(&err, text, sizeof(text)), "BRUNT_SPLIT: percent: 'half' is "), text);
	setenv("BRUNT_SPLIT", "half", 1); /* of no meaning to a profile that splits nothing */
	experiment_free(load_experiment(PROFILE, NULL));
	unsetenv("BRUNT_SPLIT");
}

static void
test_where_one_run_is_wanted_several_are_refused(void **state)
{
	(void)state;
	char text[1400];

	assert_string_equal(refusal_of(PROFILE "arms: {a: {}, b: {}}\n", NULL, text, sizeof(text)),
		"x.yaml:4:7: arms: this profile asks for several runs, where one is wanted; brunt run and brunt check "
		"take it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_profile_without_arms_is_one_run),
		cmocka_unit_test(test_an_arm_is_the_profile_with_settings_of_its_own),
		cmocka_unit_test(test_an_arms_effective_profile_is_one_of_its_own),
		cmocka_unit_test(test_an_arm_brings_its_own_before_after_and_ready),
		cmocka_unit_test(test_settings_of_the_command_line_come_before_those_of_an_arm),
		cmocka_unit_test(test_runs_are_interleaved_unless_they_are_wanted_in_sequence),
		cmocka_unit_test(test_a_matrix_is_every_combination_of_its_values),
		cmocka_unit_test(test_every_mistake_gets_its_sentence),
		cmocka_unit_test(test_the_arms_of_a_split_are_its_sides),
		cmocka_unit_test(test_a_sides_effective_profile_is_that_side_alone),
		cmocka_unit_test(test_the_environment_stands_in_place_of_the_percentage_and_a_setting_in_place_of_both),
		cmocka_unit_test(test_a_wrong_percentage_of_the_environment_is_said_to_be_its),
		cmocka_unit_test(test_where_one_run_is_wanted_several_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
