#include "reader/reader.h"

#include <string.h>

/* Searches the body for expect.body as it streams by (Knuth, Morris, Pratt 1977), with a state of a few words whatever
 * the sizes: the borders that KMP keeps in a table are worked out when they are needed, as the texts that people look
 * for are short and rarely overlap themselves. */
struct text {
	const char *wanted;
	size_t wanted_length;
	size_t matched; /* how much of `wanted` the bytes so far end with; all of it: found */
};

static void
text_begin(void *state, const struct plan_request *request, const struct reader_host *host)
{
	struct text *t = state;
	(void)host;
	const char *wanted = request->expect.body != NULL ? request->expect.body : "";

	*t = (struct text){.wanted = wanted, .wanted_length = strlen(wanted)};
}

/* The longest beginning of `s`, shorter than n, that the first n bytes of it also end with. */
static size_t
border(const char *s, size_t n)
{
	for (size_t length = n - 1; length > 0; length--)
		if (memcmp(s, s + n - length, length) == 0)
			return length;
	return 0;
}

static void
text_on_bytes(void *state, const char *bytes, size_t length, int64_t now_ns)
{
	struct text *t = state;
	const char *end = bytes + length;

	(void)now_ns;
	while (bytes < end && t->matched < t->wanted_length) {
		if (t->matched == 0 && (bytes = memchr(bytes, t->wanted[0], (size_t)(end - bytes))) == NULL)
			return;
		while (t->matched > 0 && *bytes != t->wanted[t->matched])
			t->matched = border(t->wanted, t->matched);
		t->matched += *bytes == t->wanted[t->matched];
		bytes++;
	}
}

static enum failure
text_end(void *state, unsigned status)
{
	const struct text *t = state;

	(void)status;
	return t->matched == t->wanted_length ? FAILURE_COUNT : FAILURE_BODY;
}

const struct reader_ops text_reader = {
	.choice = {.name = "text", .help = "the body must contain expect.body"},
	.state_size = sizeof(struct text),
	.begin = text_begin,
	.on_bytes = text_on_bytes,
	.end = text_end,
};
