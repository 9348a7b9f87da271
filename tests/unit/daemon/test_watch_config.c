#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "daemon/watch_config.h"
#include "plan/scrape.h"

static bool
parse(struct arena *arena, const char *text, struct watch_config *config, struct error *err)
{
	struct plan_context context = {.arena = arena};
	struct plan_node *root = yaml_read(arena, text, strlen(text), "brunt.yaml", true, err);

	assert_non_null(root);
	return watch_config_parse(&context, root, config, err);
}

static void
test_schedules_rules_and_sinks_are_read(void **state)
{
	static const char text[] =
		"schedules:\n"
		"  nightly: {profile: full, cron: '0 2 * * *', missed: once, set: {load.steady.rate: 5/s}}\n"
		"  often: {profile: smoke, every: 15m, overlap: queue, jitter: 2m}\n"
		"alerts:\n"
		"  shipped: [ttft_high]\n"
		"  sinks:\n"
		"    ops: {webhook: 'http://127.0.0.1:1/hook', secret: abc, headers: {X-Key: v}, tries: 3}\n"
		"    am: {alertmanager: 'http://127.0.0.1:9093'}\n"
		"  rules:\n"
		"    slow: {when: 'p95 > 1s', for: 30s, severity: critical, sinks: ops, profiles: ['web-*']}\n"
		"    capacity: {when: 'max_sustainable_rate < 150/s', over: run}\n"
		"    bad: {on: [fail, lost]}\n";
	struct watch_config config;
	struct error err = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	if (!parse(&arena, text, &config, &err))
		fail_msg("%s: %s", err.where, err.message);
	const struct schedule_wish *schedules = config.schedules.items;
	const struct sink_wish *sinks = config.sinks.items;

	assert_int_equal(config.schedules.n, 2);
	assert_string_equal(schedules[0].name, "nightly");
	assert_int_equal(schedules[0].missed, SCHEDULE_MISSED_ONCE);
	assert_int_equal(schedules[0].set.n, 1);
	assert_null(schedules[0].every);
	assert_true(schedules[0].is_of_file);
	assert_int_equal(schedules[1].overlap, SCHEDULE_OVERLAP_QUEUE);
	assert_true(schedules[1].jitter_ns == 120 * NS_PER_S);
	assert_int_equal(config.sinks.n, 2);
	assert_string_equal(sinks[0].secret, "abc");
	assert_true(sinks[0].tries == 3 && sinks[0].timeout_ns == 10 * NS_PER_S && sinks[0].headers.n == 1);
	assert_true(sinks[1].remind_ns == 60 * NS_PER_S);
	assert_int_equal(alert_rules_count(config.rules), 4);
	const struct alert_rule *slow = alert_rules_find(config.rules, "slow");

	assert_int_equal(slow->wish.severity, ALERT_CRITICAL);
	assert_true(slow->terms.for_ns == 30 * NS_PER_S && slow->terms.cooldown_ns == 600 * NS_PER_S);
	assert_true(alert_rule_has_sink(slow, "ops") && !alert_rule_has_sink(slow, "am"));
	assert_true(alert_rule_is_of(slow, "web-1") && !alert_rule_is_of(slow, "db"));
	assert_int_equal(alert_rules_find(config.rules, "capacity")->kind, ALERT_OF_RUN);
	assert_int_equal(alert_rules_find(config.rules, "bad")->words, BIT(ALERT_WORD_FAIL) | BIT(ALERT_WORD_LOST));
	assert_non_null(alert_rules_find(config.rules, "ttft_high"));
	watch_config_fini(&config);
	arena_fini(&arena);
}

