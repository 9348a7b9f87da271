#pragma once

#include "measure/suite_record.h"
#include "report/reporter.h"
#include "report/value.h"

/* What is told of a suite: its documents, each made of the record alone, so that they are the same while it goes on,
 * when it has ended, and when its suite.json is read again. */

#define SUITE_SCHEMA "brunt/suite/1" /* results/suite.schema.json */
#define SUITE_FILE "suite.json"
#define SUITE_DOCUMENT_CEILING ((size_t)16 * 1024 * 1024)

/* The same as a tree; the caller deletes it. */
cJSON *suite_object(const struct suite_record *record);
/* "PASS: 9 of 12 passed, 3 skipped". Returns into. */
const char *suite_headline(const struct suite_record *record, char *into, size_t size);

/* Each appends its document; false: the buffer's ceiling. */
bool suite_add_json(const struct suite_record *record, struct buf *into);
/* Verdict first, then the rows and the categories. dir: where the results lie; NULL: not told. */
bool suite_add_terminal(
	const struct suite_record *record, const char *dir, const struct terminal_style *style, struct buf *into);
bool suite_add_text(const struct suite_record *record, struct buf *into); /* the same for a file */
/* A test suite for each category, a test case for each row, and one for the verdict: fail is a failure, unless it is
 * forgiven; inconclusive, and what was not run though it should have been, an error; the rest that was not run is
 * skipped. */
bool suite_add_junit(const struct suite_record *record, struct buf *into);
/* For a browser, with a link to each run's own page. */
bool suite_add_html(const struct suite_record *record, struct buf *into);
cJSON *suite_html_document(const struct suite_record *record); /* what it shows; the caller deletes it */

struct suite_document {
	const char *file;
	const char *stands_for; /* what a single run calls the like of it: that is what --format asks for */
	bool (*write)(const struct suite_record *record, struct buf *into);
};
extern const struct suite_document suite_documents[]; /* of its directory, ended by one without a file */

/* A suite.json read again, with its profile; NULL with err set. The caller frees it by suite_record_free. */
struct suite_record *suite_record_read(const char *text, size_t length, struct error *err);
void suite_record_free(struct suite_record *record);
