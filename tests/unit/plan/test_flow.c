#include "unit/plan/loading.h"

#include <stdio.h>

#include "base/check.h"
#include "plan/flow.h"

#define PROFILE                                                                                                        \
	"target: http://h\n"                                                                                           \
	"load: {steady: {rate: 5/s, for: 1s}}\n"

static void
test_a_flow_is_its_steps_in_order_and_what_they_extract(void **state)
{
	(void)state;
	struct plan *plan = load(PROFILE
		"session: {cookies: true, history: 64KiB, on_failure: continue}\n"
		"flow:\n"
		"  - name: login\n"
		"    post: /login\n"
		"    extract: {token: {json: /token}, sid: {header: X-Session}, csrf: {regex: 'v=\"([^\"]+)\"'}}\n"
		"  - {name: chat, get: '/chat?t=${token}', repeat: 10, think: 1s, extract: {token: {json: /a/0}}}\n");
	const struct plan_flow *flow = plan->scenarios[0].flow;

	assert_non_null(flow);
	assert_int_equal(plan->scenarios[0].requests_n, 2);
	assert_true(flow->keeps_cookies);
	assert_true(flow->goes_on);
	assert_int_equal(flow->history_bytes, 65536);
	assert_int_equal(flow->session_steps, 11);
	assert_int_equal(flow->steps_n, 2);
	assert_int_equal(flow->values_n, 3);
	assert_string_equal(flow->values[2].name, "csrf");
	assert_int_equal(flow->values[0].step, 0);

	const struct plan_step *login = plan->requests[0].step, *chat = plan->requests[1].step;

	assert_int_equal(login->repeat, 1);
	assert_int_equal(login->think.from_ns, 0);
	assert_int_equal(login->extracts_n, 3);
	assert_int_equal(login->extracts[1].kind, EXTRACT_HEADER);
	assert_string_equal(login->extracts[1].what, "X-Session");
	assert_int_equal(chat->repeat, 10);
	assert_int_equal(chat->think.from_ns, 1000000000);
	assert_int_equal(chat->extracts[0].value, 0); /* the same name is the same value */
	plan_free(plan);
}

static void
test_a_session_has_its_defaults(void **state)
{
	(void)state;
	struct plan *plan = load(PROFILE "flow: [{name: a, get: /}]\n");
	const struct plan_flow *flow = plan->scenarios[0].flow;

	assert_false(flow->keeps_cookies);
	assert_false(flow->goes_on);
	assert_int_equal(flow->history_bytes, 262144);
	assert_int_equal(flow->session_steps, 1);
	plan_free(plan);
}

static void
test_scenarios_have_flows_or_requests(void **state)
{
	(void)state;
	struct plan *plan = load("target: http://h\n"
				 "scenarios:\n"
				 "  a: {load: {steady: {rate: 5/s, for: 1s}}, requests: [{name: x, get: /}]}\n"
				 "  b: {load: {steady: {rate: 5/s, for: 1s}}, session: {cookies: true},\n"
				 "      flow: [{name: y, get: /}, {name: z, get: /}]}\n");

	assert_null(plan->scenarios[0].flow);
	assert_null(plan->requests[0].step);
	assert_non_null(plan->scenarios[1].flow);
	assert_true(plan->scenarios[1].flow->keeps_cookies);
	assert_int_equal(plan->scenarios[1].first_request, 1);
	assert_non_null(plan->requests[2].step);
	plan_free(plan);
}

