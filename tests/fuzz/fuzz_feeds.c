#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "request/feed.h"
#include "request/template.h"

/* A data file of any bytes: refused with its place, or read, and every row of it filled into a request wherever values
 * may stand, within the bounds that the template promised. The first byte says which format the rest is read as. */

static const char *const requests[] = {
	[FEED_FORMAT_CSV] = "GET /${f.a}?b=${f.a|raw} HTTP/1.1\r\nX: ${f.a}\r\n\r\n",
	[FEED_FORMAT_JSONL] = "POST /${f.a.b} HTTP/1.1\r\nX: ${f.a.b}\r\n\r\n",
	[FEED_FORMAT_SHAREGPT] = "POST /${f.prompt} HTTP/1.1\r\n\r\n",
	[FEED_FORMAT_LINES] = "GET /${f.line} HTTP/1.1\r\nX: ${f.line}\r\n\r\n",
};

static const char *const bodies[] = {
	[FEED_FORMAT_CSV] = "{\"a\": \"${f.a}\", \"b\": \"${f.a|json}\"}",
	[FEED_FORMAT_JSONL] = "{\"a\": \"<${f.a.b}>\", \"b\": \"${f.a|json}\", \"c\": \"${f.a.c.0|json}\"}",
	[FEED_FORMAT_SHAREGPT] = "{\"a\": \"${f.answer}\", \"n\": ${f.turns}, \"m\": \"${f.messages|json}\"}",
	[FEED_FORMAT_LINES] = "${f.line}",
};

static void
render_all(const struct template *template, size_t rows)
{
	size_t most = template_render_max(template);
	char *into = malloc(most);

	CHECK(into != NULL);
	for (uint64_t k = 0; k < rows && k < 100; k++)
		CHECK_OP(template_render(template, &(struct render){.seed = 1, .k = k}, into), <=, most);
	free(into);
}

/* Each alone: what cannot stand in one place may stand in another. */
static void
fill(struct feeds *feeds, const char *head, const char *body)
{
	struct error err = {0};
	struct template *template = template_new(&(struct slot_scope){.feeds = feeds}, head, strlen(head), body,
		body != NULL ? strlen(body) : 0, true, &err);

	CHECK((template == NULL) == error_is_set(&err));
	if (template != NULL)
		render_all(template, feed_rows(feeds_at(feeds, 0)));
	template_free(template);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char path[32];
	struct error err = {0};
	int fd = memfd_create("feed", 0);

	if (length == 0 || fd < 0)
		return 0;
	CHECK_OP(write(fd, bytes + 1, length - 1), ==, (ssize_t)length - 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct plan_feed feed = {.name = "f",
		.file = path,
		.shown = "f",
		.format = FEED_FORMAT_CSV + bytes[0] % 4,
		.order = bytes[0] / 4 % 3,
		.profile = "p"};
	struct feeds *feeds = feeds_new(&(struct plan_data){&feed, 1}, &err);

	CHECK((feeds == NULL) == error_is_set(&err));
	if (feeds != NULL) {
		fill(feeds, requests[feed.format], NULL);
		fill(feeds, "POST / HTTP/1.1\r\n\r\n", bodies[feed.format]);
	}
	feeds_free(feeds);
	close(fd);
	return 0;
}
