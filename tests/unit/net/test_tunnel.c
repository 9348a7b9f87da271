#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/check.h"
#include "net/tunnel.h"

/* Whatever it is cut into. */
static enum tunnel_result
answer(struct tunnel *tunnel, const char *text, size_t step, enum failure *failure)
{
	enum tunnel_result result = TUNNEL_MORE;
	size_t length = strlen(text);

	tunnel_begin(tunnel, "CONNECT h:1 HTTP/1.1\r\n\r\n");
	for (size_t at = 0; at < length && result == TUNNEL_MORE; at += step)
		result = tunnel_take(tunnel, text + at, at + step < length ? step : length - at, failure);
	return result;
}

static void
test_any_2xx_opens_the_tunnel_however_it_is_cut(void **state)
{
	static const char *const good[] = {"HTTP/1.1 200 Connection established\r\n\r\n",
		"HTTP/1.0 200 OK\r\nVia: x\r\nX: y\r\n\r\n", "HTTP/1.1 204\n\n", "HTTP/1.1 200 \r\n\r\n"};
	enum failure failure;
	struct tunnel tunnel;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		for (size_t step = 1; step < 50; step++)
			assert_int_equal(answer(&tunnel, good[i], step, &failure), TUNNEL_OPEN);
}

static void
test_other_answers_are_told_apart(void **state)
{
	static const struct {
		const char *text, *words;
		enum failure failure;
	} bad[] = {
		{"HTTP/1.1 407 Proxy Authentication Required\r\nA: b\r\n\r\n", "407 Proxy Authentication Required",
			FAILURE_PROXY_REFUSED},
		{"HTTP/1.1 403 No\x1b[31m\r\n\r\n", "403 No?[31m", FAILURE_PROXY_REFUSED},
		{"HTTP/1.1 502 Bad Gateway\r\n\r\n", "502 Bad Gateway", FAILURE_PROXY_GATEWAY},
		{"HTTP/1.1 504 x\r\n\r\n", "504 x", FAILURE_PROXY_GATEWAY},
		{"HTTP/1.1 199 x\r\n\r\n", "199 x", FAILURE_PROXY_REFUSED},
		{"HTTP/1.1 2000 x\r\n\r\n", "", FAILURE_PROXY_FAILED},
		{"HTTP/2 200 x\r\n\r\n", "", FAILURE_PROXY_FAILED},
		{"hello\r\n\r\n", "", FAILURE_PROXY_FAILED},
	};
	struct tunnel tunnel;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		for (size_t step = 1; step < 60; step += 7) {
			enum failure failure = FAILURE_COUNT;

			assert_int_equal(answer(&tunnel, bad[i].text, step, &failure), TUNNEL_FAILED);
			assert_int_equal(failure, bad[i].failure);
			assert_string_equal(tunnel_words(&tunnel), bad[i].words);
		}
}

static void
test_what_follows_the_answer_is_nobodys(void **state)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\nSSH-2.0";
	enum failure failure = FAILURE_COUNT;
	struct tunnel tunnel;

	(void)state;
	assert_int_equal(answer(&tunnel, text, sizeof(text), &failure), TUNNEL_FAILED);
	assert_int_equal(failure, FAILURE_PROXY_FAILED);
}

static void
test_an_answer_without_end_is_given_up(void **state)
{
	char text[TUNNEL_ANSWER_MAX + 2];
	enum failure failure = FAILURE_COUNT;
	struct tunnel tunnel;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(answer(&tunnel, text, 1000, &failure), TUNNEL_FAILED);
	assert_int_equal(failure, FAILURE_PROXY_FAILED);
	text[TUNNEL_ANSWER_MAX] = '\0';
	assert_int_equal(answer(&tunnel, text, 1000, &failure), TUNNEL_MORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_2xx_opens_the_tunnel_however_it_is_cut),
		cmocka_unit_test(test_other_answers_are_told_apart),
		cmocka_unit_test(test_what_follows_the_answer_is_nobodys),
		cmocka_unit_test(test_an_answer_without_end_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
