#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "plan/plan.h"
#include "request/session.h"

/* What a step of a flow takes out of its answers, for its session: values by `extract:`, and cookies. Made ready once
 * at start; nothing is taken from an answer that turns out to be none, or a bad one. */
struct extractor;

/* *extractor is NULL where nothing is wanted of the answers. False with err set: a regular expression is none, or
 * could take for ever. The plan must outlive it. */
bool extractor_new(
	const struct plan *plan, const struct plan_request *request, struct extractor **extractor, struct error *err);
void extractor_free(struct extractor *extractor);

bool extractor_wants_headers(const struct extractor *extractor); /* of NULL: nothing */
bool extractor_wants_body(const struct extractor *extractor);

/* Most of an answer's body that is looked at; one that is larger has nothing in it. */
#define EXTRACTION_BODY_MAX ((size_t)1024 * 1024)
/* Most that the header fields that are wanted may take together. */
#define EXTRACTION_FIELDS_MAX ((size_t)64 * 1024)

/* One answer, while it comes. It belongs to a connection, which keeps its memory for the next. */
struct extraction {
	const struct extractor *extractor;
	struct buf fields; /* those of the header section that are wanted */
	struct buf body;
};

void extraction_init(struct extraction *extraction);
void extraction_fini(struct extraction *extraction);
void extraction_begin(struct extraction *extraction, const struct extractor *extractor);
/* A header field, whole, and bytes of the body: as they come. */
void extraction_add_header(
	struct extraction *extraction, const char *name, size_t name_length, const char *value, size_t value_length);
void extraction_add_body(struct extraction *extraction, const char *bytes, size_t length);
/* The cookies that it sets, also where it is only a redirect. False: there is no room for them. */
bool extraction_take_cookies(const struct extraction *extraction, struct session *session);
/* The answer is good: what it has to give goes into the session. False: something is missing, or too large. */
bool extraction_end(struct extraction *extraction, struct session *session);
