#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/check.h"
#include "request/session.h"
#include "request/template.h"
#include "unit/request/flows.h"

/* The second step of a flow whose first one extracted `token`. */
struct bench {
	struct flow_fixture f;
	struct session session;
	char *memory;
};

static void
bench_init(struct bench *b)
{
	flow_fixture_init(&b->f);
	flow_fixture_extract(&b->f, "token", EXTRACT_JSON, "/token");
	b->f.flow.keeps_cookies = true;
	b->memory = malloc(session_memory_size(&b->f.flow));
	session_init(&b->session, &b->f.flow, b->memory);
	session_begin(&b->session, 1, 0);
}

static void
bench_fini(struct bench *b)
{
	session_fini(&b->session);
	free(b->memory);
}

static struct template *
make(struct bench *b, const char *head, const char *body)
{
	struct error err = {0};
	const struct slot_scope scope = {.plan = &b->f.plan, .request = &b->f.requests[1]};
	struct template *t = template_new(&scope, head, strlen(head), body, strlen(body), true, &err);

	if (t == NULL)
		fail_msg("%s", err.message);
	return t;
}

static char *
render_turn(struct bench *b, const struct template *t, uint64_t turn)
{
	const struct render render = {.seed = 1, .turn = turn, .session = &b->session};
	size_t room = template_render_room(t, &render);
	char *into = malloc(room + 1);
	size_t length = template_render(t, &render, into);

	assert_true(length <= room);
	into[length] = '\0';
	return into;
}

static void
check(const char *head, const char *body, const char *token, const char *expected)
{
	struct bench b;

	bench_init(&b);
	assert_true(session_set_value(&b.session, 0, token, strlen(token)));
	b.session.repetition = 2;
	struct template *t = make(&b, head, body);
	char *text = render_turn(&b, t, 3);

	assert_string_equal(text, expected);
	free(text);
	template_free(t);
	bench_fini(&b);
}

static void
test_a_value_is_escaped_for_where_it_stands(void **state)
{
	(void)state;
	check("GET /i/${token} HTTP/1.1\r\n\r\n", "", "a b/c?&", "GET /i/a%20b%2Fc%3F%26 HTTP/1.1\r\n\r\n");
	check("GET ${token|raw} HTTP/1.1\r\n\r\n", "", "/a?b=c d\r\nX: y",
		"GET /a?b=c%20d%0D%0AX:%20y HTTP/1.1\r\n\r\n");
	check("GET / HTTP/1.1\r\nA: Bearer ${token}\r\n\r\n", "", "x\r\nEvil: 1",
		"GET / HTTP/1.1\r\nA: Bearer x  Evil: 1\r\n\r\n");
	check("GET / HTTP/1.1\r\nA: ${token|raw}\r\n\r\n", "", "x\r\nEvil: 1",
		"GET / HTTP/1.1\r\nA: x  Evil: 1\r\n\r\n");
	check("POST / HTTP/1.1\r\n\r\n", "{\"t\":\"${token}\"}", "say \"hi\"\n",
		"POST / HTTP/1.1\r\n\r\n{\"t\":\"say \\\"hi\\\"\\n\"}");
	check("POST / HTTP/1.1\r\n\r\n", "plain ${token}", "\"as it is\"", "POST / HTTP/1.1\r\n\r\nplain \"as it is\"");
}

static void
test_a_session_and_its_turn_have_names(void **state)
{
	struct bench b;
	char expected[128];

	(void)state;
	bench_init(&b);
	b.session.repetition = 4;
	struct template *t =
		make(&b, "GET /${turn_number} HTTP/1.1\r\nS: ${session}\r\n\r\n", "{\"s\":\"${session}\"}");
	char *text = render_turn(&b, t, 0);

	snprintf(expected, sizeof(expected), "GET /5 HTTP/1.1\r\nS: %.36s\r\n\r\n{\"s\":\"%.36s\"}", b.session.id,
		b.session.id);
	assert_string_equal(text, expected);
	free(text);
	template_free(t);
	bench_fini(&b);
}

static void
test_cookies_are_a_line_of_their_own_or_none(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	struct template *t = make(&b, "GET / HTTP/1.1\r\n${cookies}\r\n", "");
	char *text = render_turn(&b, t, 0);

	assert_string_equal(text, "GET / HTTP/1.1\r\n\r\n");
	free(text);
	session_keep_cookie(&b.session, "a=1", 3);
	session_keep_cookie(&b.session, "b=2", 3);
	text = render_turn(&b, t, 1);
	assert_string_equal(text, "GET / HTTP/1.1\r\nCookie: a=1; b=2\r\n\r\n");
	free(text);
	template_free(t);
	bench_fini(&b);
}

