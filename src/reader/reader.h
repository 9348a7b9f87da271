#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "measure/exchange.h"
#include "plan/plan.h"

/* The largest piece of a body that a reader keeps at once: an event that came in parts, a JSON document. */
#define READER_SCRATCH_MAX ((size_t)1024 * 1024)

/* What a reader is lent for as long as one body lasts. */
struct reader_host {
	/* Empty at first, its ceiling READER_SCRATCH_MAX. It belongs to the connection, which keeps its memory for the
	 * next body: whatever a reader cannot judge byte by byte is put together here. */
	struct buf *scratch;
	/* What the body, or the text of a generated answer, must contain; NULL: it may say anything. It outlives the
	 * body. */
	const char *expected;
	/* What the last message of the answer contains, where it ends with one (struct plan_receive); NULL: it is
	 * counted. As expected. */
	const char *until;
	/* More text of a generated answer (content, not reasoning), still escaped as it stood in the JSON string that
	 * brought it. NULL: nobody wants it. */
	void (*on_text)(void *context, const char *json, size_t length);
	void *context;
};

/* A reader consumes one response's body, as it comes, and judges it at the end. Its state is embedded in the
 * connection, sized once at start, and shared with the readers of the connection's other requests: it owns nothing and
 * allocates nothing. One file and one row of readers.def each. */
struct reader_ops {
	struct plan_choice choice; /* name and help; a request says which by `read:` */
	size_t state_size;
	bool ignores_bytes; /* it looks at none: whoever feeds it may leave on_bytes out */
	/* A request was sent: its response comes. `request` says what is expected of it, and outlives the body; so does
	 * what *host points to, but not *host itself. */
	void (*begin)(void *state, const struct plan_request *request, const struct reader_host *host);
	/* A field of the response's header section, whole, in order, before any byte of the body. NULL: it looks at
	 * none. The name is as it was sent: compare it without regard to case. */
	void (*on_header)(void *state, const char *name, size_t name_length, const char *value, size_t value_length);
	/* The same of its trailers, after the body. NULL: it looks at none. */
	void (*on_trailer)(void *state, const char *name, size_t name_length, const char *value, size_t value_length);
	/* Bytes of the body, without transfer coding; all of them arrived at now_ns. Several calls with the same now_ns
	 * may be parts of one read. */
	void (*on_bytes)(void *state, const char *bytes, size_t length, int64_t now_ns);
	/* A message of a body that is made of them (WebSocket) is complete. True: it is the last one. NULL: the first
	 * is. */
	bool (*on_message)(void *state, int64_t now_ns);
	/* The body is complete, under this final status. FAILURE_COUNT: it is as expected; else the row that it is
	 * counted in. The status itself is the caller's to judge, and goes before. */
	enum failure (*end)(void *state, unsigned status);
	/* After the end: the answer is an error that expect.error names. NULL: it knows of no errors. */
	bool (*expects_error)(const void *state);
	/* What was generated so far, also before the end and where there is no end. NULL: it counts no tokens. */
	const struct generation *(*generation)(const void *state);
	/* The gap between the last two reads that brought tokens, once: −1 when there was none since it was asked last.
	 * NULL where generation is. */
	int64_t (*take_gap_ns)(void *state);
};

extern const struct reader_ops *const readers[]; /* from readers.def, ended by NULL */
extern const struct plan_choice *const reader_choices[];

const struct reader_ops *reader_of(const struct plan_choice *choice);

#define READER(name) extern const struct reader_ops name##_reader;
#include "reader/readers.def"
#undef READER