static void
test_what_brunt_brings_along_is_there_unless_it_is_not_wanted(void **state)
{
	const struct {
		const char *text;
		bool is_there;
	} cases[] = {{"listen: x", true}, {"alerts: {shipped: true}", true}, {"alerts: {shipped: false}", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct watch_config config;
		struct error err = {0};
		struct arena arena;

		arena_init(&arena);
		assert_true(parse(&arena, cases[i].text, &config, &err));
		assert_int_equal(alert_rules_find(config.rules, "regression") != NULL, cases[i].is_there);
		watch_config_fini(&config);
		arena_fini(&arena);
	}
}

static void
test_whom_to_watch_without_load_is_read(void **state)
{
	static const char text[] =
		"monitor:\n"
		"  watch: {process: nginx}\n"
		"  scrape: {url: 'http://127.0.0.1:9100/metrics', every: 5s, metrics: {load: node_load1, hits: {metric: h_total, "
		"rate: true}}}\n"
		"  only: true\n";
	struct watch_config config;
	struct error err = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_true(parse(&arena, text, &config, &err));
	const struct monitor_config *monitor = &config.monitor;

	assert_true(monitor->has_process && monitor->is_only);
	assert_string_equal(monitor->process.process, "nginx");
	assert_int_equal(monitor->scrape.endpoints_n, 1);
	assert_int_equal(monitor->scrape.n, 2);
	assert_string_equal(monitor->scrape.list[1].name, "hits");
	assert_true(monitor->scrape.endpoints[0].every_ns == 5 * NS_PER_S);
	assert_string_equal(monitor->scrape.endpoints[0].fetch.place.url.host, "127.0.0.1");
	watch_config_fini(&config);
	assert_true(parse(&arena, "listen: x", &config, &err)); /* nobody, where nobody is named */
	assert_false(config.monitor.has_process || config.monitor.is_only);
	watch_config_fini(&config);
	arena_fini(&arena);
}

static void
test_what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *text, *where, *why;
	} wrong[] = {
		{"schedules: []", "brunt.yaml:1:12", "schedules: write a map of names"},
		{"schedules:\n  n: {profile: p, cron: '61 * * * *'}", "brunt.yaml:2:", "n: cron: minute '61'"},
		{"schedules:\n  n: {cron: '@daily'}", "brunt.yaml:2:", "profile"},
		{"schedules:\n  n: {profile: p, evry: 1h}", "brunt.yaml:2:", "did you mean 'every'?"},
		{"alerts:\n  rules: {slow: {when: 'p95 >'}}", "brunt.yaml:2:", "slow: when: p95"},
		{"alerts:\n  rules: {slow: {when: 'p95 > 1s', sinks: [ops]}}",
			"brunt.yaml:2:", "there is no sink 'ops'"},
		{"alerts:\n  sinks: {ops: {webhook: a, command: b}}", "brunt.yaml:2:", "write one of webhook"},
		{"alerts: {shipped: [regresion]}", "brunt.yaml:1:", "did you mean 'regression'?"},
		{"alerts: {ruels: {}}", "brunt.yaml:1:", "ruels"},
		{"monitor: here", "brunt.yaml:1:", "write whom, such as"},
		{"monitor: {}", "brunt.yaml:1:", "nobody is watched"},
		{"monitor:\n  watch: {prot: 1}", "brunt.yaml:2:", "did you mean 'port'?"},
		{"monitor:\n  watch: {port: 1, pid: 2}", "brunt.yaml:2:", "not several"},
		{"monitor:\n  watch: {gpu: true}", "brunt.yaml:2:", "say whom"},
		{"monitor:\n  watch: {port: 1, every: 100ms}", "brunt.yaml:2:27", "once a second; leave it out"},
		{"monitor:\n  scrape: {url: /metrics, metrics: {a: b}}", "brunt.yaml:2:17", "write all of it, such as"},
		{"monitor:\n  scrape:\n    - {url: 'http://h/m', metrics: {a: b}}\n    - {url: 'http://h/n', "
		 "metrics: {a: c}}",
			"brunt.yaml:4:", "there is a figure 'a' already"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct watch_config config;
		struct error err = {0};
		struct arena arena;

		arena_init(&arena);
		assert_false(parse(&arena, wrong[i].text, &config, &err));
		if (strncmp(err.where, wrong[i].where, strlen(wrong[i].where)) != 0 ||
			strstr(err.message, wrong[i].why) == NULL)
			fail_msg("%s: %s", err.where, err.message);
		watch_config_fini(&config);
		arena_fini(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedules_rules_and_sinks_are_read),
		cmocka_unit_test(test_what_brunt_brings_along_is_there_unless_it_is_not_wanted),
		cmocka_unit_test(test_whom_to_watch_without_load_is_read),
		cmocka_unit_test(test_what_is_wrong_is_said_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
