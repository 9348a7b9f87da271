#include "daemon/relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/check.h"
#include "unit/httpd/fixture.h"

/* A relay behind a real server, and its watchers in the same thread: the loop is turned until what is expected is
 * there. */

#define IDLE_TURNS_MAX 4000 /* of the loop, which its alarm ends after 5 ms */

struct watched {
	struct fixture f;
	struct relay *relay;
	struct guard guard;
	struct guard_pass pass;
	unsigned refused;
};

static void
on_watch(struct httpd_request *request, void *user)
{
	struct watched *w = user;
	const char *last = httpd_request_header(request, "last-event-id");

	if (!relay_watch(w->relay, request, &w->pass, last != NULL ? strtoull(last, NULL, 10) : 0)) {
		w->refused++;
		httpd_answer_text(request, 503, NULL, "full", 4);
	}
}

static void
on_watched(struct httpd_request *request, enum httpd_end end, void *user)
{
	struct holder *holder = request->user;

	(void)end;
	(void)user;
	if (holder != NULL)
		holder->gone(request);
}

static void
open_relay(struct watched *w, bool remembers)
{
	struct httpd_limits limits = httpd_default_limits;
	struct error err = {0};

	memset(w, 0, sizeof(*w));
	guard_init(&w->guard, &(struct guard_config){.is_unix = true});
	w->pass.guard = &w->guard;
	limits.connections = RELAY_WATCHERS_MAX + 8;
	limits.stream_bytes = (size_t)128 * 1024;
	assert_int_equal(uv_loop_init(&w->f.loop), 0);
	uv_timer_init(&w->f.loop, &w->f.alarm);
	uv_timer_start(&w->f.alarm, on_alarm, 5, 5);
	w->f.httpd = httpd_new(&w->f.loop,
		&(struct httpd_config){.listen = "127.0.0.1:0",
			.limits = limits,
			.handler = {.on_request = on_watch, .on_done = on_watched},
			.user = w},
		&err);
	assert_non_null(w->f.httpd);
	w->relay = relay_new(&w->f.loop, remembers);
}

/* Watchers that are there are cut off; the relay frees itself after the last. */
static void
close_relay(struct watched *w)
{
	relay_end(w->relay);
	close_all(&w->f);
}

static int
watch(struct watched *w, const char *header)
{
	int fd = client(&w->f);
	size_t before = relay_watchers(w->relay);
	unsigned refused = w->refused;
	char text[128];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: t\r\n%s\r\n", header);
	say(fd, text);
	while (relay_watchers(w->relay) == before && w->refused == refused)
		uv_run(&w->f.loop, UV_RUN_ONCE);
	return fd;
}

/* An event whose data has so many bytes. */
static void
add(struct watched *w, const char *kind, size_t bytes)
{
	char *json = must_alloc(bytes);

	CHECK_OP(bytes, >=, 2);
	memset(json, ' ', bytes);
	json[0] = '{';
	json[bytes - 1] = '}';
	relay_add(w->relay, kind, json, bytes);
	free(json);
}

static size_t
count(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
		n++;
	return n;
}

