#pragma once

#include "report/reporter.h"
#include "report/value.h"

/* What `brunt compare` prints: a comparison of runs that are over, in report->against, with the verdict on it. There is
 * no summary. */
#define COMPARED_SCHEMA "brunt/comparison/1"
#define COMPARED_CEILING ((size_t)16 * 1024 * 1024)

struct compared_ops {
	const char *name;                                             /* "markdown": brunt compare --format */
	bool (*write)(const struct report *report, struct buf *into); /* false: the buffer's ceiling */
};

extern const struct compared_ops compared_formats[]; /* ended by one without a name; the first is the default */
const struct compared_ops *compared_by_name(const char *name);

/* "FAIL: regression: response.p95 …". Returns into. */
const char *compared_headline(const struct report *report, char *into, size_t size);
cJSON *compared_object(const struct report *report); /* the JSON document; the caller deletes it */

/* For people, in the style of a terminal. */
void compared_text(const struct report *report, const struct terminal_style *style, struct buf *into);
bool compared_json(const struct report *report, struct buf *into);
bool compared_markdown(const struct report *report, struct buf *into);
bool compared_html(const struct report *report, struct buf *into); /* with charts, for a browser */