static void
test_times_to_think(void **state)
{
	static const struct {
		const char *text;
		bool is_good;
		struct plan_think think;
	} rows[] = {
		{"0", true, {THINK_CONSTANT, 0, 0, 0}},
		{"250ms", true, {THINK_CONSTANT, 250000000, 0, 0}},
		{"uniform:1s..3s", true, {THINK_UNIFORM, 1000000000, 3000000000, 0}},
		{"uniform:0..10ms", true, {THINK_UNIFORM, 0, 10000000, 0}},
		{"exponential:1s", true, {THINK_EXPONENTIAL, 1000000000, 0, 0}},
		{"lognormal:2s:0.5", true, {THINK_LOGNORMAL, 2000000000, 0, 0.5}},
		{"lognormal:2s:3", true, {THINK_LOGNORMAL, 2000000000, 0, 3}},
		{"24h", true, {THINK_CONSTANT, FLOW_THINK_CEILING_NS, 0, 0}},
		{"25h", false, {0}},
		{"1", false, {0}},
		{"", false, {0}},
		{"uniform:3s..1s", false, {0}},
		{"uniform:1s", false, {0}},
		{"uniform:1s...3s", false, {0}},
		{"lognormal:1s", false, {0}},
		{"lognormal:1s:", false, {0}},
		{"lognormal:1s:-1", false, {0}},
		{"lognormal:1s:nan", false, {0}},
		{"lognormal:1s:3.1", false, {0}},
		{"lognormal:1s:0.5x", false, {0}},
		{"normal:1s", false, {0}},
		{"exponential:", false, {0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct plan_think think;

		if (flow_parse_think(rows[i].text, &think) != rows[i].is_good)
			fail_msg("'%s'", rows[i].text);
		if (!rows[i].is_good)
			continue;
		assert_int_equal(think.kind, rows[i].think.kind);
		assert_int_equal(think.from_ns, rows[i].think.from_ns);
		assert_int_equal(think.to_ns, rows[i].think.to_ns);
		assert_true(think.sigma == rows[i].think.sigma);
	}
}

#define STEP "flow: [{name: a, get: /, extract: {t: {json: /t}}}, "

static void
test_a_flow_has_conditions_and_branches(void **state)
{
	(void)state;
	struct plan *plan =
		load(PROFILE "session: {jumps: 7}\n"
			     "flow:\n"
			     "  - {name: a, get: /, extract: {t: {cookie: sid, default: none}}}\n"
			     "  - {name: b, get: /, if: ' not  ${t} ', repeat: 2, until: \"${t} != x y \"}\n"
			     "  - {name: c, get: '/${t}', then: {404: stop, 5xx: goto a, failed: next}}\n");
	const struct plan_step *a = plan->requests[0].step, *b = plan->requests[1].step, *c = plan->requests[2].step;

	assert_int_equal(a->extracts[0].kind, EXTRACT_COOKIE);
	assert_string_equal(a->extracts[0].otherwise, "none");
	assert_null(a->only_if);
	assert_int_equal(b->only_if->test, TEST_NOT_SET);
	assert_int_equal(b->until->test, TEST_DIFFERENT);
	assert_string_equal(b->until->text, "x y");
	assert_int_equal(c->branches_n, 3);
	assert_int_equal(c->branches[1].move, MOVE_GOTO);
	assert_int_equal(c->branches[1].to, 0);
	assert_true(c->branches[2].is_of_failures);
	assert_true(plan->scenarios[0].flow->goes_back);
	assert_int_equal(plan->scenarios[0].flow->jumps_most, 7);
	plan_free(plan);
}

static void
test_every_mistake_gets_its_sentence(void **state)
{
	/* clang-format off */
	static const char *const rows[][2] = {
		{"flow: []\n", "x.yaml:3:7: flow: write a list such as [{name: root, get: /}]"},
		{"flow: {name: a}\n", "x.yaml:3:7: flow: write a list such as [{name: root, get: /}]"},
		{"flow: [{name: a, get: /}]\nrequests: [{name: b, get: /}]\n", "x.yaml:3:7: flow: an arrival performs a flow or sends one of the requests, not both"},
		{"session: {cookies: true}\n", "x.yaml:3:10: session: only a flow has sessions; there is none"},
		{"flow: [{name: a, get: /, weight: 2}]\n", "x.yaml:3:34: weight: the steps of a flow are all performed, in order; leave it out, or write 'requests'"},
		{"requests: [{name: a, get: /, repeat: 2}]\n", "x.yaml:3:38: repeat: only a step of a flow has this; write 'flow' in place of 'requests'"},
		{"requests: [{name: a, get: /, think: 1s}]\n", "x.yaml:3:37: think: only a step of a flow has this; write 'flow' in place of 'requests'"},
		{"requests: [{name: a, get: /, extract: {a: {json: /a}}}]\n", "x.yaml:3:39: extract: only a step of a flow has this; write 'flow' in place of 'requests'"},
		{"flow: [{name: a, get: /, repeat: 0}]\n", "x.yaml:3:34: repeat: '0' is too little; the least is 1"},
		{"flow: [{name: a, get: /, repeat: 10001}]\n", "x.yaml:3:34: repeat: '10001' is too much; the most is 10000"},
		{"flow: [{name: a, get: /, think: soon}]\n", "x.yaml:3:33: think: 'soon' is not a time to think; write 1s, uniform:1s..3s, exponential:1s (its mean) or lognormal:1s:0.5 (median and sigma, 3 at most), a day at most"},
		{"flow: [{name: a, get: /}, {name: a, get: /}]\n", "x.yaml:3:34: name: there is a request 'a' already; names are unique in a profile"},
		{"flow: [{name: a, get: /, extract: {}}]\n", "x.yaml:3:35: extract: write a map such as {token: {json: /token}}"},
		{"flow: [{name: a, get: /, extract: {a.b: {json: /a}}}]\n", "x.yaml:3:41: extract: 'a.b' is not a name to fill in as ${name}; write letters, digits, '_' or '-', beginning with a letter"},
		{"flow: [{name: a, get: /, extract: {t: /token}}]\n", "x.yaml:3:39: extract: 't' wants one of {json: /a/b}, {header: X-Name}, {cookie: NAME} or {regex: 'id=([0-9]+)'}, and beside it at most a default: {json: /next, default: \"\"}"},
		{"flow: [{name: a, get: /, extract: {t: {json: /a, header: X}}}]\n", "x.yaml:3:39: extract: 't' wants one of {json: /a/b}, {header: X-Name}, {cookie: NAME} or {regex: 'id=([0-9]+)'}, and beside it at most a default: {json: /next, default: \"\"}"},
		{"flow: [{name: a, get: /, extract: {t: {xpath: //a}}}]\n", "x.yaml:3:39: extract: 't' wants one of {json: /a/b}, {header: X-Name}, {cookie: NAME} or {regex: 'id=([0-9]+)'}, and beside it at most a default: {json: /next, default: \"\"}"},
		{"flow: [{name: a, get: /, extract: {t: {json: token}}}]\n", "x.yaml:3:46: json: 'token' is not a JSON pointer (RFC 6901); write /token or /choices/0/text"},
		{"flow: [{name: a, get: /, extract: {t: {json: /a~2}}}]\n", "x.yaml:3:46: json: '/a~2' is not a JSON pointer (RFC 6901); write /token or /choices/0/text"},
		{"flow: [{name: a, get: /, extract: {t: {header: 'X Y'}}}]\n", "x.yaml:3:48: header: 'X Y' is not a header's name"},
		{"session: {cookies: true}\nflow: [{name: a, get: /, headers: {Cookie: a=b}}]\n", "x.yaml:4:44: headers: with session.cookies brunt writes 'Cookie' itself; leave one of them out"},
		{"flow: [{name: a, get: /, extract: {t: {json: /a, default: [x]}}}]\n", "x.yaml:3:39: extract: 't' wants one of {json: /a/b}, {header: X-Name}, {cookie: NAME} or {regex: 'id=([0-9]+)'}, and beside it at most a default: {json: /next, default: \"\"}"},
		{"flow: [{name: a, get: /, extract: {t: {cookie: 'a b'}}}]\n", "x.yaml:3:48: cookie: 'a b' is not a cookie's name"},
		{"requests: [{name: a, get: /, until: x}]\n", "x.yaml:3:37: until: only a step of a flow has this; write 'flow' in place of 'requests'"},
		{"requests: [{name: a, get: /, if: x}]\n", "x.yaml:3:34: if: only a step of a flow has this; write 'flow' in place of 'requests'"},
		{"requests: [{name: a, get: /, then: {404: stop}}]\n", "x.yaml:3:36: then: only a step of a flow has this; write 'flow' in place of 'requests'"},
		{STEP "{name: b, get: /, if: x}]\n", "x.yaml:3:75: if: 'x' is not a condition; write \"${token}\", \"not ${token}\", \"${state} == done\", != or, of numbers, <, <=, > and >="},
		{STEP "{name: b, get: /, if: '${t} ~ x'}]\n", "x.yaml:3:75: if: '${t} ~ x' is not a condition; write \"${token}\", \"not ${token}\", \"${state} == done\", != or, of numbers, <, <=, > and >="},
		{STEP "{name: b, get: /, if: '${t} =='}]\n", "x.yaml:3:75: if: '${t} ==' is not a condition; write \"${token}\", \"not ${token}\", \"${state} == done\", != or, of numbers, <, <=, > and >="},
		{STEP "{name: b, get: /, if: 'not ${t} == x'}]\n", "x.yaml:3:75: if: 'not ${t} == x' is not a condition; write \"${token}\", \"not ${token}\", \"${state} == done\", != or, of numbers, <, <=, > and >="},
		{STEP "{name: b, get: /, if: '${tt}'}]\n", "x.yaml:3:75: if: no step of this flow extracts 'tt'; valid here: t"},
		{"flow: [{name: a, get: /, if: '${t}', extract: {t: {json: /t}}}]\n", "x.yaml:3:30: if: the first step of a flow is always performed; nothing is known before"},
		{"flow: [{name: a, get: /}, {name: b, get: /, if: '${t}', extract: {t: {json: /t}}}]\n", "x.yaml:3:49: if: '${t}' is not extracted before this is looked at"},
		{STEP "{name: b, get: /, until: '${t}'}]\n", "x.yaml:3:78: until: say by 'repeat' how often the step is performed at most, such as 'repeat: 30'"},
		{STEP "{name: b, get: /, then: stop}]\n", "x.yaml:3:77: then: write a map of 1 to 16 statuses, such as {404: stop, 5xx: again, 401: goto login}"},
		{STEP "{name: b, get: /, then: {404: leave}}]\n", "x.yaml:3:83: then: write next, again, stop (the session is over, and well), fail or 'goto STEP' after '404'"},
		{STEP "{name: b, get: /, then: {404: goto c}}]\n", "x.yaml:3:83: then: this flow has no step 'c'; valid here: a, b"},
		{STEP "{name: b, get: /, then: {999: stop}}]\n", "x.yaml:3:83: status: '999' is not a status such as 200 or 2xx, or a list of them"},
		{"session: {history: 1GiB}\nflow: [{name: a, get: /}]\n", "x.yaml:3:20: history: '1GiB' is too much; the most is 64MiB"},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char profile[1024], said[2048];

		snprintf(profile, sizeof(profile), PROFILE "%s", rows[i][0]);
		assert_string_equal(refusal_of(profile, NULL, said, sizeof(said)), rows[i][1]);
	}
}

static void
test_a_flow_has_16_values_at_most(void **state)
{
	char profile[4096] = PROFILE "flow: [{name: a, get: /, extract: {", said[2048];

	(void)state;
	for (int i = 0; i < 17; i++) {
		size_t used = strlen(profile);

		snprintf(profile + used, sizeof(profile) - used, "%sv%d: {json: /a}", i > 0 ? ", " : "", i);
	}
	snprintf(profile + strlen(profile), sizeof(profile) - strlen(profile), "}}]\n");
	assert_string_equal(refusal_of(profile, NULL, said, sizeof(said)),
		"x.yaml:3:303: extract: more than 16 values in one flow");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_flow_is_its_steps_in_order_and_what_they_extract),
		cmocka_unit_test(test_a_session_has_its_defaults),
		cmocka_unit_test(test_scenarios_have_flows_or_requests),
		cmocka_unit_test(test_times_to_think),
		cmocka_unit_test(test_a_flow_has_conditions_and_branches),
		cmocka_unit_test(test_every_mistake_gets_its_sentence),
		cmocka_unit_test(test_a_flow_has_16_values_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
