#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "campaign/fetch.h"
#include "plan/course.h"
#include "unit/campaign/answers.h"

struct asking {
	uv_loop_t loop;
	struct fetch fetch;
	struct fetch_answer answer;
	int answers;
};

static void
on_done(void *context, struct fetch *fetch, const struct fetch_answer *answer)
{
	struct asking *asking = context;

	assert_false(fetch->is_busy); /* the next one may be begun */
	asking->answer = *answer;
	asking->answers++;
}

static void
asking_start(struct asking *asking, const struct plan_fetch *plan)
{
	struct error err = {0};

	*asking = (struct asking){.answers = 0};
	assert_int_equal(uv_loop_init(&asking->loop), 0);
	assert_true(fetch_init(&asking->fetch, &asking->loop, plan, on_done, asking, &err));
	assert_true(fetch_resolve(&asking->fetch, &err));
}

static void
ask(struct asking *asking)
{
	int before = asking->answers;

	fetch_begin(&asking->fetch);
	while (asking->answers == before)
		uv_run(&asking->loop, UV_RUN_ONCE);
}

static void
asking_end(struct asking *asking)
{
	fetch_close(&asking->fetch);
	while (!asking->fetch.is_closed)
		uv_run(&asking->loop, UV_RUN_ONCE);
	fetch_fini(&asking->fetch);
	assert_int_equal(uv_loop_close(&asking->loop), 0);
}

static void
test_each_request_is_told_by_its_status(void **state)
{
	(void)state;
	struct answers answers;
	struct asking asking;
	char text[128];

	answers_start(&answers, (const int[]){503, 200, -2});
	struct plan *plan = answers_plan(&answers, "ready: /health?full=1\n");

	asking_start(&asking, &plan->course->ready.fetch);
	ask(&asking);
	assert_int_equal(asking.answer.status, 503);
	assert_int_equal(asking.answer.failure, FAILURE_COUNT);
	assert_false(fetch_is_good(&asking.fetch, &asking.answer));
	assert_string_equal(fetch_answer_text(&asking.answer, text, sizeof(text)), "it answered 503");
	ask(&asking);
	assert_int_equal(asking.answer.status, 200);
	assert_true(fetch_is_good(&asking.fetch, &asking.answer));
	assert_true(asking.answer.ended_ns >= asking.answer.began_ns);
	asking_end(&asking);
	answers_stop(&answers);
	assert_int_equal(answers.asked, 2);
	assert_non_null(strstr(answers.request, "GET /health?full=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(answers.request, "Connection: close\r\n"));
	plan_free(plan);
}

static void
test_a_body_is_sent_with_its_length_and_kind(void **state)
{
	(void)state;
	struct answers answers;
	struct asking asking;

	answers_start(&answers, (const int[]){204, -2});
	struct plan *plan = answers_plan(&answers, "at: [{at: 1s, url: /admin, body: '{\"on\": true}'}]\n");

	asking_start(&asking, &plan->course->actions[0].fetch);
	ask(&asking);
	assert_int_equal(asking.answer.status, 204);
	asking_end(&asking);
	answers_stop(&answers);
	assert_non_null(strstr(answers.request, "POST /admin HTTP/1.1\r\n"));
	assert_non_null(strstr(answers.request, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(answers.request, "Content-Length: 12\r\n"));
	assert_non_null(strstr(answers.request, "\r\n\r\n{\"on\": true}"));
	plan_free(plan);
}

static void
test_why_no_answer_came_is_told(void **state)
{
	(void)state;
	struct answers answers;
	struct asking asking;

	answers_start(&answers, (const int[]){ANSWER_GONE, ANSWER_NEVER, -2});
	struct plan *plan = answers_plan(&answers, "ready: {url: /, timeout: 50ms}\n");

	asking_start(&asking, &plan->course->ready.fetch);
	ask(&asking);
	assert_int_equal(asking.answer.failure, FAILURE_TRUNCATED);
	assert_int_equal(asking.answer.status, 0);
	ask(&asking);
	assert_int_equal(asking.answer.failure, FAILURE_RESPONSE_TIMEOUT);
	answers_stop(&answers);
	ask(&asking);
	assert_int_equal(asking.answer.failure, FAILURE_CONNECT_REFUSED);
	assert_false(fetch_is_good(&asking.fetch, &asking.answer));
	asking_end(&asking);
	plan_free(plan);
}

static void
test_what_openssl_says_of_it_is_told_too(void **state)
{
	(void)state;
	struct answers answers;
	struct asking asking;
	char ready[160], text[FETCH_TEXT_MAX];

	answers_start(&answers, (const int[]){200, -2}); /* in the clear */
	snprintf(ready, sizeof(ready), "ready: {url: 'https:%s/health', timeout: 60s}\n", strchr(answers.url, '/'));
	struct plan *plan = answers_plan(&answers, ready);

	asking_start(&asking, &plan->course->ready.fetch);
	ask(&asking);
	assert_string_equal(fetch_answer_text(&asking.answer, text, sizeof(text)),
		"the TLS handshake failed, or the target ended the connection during it: "
		"wrong version number (does this port speak TLS?)");
	asking_end(&asking);
	answers_stop(&answers);
	plan_free(plan);
}

static void
test_one_address_that_refuses_is_not_all(void **state)
{
	(void)state;
	struct answers answers;
	struct asking asking;
	struct door closed;

	answers_start(&answers, (const int[]){200, -2});
	door_bind(&closed); /* nobody listens */
	struct plan *plan = answers_plan(&answers, "ready: /\n");

	asking_start(&asking, &plan->course->ready.fetch);
	asking.fetch.addresses.list[1] = asking.fetch.addresses.list[0];
	asking.fetch.addresses.list[0] = closed.addresses.list[0];
	asking.fetch.addresses.n = 2;
	ask(&asking);
	assert_int_equal(asking.answer.status, 200);
	asking_end(&asking);
	answers_stop(&answers);
	door_close(&closed);
	plan_free(plan);
}

static void
test_closing_ends_what_is_under_way_without_a_word(void **state)
{
	(void)state;
	struct answers answers;
	struct asking asking;

	answers_start(&answers, (const int[]){ANSWER_NEVER, -2});
	struct plan *plan = answers_plan(&answers, "ready: {url: /, timeout: 60s}\n");

	asking_start(&asking, &plan->course->ready.fetch);
	fetch_begin(&asking.fetch);
	while (answers.asked == 0)
		uv_run(&asking.loop, UV_RUN_NOWAIT);
	asking_end(&asking);
	assert_int_equal(asking.answers, 0);
	answers_stop(&answers);
	plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_request_is_told_by_its_status),
		cmocka_unit_test(test_a_body_is_sent_with_its_length_and_kind),
		cmocka_unit_test(test_why_no_answer_came_is_told),
		cmocka_unit_test(test_what_openssl_says_of_it_is_told_too),
		cmocka_unit_test(test_one_address_that_refuses_is_not_all),
		cmocka_unit_test(test_closing_ends_what_is_under_way_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