static void
test_a_conversation_grows_by_what_stands_before_its_mark(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	struct template *t = make(&b, "POST / HTTP/1.1\r\nContent-Length: ${content_length}\r\n\r\n",
		"{\"m\":[${history}{\"u\":\"${turn_number}\"}${turn}]}");

	for (uint64_t i = 0; i < 3; i++) {
		b.session.repetition = i;
		session_begin_turn(&b.session);
		char *text = render_turn(&b, t, i);
		char *body = strstr(text, "\r\n\r\n") + 4;

		assert_int_equal(strtoul(strstr(text, ": ") + 2, NULL, 10), strlen(body));
		if (i == 2)
			assert_string_equal(body,
				"{\"m\":[{\"u\":\"1\"},{\"a\":\"x\"},{\"u\":\"2\"},{\"a\":\"x\"},{\"u\":\"3\"}]}");
		free(text);
		session_add_turn(&b.session, ",{\"a\":\"x\"},", 11);
		session_end_turn(&b.session);
	}
	template_free(t);
	bench_fini(&b);
}

/* As a request that is sent again does it. */
static void
test_a_turn_that_is_rendered_again_is_in_the_conversation_once(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	struct template *t = make(&b, "POST / HTTP/1.1\r\n\r\n", "{\"m\":[${history}1${turn}]}");

	for (int i = 0; i < 3; i++) {
		session_begin_turn(&b.session);
		free(render_turn(&b, t, 0));
	}
	session_end_turn(&b.session);
	assert_int_equal(b.session.history_kept, 1);
	template_free(t);
	bench_fini(&b);
}

static void
test_every_turn_draws_anew(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	struct template *t = make(&b, "GET /${uuid}/${random(1,1000000000)} HTTP/1.1\r\n\r\n", "");
	char *first = render_turn(&b, t, 0), *again = render_turn(&b, t, 0), *second = render_turn(&b, t, 1);

	assert_string_equal(first, again);
	assert_string_not_equal(first, second);
	assert_string_not_equal(strrchr(first, '/') - 12, strrchr(second, '/') - 12);
	free(first);
	free(again);
	free(second);
	template_free(t);
	bench_fini(&b);
}

static void
check_refused(const struct plan_request *request, const struct plan *plan, const char *path, const char *words)
{
	struct error err = {0};
	const struct slot_scope scope = {.plan = plan, .request = request};
	char head[256];

	snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n\r\n", path);
	assert_null(template_new(&scope, head, strlen(head), NULL, 0, false, &err));
	if (strstr(err.message, words) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, words);
}

static void
test_what_no_step_knows_yet_is_refused(void **state)
{
	struct plan_request alone = {.name = "alone"};
	struct flow_fixture f;

	(void)state;
	flow_fixture_init(&f);
	flow_fixture_extract(&f, "token", EXTRACT_JSON, "/token");
	check_refused(&f.requests[0], &f.plan, "/${token}", "'${token}' is not extracted before it is used here");
	check_refused(&f.requests[1], &f.plan, "/${tokens}", "'${tokens}' is not something to fill in");
	check_refused(&alone, &f.plan, "/${session}", "'${session}' is a session's, and only a flow has sessions");
	check_refused(&alone, &f.plan, "/${turn_number}", "'${turn_number}' is a session's");
	check_refused(&alone, &f.plan, "/${token}", "'${token}' is not something to fill in");
	f.steps[0].repeat = 2; /* it comes around again */
	struct error err = {0};
	const struct slot_scope scope = {.plan = &f.plan, .request = &f.requests[0]};
	struct template *t = template_new(&scope, "GET /${token} HTTP/1.1\r\n\r\n", 27, NULL, 0, false, &err);

	assert_non_null(t);
	template_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_value_is_escaped_for_where_it_stands),
		cmocka_unit_test(test_a_session_and_its_turn_have_names),
		cmocka_unit_test(test_cookies_are_a_line_of_their_own_or_none),
		cmocka_unit_test(test_a_conversation_grows_by_what_stands_before_its_mark),
		cmocka_unit_test(test_a_turn_that_is_rendered_again_is_in_the_conversation_once),
		cmocka_unit_test(test_every_turn_draws_anew),
		cmocka_unit_test(test_what_no_step_knows_yet_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
