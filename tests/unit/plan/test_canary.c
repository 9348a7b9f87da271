#include "unit/plan/loading.h"

#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/canary.h"
#include "plan/experiment.h"

#define PROFILE                                                                                                        \
	"target: http://127.0.0.1:8080\n"                                                                              \
	"load: {steady: {rate: 50/s}}\n"                                                                               \
	"arms: {old: {}, new: {set: {target.url: http://127.0.0.1:8081}}}\n"                                           \
	"split: {key: '${seq}'}\n"

static struct plan_experiment *
load_canary(const char *text, const char *const *set)
{
	struct plan_setting settings[4] = {{0}};
	struct error err = {0};
	size_t n = 0;

	for (; set != NULL && set[n] != NULL; n++)
		assert_true(plan_setting_parse(set[n], &settings[n], &err));
	struct plan_experiment *experiment =
		experiment_load_text(text, strlen(text), "x.yaml", settings, n, &fake_tables, &err);

	if (experiment == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return experiment;
}

static const struct fake_steady *
load_of(const struct plan_experiment *experiment, size_t arm)
{
	return experiment->arms[arm].plan->scenarios[0].load.shape.params;
}

/* 1%, 10% and 50%, held 24 h, 48 h and 48 h, and then all. */
static void
test_a_canary_has_the_usual_stages_and_rules_unless_it_says_others(void **state)
{
	static const double shares[] = {0.01, 0.1, 0.5, 1};
	static const int hours[] = {24, 48, 48};

	(void)state;
	struct plan_experiment *experiment = load_canary(PROFILE "canary: {}\n", NULL);
	const struct plan_canary *canary = experiment->canary;

	assert_non_null(canary);
	assert_int_equal(canary->stages_n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(canary->stages[i].share == shares[i]);
		assert_true(canary_next_share(canary, i) == shares[i + 1]);
		assert_int_equal(canary->stages[i].hold_ns, hours[i] * 3600 * NS_PER_S);
	}
	assert_true(canary->rollback_when.errors == 2);
	assert_true(canary->rollback_when.p95 == 1.5);
	assert_true(fabs(canary->rollback_when.memory_growth_per_h - 0.2) < 1e-12);
	assert_true(canary->rollback_when.crash_rate == 0.001);
	assert_false(canary->rolls_back_regressions);
	assert_null(canary->promote.command.text);
	assert_int_equal(experiment_runs_n(experiment), 6);
	experiment_free(experiment);
}

static void
test_its_arms_are_the_sides_of_the_first_stage(void **state)
{
	(void)state;
	struct plan_experiment *experiment = load_canary(PROFILE
		"canary: {stages: [{percent: 5%, hold: 2s}, {percent: 20%, hold: 3s}, {percent: 100%}]}\n",
		NULL);

	assert_int_equal(experiment->canary->stages_n, 2);
	assert_true(canary_next_share(experiment->canary, 1) == 1);
	assert_true(plan_share(experiment->arms[1].plan) == 0.05);
	assert_int_equal(load_of(experiment, 0)->for_ns, 2 * NS_PER_S);
	assert_int_equal(load_of(experiment, 1)->for_ns, 2 * NS_PER_S);
	experiment_free(experiment);
}

/* What the sides of a stage are told. */
static void
test_a_stage_is_a_split_by_settings(void **state)
{
	static const char *const set[] = {"canary=null", "split.percent=10%", "load.steady.for=1500000000ns", NULL};

	(void)state;
	struct plan_experiment *experiment = load_canary(PROFILE "canary: {promote: ./up.sh}\n", set);

	assert_null(experiment->canary);
	assert_int_equal(experiment->order, ORDER_TOGETHER);
	assert_true(plan_share(experiment->arms[1].plan) == 0.1);
	assert_int_equal(load_of(experiment, 1)->for_ns, 1500000000);
	experiment_free(experiment);
}

static void
test_rules_can_be_switched_off_and_announced_to_whoever_listens(void **state)
{
	(void)state;
	struct plan_experiment *experiment = load_canary(PROFILE
		"canary:\n"
		"  rollback_when: {errors: off, p95: 3, memory_growth: off, crash_rate: off}\n"
		"  promote: {run: ./up.sh, within: 5m, url: 'http://hooks:9000/x', headers: {A: b}}\n"
		"  rollback: ./down.sh\n"
		"  on_regression: rollback\n",
		NULL);
	const struct plan_canary *canary = experiment->canary;

	assert_true(isnan(canary->rollback_when.errors));
	assert_true(canary->rollback_when.p95 == 3);
	assert_true(isnan(canary->rollback_when.memory_growth_per_h));
	assert_true(isnan(canary->rollback_when.crash_rate));
	assert_string_equal(canary->promote.command.text, "./up.sh");
	assert_string_equal(canary->promote.fetch.place.shown, "http://hooks:9000/x");
	assert_string_equal(canary->promote.fetch.method, "POST");
	assert_int_equal(canary->promote.fetch.headers.n, 1);
	assert_string_equal(canary->rollback.command.text, "./down.sh");
	assert_true(canary->rolls_back_regressions);
	experiment_free(experiment);
}

static const struct {
	const char *name, *profile, *sentence;
} mistakes[] = {
/* clang-format off */
#define TOP "target: http://h\nload: {steady: {rate: 5/s}}\narms: {a: {}, b: {}}\nsplit: {key: '${seq}'}\n"
	{"no arms", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\ncanary: {}\n", "x.yaml:3:9: canary: there are no 'arms' and no 'matrix' that this belongs to"},
	{"no split", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\narms: {a: {}, b: {}}\ncanary: {}\n", "x.yaml:4:9: canary: it needs two 'arms' and a 'split' of their traffic, such as split: {key: \"${seq}\"}"},
	{"a percentage of its own", "target: http://h\nload: {steady: {rate: 5/s}}\narms: {a: {}, b: {}}\nsplit: {key: '${seq}', percent: 5%}\ncanary: {}\n", "x.yaml:4:33: percent: the stages of the canary say it; leave it, and BRUNT_SPLIT, out"},
	{"a length of its own", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\narms: {a: {}, b: {}}\nsplit: {key: '${seq}'}\ncanary: {}\n", "x.yaml:2:33: for: the stages of the canary say how long each is held; leave it out"},
	{"another load", "target: http://h\nload: {ramp: {to: 5/s, over: 1s}}\narms: {a: {}, b: {}}\nsplit: {key: '${seq}'}\ncanary: {}\n", "x.yaml:2:7: canary: its load is the same in all stages; write load: {steady: {rate: 50/s}}"},
	{"repeats", TOP "repeats: 2\ncanary: {}\n", "x.yaml:5:10: repeats: the stages of the canary are its rounds; leave it out"},
	{"stages that fall", TOP "canary: {stages: [{percent: 10%, hold: 1h}, {percent: 5%, hold: 1h}]}\n", "x.yaml:5:55: percent: '5%' is not more than the stage before; stages rise, so that no key moves back"},
	{"a stage of nothing", TOP "canary: {stages: [{percent: 0%, hold: 1h}]}\n", "x.yaml:5:29: percent: '0%' is not more than 0; stages rise, so that no key moves back"},
	{"all of it, held", TOP "canary: {stages: [{percent: 10%, hold: 1h}, {percent: 100%, hold: 1h}]}\n", "x.yaml:5:45: stages: at 100% nothing is left to compare with; write it last and without 'hold', or leave it out"},
	{"all of it at once", TOP "canary: {stages: [{percent: 100%}]}\n", "x.yaml:5:18: stages: there is none before 100%; write {percent: 1%, hold: 24h} first"},
	{"no hold", TOP "canary: {stages: [{percent: 10%}]}\n", "x.yaml:5:19: stages: 'hold' is missing: how long this stage lasts, such as 48h"},
	{"stages of one", TOP "canary: {stages: 10%}\n", "x.yaml:5:18: stages: write a list of up to 20 such as [{percent: 1%, hold: 24h}, {percent: 10%, hold: 48h}]"},
	{"a stage that is a share", TOP "canary: {stages: [10%]}\n", "x.yaml:5:19: stages: each is a map such as {percent: 10%, hold: 48h}"},
	{"a factor below 1", TOP "canary: {rollback_when: {errors: 0.5}}\n", "x.yaml:5:34: errors: '0.5' is not a factor of at least 1 such as 1.5, nor off"},
	{"a growth without its time", TOP "canary: {rollback_when: {memory_growth: 20%}}\n", "x.yaml:5:41: memory_growth: '20%' is not a growth above 0 such as 20%/h, nor off"},
	{"a webhook of the target", TOP "canary: {promote: {url: /hook}}\n", "x.yaml:5:25: url: '/hook' is a path, and there are two targets; write a URL"},
	{"a promotion of nothing", TOP "canary: {promote: {within: 1m}}\n", "x.yaml:5:19: promote: what is to be done then? write 'run: COMMAND' or 'url: URL'"},
	/* clang-format on */
};

static void
test_every_mistake_gets_its_sentence(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct error err = {0};
		char text[1400];
		struct plan_experiment *experiment = experiment_load_text(
			mistakes[i].profile, strlen(mistakes[i].profile), "x.yaml", NULL, 0, &fake_tables, &err);
		const char *got = experiment ? "accepted" : error_text(&err, text, sizeof(text));

		if (strcmp(got, mistakes[i].sentence) != 0) {
			print_error("%s:\n  said   %s\n  wanted %s\n", mistakes[i].name, got, mistakes[i].sentence);
			wrong++;
		}
		experiment_free(experiment);
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_canary_has_the_usual_stages_and_rules_unless_it_says_others),
		cmocka_unit_test(test_its_arms_are_the_sides_of_the_first_stage),
		cmocka_unit_test(test_a_stage_is_a_split_by_settings),
		cmocka_unit_test(test_rules_can_be_switched_off_and_announced_to_whoever_listens),
		cmocka_unit_test(test_every_mistake_gets_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
