#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "brunt_version.h"

#include "base/check.h"
#include "proto/websocket_opening.h"

static const struct plan_pair opening_headers[] = {
	{"Host", "shop:81"}, {"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
static const struct plan_request opening = {
	.name = "opening", .method = "GET", .path = "/chat?x=1", .headers = {(void *)opening_headers, 4}};
static const struct plan_backend backend = {.opening = &opening};
static const char *subprotocols[] = {"chat.v2", "chat"};
static const struct plan plan = {
	.target = {.response_ceiling_bytes = 1024, .websocket = {.protocols = {subprotocols, 2}}}};
static void
test_opening_is_that_of_the_rfc(void **context)
{
	(void)context;
	struct websocket_opening o;
	size_t taken;
	static const char answer[] =
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n\x81";

	websocket_opening_init(&o, &plan.target, &backend, (const uint8_t *)"the sample nonce");
	assert_string_equal(o.text.bytes,
		"GET /chat?x=1 HTTP/1.1\r\nUser-Agent: brunt/" BRUNT_VERSION
		"\r\nHost: shop:81\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
	assert_int_equal(websocket_opening_take(&o, answer, sizeof(answer) - 1, &taken), WEBSOCKET_IS_OPEN);
	assert_int_equal(taken, sizeof(answer) - 2);
	websocket_opening_fini(&o);
}

#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"

static const struct {
	const char *what, *answer, *words;
	enum websocket_opened result;
	enum failure failure;
} answers[] = {
	{"its own way of writing", SWITCH "uPGRADE: WebSocket \r\nconnection: a, UPGRADE\r\n" ACCEPT "\r\n", "",
		WEBSOCKET_IS_OPEN, FAILURE_COUNT},
	{"interim answers first", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" SWITCH UPGRADE ACCEPT "\r\n", "",
		WEBSOCKET_IS_OPEN, FAILURE_COUNT},
	{"a field that is long",
		SWITCH UPGRADE ACCEPT
		"X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n",
		"", WEBSOCKET_IS_OPEN, FAILURE_COUNT},
	{"half of it", SWITCH UPGRADE ACCEPT "\r", "", WEBSOCKET_OPENS, FAILURE_COUNT},
	{"200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "it answered 200", WEBSOCKET_IS_REFUSED,
		FAILURE_UPGRADE_REFUSED},
	{"403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "it answered 403", WEBSOCKET_IS_REFUSED,
		FAILURE_UPGRADE_REFUSED},
	{"a redirect", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "it answered 302", WEBSOCKET_IS_REFUSED,
		FAILURE_UPGRADE_REFUSED},
	{"426", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "it answered 426",
		WEBSOCKET_IS_REFUSED, FAILURE_UPGRADE_REFUSED},
	{"no accept", SWITCH UPGRADE "\r\n", "no Sec-WebSocket-Accept", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"the accept of another key", SWITCH UPGRADE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n\r\n",
		"Sec-WebSocket-Accept is not the one for the key", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"an accept in other letters", SWITCH UPGRADE "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n",
		"Sec-WebSocket-Accept is not the one for the key", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"two accepts", SWITCH UPGRADE ACCEPT "Sec-WebSocket-Accept: x\r\n\r\n",
		"Sec-WebSocket-Accept is not the one for the key", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"an accept of an interim answer", "HTTP/1.1 103 Early Hints\r\n" UPGRADE ACCEPT "\r\n" SWITCH UPGRADE "\r\n",
		"no Sec-WebSocket-Accept", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"no Upgrade", SWITCH "Connection: Upgrade\r\n" ACCEPT "\r\n",
		"101 without Upgrade: websocket and Connection: Upgrade", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"no Connection", SWITCH "Upgrade: websocket\r\n" ACCEPT "\r\n",
		"101 without Upgrade: websocket and Connection: Upgrade", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"another upgrade", SWITCH "Upgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPT "\r\n",
		"101 without Upgrade: websocket and Connection: Upgrade", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"an extension", SWITCH UPGRADE ACCEPT "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		"an extension that nobody asked for", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"a subprotocol", SWITCH UPGRADE ACCEPT "Sec-WebSocket-Protocol: soap\r\n\r\n",
		"a subprotocol that nobody asked for", WEBSOCKET_IS_REFUSED, FAILURE_OTHER_VERSION},
	{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "what it answered is not HTTP/1.1", WEBSOCKET_IS_REFUSED,
		FAILURE_OTHER_VERSION},
};

static void
open_by(size_t row, size_t cut, size_t step)
{
	const char *answer = answers[row].answer;
	enum websocket_opened result = WEBSOCKET_OPENS;
	struct websocket_opening o;
	size_t taken;

	websocket_opening_init(&o, &plan.target, &backend, (const uint8_t *)"the sample nonce");
	for (size_t at = 0, end_at; at < strlen(answer) && result == WEBSOCKET_OPENS; at = end_at) {
		end_at = at < cut ? cut : at + step;
		if (end_at > strlen(answer))
			end_at = strlen(answer);
		char *piece = malloc(end_at - at);

		memcpy(piece, answer + at, end_at - at);
		result = websocket_opening_take(&o, piece, end_at - at, &taken);
		free(piece);
	}
	if (result != answers[row].result || o.failure != answers[row].failure ||
		strcmp(o.words, answers[row].words) != 0)
		fail_msg("%s, cut at %zu and every %zu: result %d, failure %d, '%s'", answers[row].what, cut, step,
			result, o.failure, o.words);
	websocket_opening_fini(&o);
}

static void
test_answer_to_the_opening_means_the_same_however_it_is_cut(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		size_t length = strlen(answers[i].answer);

		open_by(i, 0, length);
		open_by(i, 0, 1);
		for (size_t cut = 1; cut < length; cut++)
			open_by(i, cut, length);
	}
}

static void
test_opening_over_the_ceiling_is_refused(void **context)
{
	(void)context;
	struct websocket_opening o;
	enum websocket_opened result = WEBSOCKET_OPENS;
	size_t taken, n = 0;

	websocket_opening_init(&o, &plan.target, &backend, (const uint8_t *)"the sample nonce");
	while (result == WEBSOCKET_OPENS && ++n < 1000)
		result = websocket_opening_take(&o, "HTTP/1.1 100 Continue\r\n\r\n", 25, &taken);
	assert_int_equal(result, WEBSOCKET_IS_REFUSED);
	assert_int_equal(n, 1024 / 25 + 1);
	assert_int_equal(o.failure, FAILURE_OTHER_VERSION);
	websocket_opening_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opening_is_that_of_the_rfc),
		cmocka_unit_test(test_answer_to_the_opening_means_the_same_however_it_is_cut),
		cmocka_unit_test(test_opening_over_the_ceiling_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
