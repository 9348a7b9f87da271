#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A framing cuts a body into events, whatever the reads were that it came in. It is pulled: whoever reads the body
 * gives a read, and takes events until there are no more. An event that lies whole in one read is handed out where it
 * lies; only what is cut is put together in the scratch buffer. */

#define FRAMING_TYPE_MAX 64
#define FRAMING_ID_MAX 128

/* Bytes without a NUL at the end, good until the next take. */
struct framing_event {
	const char *data;
	size_t length;
	const char *type; /* of an SSE event; "" where it names none */
	size_t type_length;
	const char *id; /* the last that an SSE stream gave; "" where it gave none */
	size_t id_length;
};

struct framing;

struct framing_ops {
	/* The next event of what was given; false: there is no more, and what is cut off is kept for the next read. */
	bool (*take)(struct framing *framing, struct framing_event *event);
	/* Whether the body may end here: no event is half there. */
	bool (*is_between)(const struct framing *framing);
};

extern const struct framing_ops sse_framing, ndjson_framing;

struct framing {
	const struct framing_ops *ops;
	struct buf *scratch; /* the data of the event so far, where it is kept; then the line that is cut */

	const char *at, *end; /* what is left of the read */
	const char *lf, *cr;  /* the next of each; end: there is none; NULL: not looked for */
	size_t partial_at;    /* in the scratch buffer: where the line begins that is cut */
	bool is_partial;      /* there is one */
	bool is_first_line, skips_lf, skips_line;
	bool is_too_large; /* an event passed READER_SCRATCH_MAX, or its type or id their ceilings: nothing follows */

	/* SSE: the event that is under way. */
	bool is_taken; /* it was handed out: the next take begins another */
	bool has_data, is_kept;
	const char *data; /* in the read, unless is_kept: then at the start of the scratch buffer */
	size_t data_length;
	size_t type_length, id_length;
	char type[FRAMING_TYPE_MAX];
	char id[FRAMING_ID_MAX]; /* the last that was given: it stays until there is another */
};

/* The scratch buffer is empty, and lent for as long as the body lasts. */
void framing_init(struct framing *framing, const struct framing_ops *ops, struct buf *scratch);
/* The events of the read before have all been taken; these bytes stay where they are until theirs have. */
void framing_give(struct framing *framing, const char *bytes, size_t length);

/* For the framings themselves. The next whole line without its end, LF or (is_cr_end) LF, CR and CRLF. `comment`: what
 * a line begins with that need not be kept; '\0': nothing. from_scratch: it was cut, and lies in the scratch buffer. */
struct framing_line {
	const char *text;
	size_t length;
	bool from_scratch;
};
bool framing_take_line(struct framing *framing, bool is_cr_end, char comment, struct framing_line *line);