/* All that a watcher has been told by the time that it has heard `expected`, NUL-ended; to be freed. */
static char *
hear(struct watched *w, int fd, const char *expected)
{
	struct buf heard;
	char piece[65536];

	buf_init(&heard, (size_t)64 << 20);
	for (size_t idle = 0; heard.length == 0 || strstr(heard.bytes, expected) == NULL;) {
		ssize_t n;

		uv_run(&w->f.loop, idle == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
		n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (n > 0) {
			assert_true(buf_add(&heard, piece, (size_t)n));
			assert_true(buf_add(&heard, "", 1)); /* for strstr; the next piece takes its place */
			heard.length--;
		}
		assert_true(n > 0 || (n < 0 && errno == EAGAIN));
		idle = n > 0 ? 0 : idle + 1;
		if (idle > IDLE_TURNS_MAX)
			fail_msg("'%s' does not come", expected);
	}
	return buf_steal(&heard);
}

static void
test_who_comes_late_is_told_what_was_and_each_event_once(void **state)
{
	struct watched w;

	(void)state;
	open_relay(&w, true);
	for (size_t i = 0; i < 3; i++)
		add(&w, "phase", 10);
	int fd = watch(&w, "");

	add(&w, "end", 10);
	char *heard = hear(&w, fd, "event: end");

	assert_non_null(strstr(heard, "Content-Type: text/event-stream"));
	assert_int_equal(count(heard, "event: phase\ndata: {        }\n\n"), 3);
	for (char id[] = "id: 1\n"; id[4] <= '4'; id[4]++)
		assert_int_equal(count(heard, id), 1);
	free(heard);
	close(fd);
	close_relay(&w);
}

static void
test_who_was_there_before_is_told_what_came_since(void **state)
{
	struct watched w;

	(void)state;
	open_relay(&w, true);
	for (size_t i = 0; i < 3; i++)
		add(&w, "phase", 10);
	int fd = watch(&w, "Last-Event-ID: 2\r\n"), ahead = watch(&w, "Last-Event-ID: 99999999999999999999\r\n");

	add(&w, "end", 10);
	char *heard = hear(&w, fd, "event: end"), *heard_ahead = hear(&w, ahead, "event: end");

	assert_int_equal(count(heard, "id: "), 2);
	assert_non_null(strstr(heard, "id: 3\n"));
	assert_int_equal(count(heard_ahead, "id: "), 1); /* of another life's ids nothing is known */
	free(heard);
	free(heard_ahead);
	close(fd);
	close(ahead);
	close_relay(&w);
}

static void
test_what_is_not_remembered_is_told_from_then_on(void **state)
{
	struct watched w;

	(void)state;
	open_relay(&w, false);
	add(&w, "run", 10);
	int fd = watch(&w, "");
	char *heard = hear(&w, fd, ": welcome");

	assert_int_equal(count(heard, "event: "), 0);
	free(heard);
	add(&w, "queue", 10);
	heard = hear(&w, fd, "event: queue");
	assert_int_equal(count(heard, "event: run"), 0);
	free(heard);
	close(fd);
	close_relay(&w);
}

/* A day of figures stays whole, only coarser where it is long ago; what is no figure is kept as long as there is room.
 */
static void
test_figures_of_long_ago_are_thinned(void **state)
{
	struct watched w;

	(void)state;
	open_relay(&w, true);
	for (size_t i = 0; i < 3000; i++)
		add(&w, i % 100 == 0 ? "phase" : "figures", 10);
	add(&w, "end", 10);
	int fd = watch(&w, "");
	char *heard = hear(&w, fd, "event: end");
	size_t figures = count(heard, "event: figures");

	assert_true(figures > RELAY_FIGURES_MAX / 2 && figures <= RELAY_FIGURES_MAX);
	assert_int_equal(count(heard, "event: phase"), 30);
	assert_non_null(strstr(heard, "id: 2\nevent: figures")); /* the first of them */
	for (unsigned id = 2902; id <= 3000; id++) {             /* and the last, each of them */
		char text[32];

		snprintf(text, sizeof(text), "id: %u\n", id);
		assert_non_null(strstr(heard, text));
	}
	assert_int_equal(relay_missed(w.relay), 0); /* nobody was there */
	free(heard);
	close(fd);
	close_relay(&w);
}

/* Each says it anew: who was told an earlier one has missed nothing, and who comes late needs the last alone. */
static void
test_of_how_shards_stand_the_last_is_told_alone(void **state)
{
	struct watched w;

	(void)state;
	open_relay(&w, true);
	for (size_t i = 0; i < 3; i++) {
		add(&w, "phase", 10);
		add(&w, "shards", 10);
	}
	add(&w, "end", 10);
	int fd = watch(&w, "");
	char *heard = hear(&w, fd, "event: end");

	assert_int_equal(count(heard, "event: phase"), 3);
	assert_int_equal(count(heard, "event: shards"), 1);
	assert_non_null(strstr(heard, "id: 6\nevent: shards"));
	assert_int_equal(relay_missed(w.relay), 0);
	free(heard);
	close(fd);
	close_relay(&w);
}

/* Told or missed: together all there was. */
static void
test_who_is_too_slow_is_told_how_much_passed(void **state)
{
	enum { EVENTS = 400 };
	unsigned missed = 0;
	struct watched w;

	(void)state;
	open_relay(&w, true);
	int fd = watch(&w, "");

	for (size_t i = 0; i < EVENTS; i++) /* 24 MiB; the relay keeps four */
		add(&w, "level", (size_t)60 * 1024);
	add(&w, "end", 10);
	char *heard = hear(&w, fd, "event: end");

	for (const char *at = heard; (at = strstr(at, "event: missed\ndata: {\"events\":")) != NULL; at++)
		missed += (unsigned)strtoul(at + strlen("event: missed\ndata: {\"events\":"), NULL, 10);
	assert_true(missed > EVENTS / 2);
	assert_int_equal(count(heard, "event: level") + missed, EVENTS);
	assert_int_equal(relay_missed(w.relay), missed);
	free(heard);
	close(fd);
	close_relay(&w);
}

/* And a slow one holds nobody up. */
static void
test_others_are_told_meanwhile(void **state)
{
	struct watched w;

	(void)state;
	open_relay(&w, true);
	int slow = watch(&w, ""), fd = watch(&w, "");

	for (size_t i = 0; i < 200; i++) {
		char id[32];

		add(&w, "level", (size_t)60 * 1024);
		snprintf(id, sizeof(id), "id: %zu\n", i + 1);
		free(hear(&w, fd, id));
	}
	assert_true(relay_missed(w.relay) > 0);
	close(slow);
	close(fd);
	close_relay(&w);
}

static void
test_the_stream_ends_with_the_last_event(void **state)
{
	struct watched w;

	(void)state;
	open_relay(&w, true);
	add(&w, "end", 10);
	int fd = watch(&w, "");

	relay_end(w.relay);
	char *heard = hear(&w, fd, "\r\n0\r\n\r\n");

	assert_int_equal(count(heard, "event: end"), 1);
	free(heard);
	close(fd);
	close_all(&w.f);
}

static void
test_more_watchers_than_may_are_refused(void **state)
{
	int fds[RELAY_WATCHERS_MAX + 1];
	struct watched w;

	(void)state;
	open_relay(&w, true);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = watch(&w, "");
	assert_int_equal(w.refused, 1);
	assert_int_equal(relay_watchers(w.relay), RELAY_WATCHERS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	while (relay_watchers(w.relay) > 0) {
		add(&w, "phase", 10); /* who is gone is found out when he is told something */
		uv_run(&w.f.loop, UV_RUN_ONCE);
	}
	close_relay(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_comes_late_is_told_what_was_and_each_event_once),
		cmocka_unit_test(test_who_was_there_before_is_told_what_came_since),
		cmocka_unit_test(test_what_is_not_remembered_is_told_from_then_on),
		cmocka_unit_test(test_figures_of_long_ago_are_thinned),
		cmocka_unit_test(test_of_how_shards_stand_the_last_is_told_alone),
		cmocka_unit_test(test_who_is_too_slow_is_told_how_much_passed),
		cmocka_unit_test(test_others_are_told_meanwhile),
		cmocka_unit_test(test_the_stream_ends_with_the_last_event),
		cmocka_unit_test(test_more_watchers_than_may_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
