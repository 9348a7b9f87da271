#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/check.h"
#include "campaign/scrapes.h"
#include "plan/scrape.h"
#include "unit/campaign/answers.h"

/* An exporter of one's own that answers by path, each connection once. */
#define BIG_LINES 100000 /* many slices */

static void
send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* who had asked has heard enough */
		bytes += n;
		length -= (size_t)n;
	}
}

static void
send_text(int fd, const char *text)
{
	send_all(fd, text, strlen(text));
}

static void
send_big(int fd)
{
	char *text = malloc(BIG_LINES * 32);
	size_t length = 0;

	for (size_t i = 0; i < BIG_LINES; i++)
		length += (size_t)snprintf(text + length, 32, "other{i=\"%zu\"} 1\n", i);
	send_text(fd, "HTTP/1.1 200 OK\r\n\r\ndepth 3\n");
	send_all(fd, text, length);
	send_text(fd, "depth{last=\"1\"} 4\n");
	free(text);
}

static void
answer(int fd, const char *request)
{
	static const struct {
		const char *path, *text;
	} answers[] = {
		{"GET /good ",
			"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n\r\ndepth 5\nhits 9\n\n"},
		{"GET /other ",
			"HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0\r\n\r\nsize 8\n# EOF\n"},
		{"GET /uncut ",
			"HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0\r\n\r\nsize 8\n"},
		{"GET /missing ", "HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\ndepth 5\n"},
		{"GET /cut ", "HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\ndepth 5\n"},
		{"GET /zipped ", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\ndepth 5\n"},
		{"GET /broken ", "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\ndepth 5\ndepth\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (strncmp(request, answers[i].path, strlen(answers[i].path)) == 0)
			send_text(fd, answers[i].text);
	if (strncmp(request, "GET /big ", 9) == 0)
		send_big(fd);
}

static void *
serve(void *context)
{
	struct answers *exporter = context;

	for (;;) {
		int fd = accept(exporter->door.fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		ssize_t length = read(fd, exporter->request, sizeof(exporter->request) - 1);

		exporter->request[length > 0 ? length : 0] = '\0';
		answer(fd, exporter->request);
		close(fd);
	}
}

struct scraping {
	struct answers exporter;
	struct plan *plan;
	uv_loop_t loop;
	struct scrapes scrapes;
	struct scrape_record records[SCRAPE_ENDPOINTS_MAX];
	struct scraped last[SCRAPE_ENDPOINTS_MAX]; /* of each endpoint */
	size_t heard;
	int changes;
};

static int64_t
no_time(void *context)
{
	(void)context;
	return 0;
}

static void
on_scraped(void *context, const struct scraped *scraped)
{
	struct scraping *s = context;

	s->last[scraped->endpoint] = *scraped;
	s->heard++;
}

static void
on_change(void *context, const struct scrape_record *record, const struct scrape_change *change)
{
	struct scraping *s = context;

	assert_ptr_equal(change, &record->changes[record->changes_n - 1]);
	s->changes++;
}

static void
begin(struct scraping *s, const char *more)
{
	struct error err = {0};

	memset(s, 0, sizeof(*s));
	door_bind(&s->exporter.door);
	door_open(&s->exporter.door);
	snprintf(s->exporter.url, sizeof(s->exporter.url), "http://127.0.0.1:%u",
		(unsigned)ntohs(s->exporter.door.addresses.list[0].v4.sin_port));
	assert_int_equal(pthread_create(&s->exporter.thread, NULL, serve, &s->exporter), 0);
	s->plan = answers_plan(&s->exporter, more);
	for (size_t i = 0; i < s->plan->scrape.endpoints_n; i++)
		s->records[i] = (struct scrape_record){.endpoint = &s->plan->scrape.endpoints[i],
			.changes = calloc(SCRAPE_CHANGES_MAX, sizeof(struct scrape_change)),
			.missing = calloc(SCRAPED_MAX, sizeof(const char *))};
	assert_int_equal(uv_loop_init(&s->loop), 0);
	assert_true(scrapes_init(&s->scrapes, &s->loop, &s->plan->scrape, s->records, &err));
	s->scrapes.now_ns = no_time;
	s->scrapes.on_scraped = on_scraped;
	s->scrapes.on_change = on_change;
	s->scrapes.context = s;
	scrapes_start(&s->scrapes);
}

static void
end(struct scraping *s)
{
	scrapes_stop(&s->scrapes);
	scrapes_fini(&s->scrapes);
	assert_int_equal(uv_loop_close(&s->loop), 0);
	for (size_t i = 0; i < s->plan->scrape.endpoints_n; i++) {
		free(s->records[i].changes);
		free(s->records[i].missing);
	}
	plan_free(s->plan);
	answers_stop(&s->exporter);
}

static void
hear(struct scraping *s, size_t n)
{
	while (s->heard < n)
		uv_run(&s->loop, UV_RUN_ONCE);
}

static void
test_each_endpoint_has_its_own_figures(void **state)
{
	struct scraping s;

	(void)state;
	begin(&s, "scrape:\n"
		  "  - {url: /good, every: 60s, timeout: 60s, metrics: {depth: depth, none: nothing, hits: hits}}\n"
		  "  - {url: /other, every: 60s, timeout: 60s, headers: {X-Who: me}, metrics: {size: size}}\n");
	hear(&s, 2);
	assert_false(s.last[0].has_failed);
	assert_int_equal(s.last[0].first, 0);
	assert_int_equal(s.last[0].n, 3);
	assert_float_equal(s.last[0].values[0], 5, 0);
	assert_true(isnan(s.last[0].values[1]));
	assert_float_equal(s.last[0].values[2], 9, 0);
	assert_string_equal(s.records[0].missing[1], "no series matched");
	assert_null(s.records[0].missing[2]);
	assert_false(s.last[1].has_failed);
	assert_int_equal(s.last[1].first, 3);
	assert_float_equal(s.last[1].values[0], 8, 0);
	assert_int_equal(s.changes, 2); /* the first scrape of each is told */
	assert_non_null(strstr(s.exporter.request, "Accept: application/openmetrics-text;version=1.0.0,text/plain"));
	end(&s);
}

/* Read in many slices, which lie in the thread pool while others come. */
static void
test_a_big_exposition_is_read_to_its_end(void **state)
{
	struct scraping s;

	(void)state;
	begin(&s, "scrape: {url: /big, every: 60s, timeout: 60s, metrics: {depth: depth}}\n");
	hear(&s, 1);
	assert_false(s.last[0].has_failed);
	assert_float_equal(s.last[0].values[0], 7, 0);
	end(&s);
}

static void
test_failures_are_said_and_leave_nothing_known(void **state)
{
	static const struct {
		const char *more, *sentence;
	} failures[] = {
		{"url: /missing", "it answered 404"},
		{"url: /cut", "the connection closed before the response was complete"},
		{"url: /zipped", "it is compressed, which nobody asked for"},
		{"url: /broken", "line 2: 'depth' has no value"},
		{"url: /uncut", "it is cut: '# EOF' is missing"},
		{"url: /big, max_bytes: 1MiB", "it is larger than max_bytes, 1048576 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		struct scraping s;
		char more[256];

		snprintf(more, sizeof(more), "scrape: {%s, every: 60s, timeout: 60s, metrics: {depth: depth}}\n",
			failures[i].more);
		begin(&s, more);
		hear(&s, 1);
		assert_true(s.last[0].has_failed);
		assert_int_equal(s.records[0].counts.failed, 1);
		assert_int_equal(s.records[0].counts.good, 0);
		assert_true(s.records[0].changes[0].has_failed);
		assert_string_equal(s.records[0].changes[0].text, failures[i].sentence);
		end(&s);
	}
}

static void
test_only_changes_are_told(void **state)
{
	struct scraping s;

	(void)state;
	begin(&s, "scrape: {url: /good, every: 1s, metrics: {depth: depth}}\n");
	hear(&s, 3);
	assert_int_equal(s.changes, 1);
	assert_int_equal(s.records[0].counts.good, 3);
	end(&s);
}

/* However far it has come. */
static void
test_a_scrape_may_be_stopped_at_any_time(void **state)
{
	(void)state;
	for (int turns = 0; turns < 40; turns += 3) {
		struct scraping s;

		begin(&s, "scrape: {url: /big, every: 60s, metrics: {depth: depth}}\n");
		for (int i = 0; i < turns && s.heard == 0; i++)
			uv_run(&s.loop, UV_RUN_ONCE);
		end(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_endpoint_has_its_own_figures),
		cmocka_unit_test(test_a_big_exposition_is_read_to_its_end),
		cmocka_unit_test(test_failures_are_said_and_leave_nothing_known),
		cmocka_unit_test(test_only_changes_are_told),
		cmocka_unit_test(test_a_scrape_may_be_stopped_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
