#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "measure/utf8.h"
#include "request/extract.h"
#include "request/template.h"
#include "unit/request/flows.h"

/* An answer of any bytes: what a step extracts of it, and its cookies, are filled into the next request wherever values
 * may stand, within the bounds that the template promised, without a line of the head or a string of the body ending
 * early. Up to the first empty line each line is a header field. */

static const char head[] = "GET /${json}?q=${regex|raw} HTTP/1.1\r\nX: ${header}\r\nY: ${regex|raw}\r\n${cookies}\r\n";
static const char body[] = "{\"a\": \"${json}\", \"b\": \"${regex}\", \"c\": \"${header}\", \"s\": \"${session}\"}";
#define HEAD_LINES_MOST 5 /* the empty one among them */

static void
add_line(struct extraction *extraction, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);

	if (colon != NULL)
		extraction_add_header(
			extraction, line, (size_t)(colon - line), colon + 1, length - (size_t)(colon - line) - 1);
}

static void
add_answer(struct extraction *extraction, const char *at, size_t length)
{
	const char *end = at + length, *stop;

	for (; at < end && *at != '\n'; at = stop < end ? stop + 1 : end) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop != NULL ? stop : end;
		add_line(extraction, at, (size_t)(stop - at));
	}
	extraction_add_body(extraction, at, (size_t)(end - at));
}

/* Whatever the values hold: as many lines as the template has, and strings that end where theirs do. */
static void
check_request(const char *text, size_t length)
{
	const char *body_at = memmem(text, length, "\r\n\r\n", 4);
	size_t lines = 0, quotes = 0;

	CHECK(body_at != NULL);
	body_at += 4;
	for (const char *p = text; p < body_at; p++) {
		lines += *p == '\n';
		CHECK((*p == '\n') == (p > text && p[-1] == '\r'));
	}
	CHECK_OP(lines, <=, HEAD_LINES_MOST);
	for (const char *p = body_at; p < text + length; p++) {
		CHECK((unsigned char)*p >= ' ');
		if (*p == '\\')
			p++;
		else
			quotes += *p == '"';
	}
	CHECK_OP(quotes, ==, 16);
	for (const char *p = body_at; p < text + length;) {
		size_t n = utf8_length(p, (size_t)(text + length - p));

		CHECK_OP(n, >, 0);
		p += n;
	}
}

static void
render(struct flow_fixture *f, struct session *session)
{
	const struct slot_scope scope = {.plan = &f->plan, .request = &f->requests[1]};
	const struct render next = {.seed = 1, .turn = 1, .session = session};
	struct error err = {0};
	struct template *t = template_new(&scope, head, strlen(head), body, strlen(body), true, &err);

	CHECK(t != NULL);
	size_t room = template_render_room(t, &next);
	char *into = malloc(room);

	CHECK(into != NULL);
	size_t length = template_render(t, &next, into);

	CHECK_OP(length, <=, room);
	check_request(into, length);
	free(into);
	template_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct extraction extraction;
	struct extractor *extractor;
	struct flow_fixture f;
	struct session session;
	struct error err = {0};

	flow_fixture_init(&f);
	flow_fixture_extract(&f, "json", EXTRACT_JSON, "/a/0/b~1c");
	flow_fixture_extract(&f, "regex", EXTRACT_REGEX, "id=\"([^\"]*)\"");
	flow_fixture_extract(&f, "header", EXTRACT_HEADER, "X-Id");
	flow_fixture_extract(&f, "cookie", EXTRACT_COOKIE, "id");
	f.extracts[3].otherwise = "";
	f.flow.keeps_cookies = true;
	char *memory = malloc(session_memory_size(&f.flow));

	CHECK(memory != NULL && extractor_new(&f.plan, &f.requests[0], &extractor, &err));
	session_init(&session, &f.flow, memory);
	session_begin(&session, 1, 0);
	extraction_init(&extraction);
	for (int i = 0; i < 2; i++) { /* the second time over what the first one left */
		extraction_begin(&extraction, extractor);
		add_answer(&extraction, (const char *)bytes, length);
		extraction_end(&extraction, &session);
		CHECK_OP(session.jar.length, <=, COOKIE_JAR_MAX);
		render(&f, &session);
	}
	extraction_fini(&extraction);
	extractor_free(extractor);
	session_fini(&session);
	free(memory);
	return 0;
}
