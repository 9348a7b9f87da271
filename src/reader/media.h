#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a response says that its body is, as far as readers care. */
enum media_kind { MEDIA_NONE, MEDIA_SSE, MEDIA_NDJSON, MEDIA_JSON, MEDIA_OTHER };

struct media {
	enum media_kind kind; /* MEDIA_NONE: no Content-Type came */
	bool is_encoded;      /* by a Content-Encoding that nobody asked for */
};

/* One more header field; those that say nothing of this change nothing. */
void media_note_header(
	struct media *media, const char *name, size_t name_length, const char *value, size_t value_length);
