#include "cmd/report_suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "report/suite.h"

bool
report_suite_is(const char *dir)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/" SUITE_FILE, dir);
	return access(path, R_OK) == 0;
}

static const struct suite_document *
document_of(const struct report_document *wanted)
{
	const struct suite_document *document = suite_documents;

	while (document->file != NULL && strcmp(document->stands_for, wanted->file) != 0)
		document++;
	return document->file != NULL ? document : NULL;
}

static bool
deliver(const struct buf *text, const char *file, const char *out_dir, struct error *err)
{
	char path[PATH_MAX + 64];

	if (out_dir == NULL)
		return (fwrite(text->bytes, 1, text->length, stdout) == text->length && fflush(stdout) == 0) ||
		       error_set(err, "cannot write to standard output: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/%s", out_dir, file);
	return file_make_dirs(out_dir, err) && file_write_atomic(path, text->bytes, text->length, err);
}

/* suite.json as it stands: it has the profile, too. */
static bool
add_document(
	struct buf *into, const struct suite_document *document, const char *json, const struct suite_record *record)
{
	return strcmp(document->file, SUITE_FILE) == 0 ? buf_add_text(into, json) : document->write(record, into);
}

static int
deliver_all(
	const struct suite_record *record, const char *json, const struct document_list *documents, const char *out_dir)
{
	struct error err = {0};
	struct buf text;
	bool is_good = true;

	buf_init(&text, SUITE_DOCUMENT_CEILING);
	for (size_t i = 0; is_good && i < documents->n; i++) {
		const struct suite_document *document = document_of(documents->items[i]);

		buf_clear(&text);
		if (document == NULL)
			is_good = error_set(&err,
				"a suite has no %s; each of its profiles' directories has, or brunt report makes it",
				documents->items[i]->file);
		else
			is_good = (i == 0 || out_dir != NULL || buf_add_char(&text, '\n')) &&
				  add_document(&text, document, json, record) &&
				  deliver(&text, document->file, out_dir, &err);
	}
	buf_fini(&text);
	if (!is_good)
		log_error("%s", error_is_set(&err) ? err.message : "the document would be too large");
	return is_good ? EXIT_PASSED : EXIT_INTERNAL;
}

int
report_suite(const char *dir, const struct document_list *documents, const char *out_dir)
{
	char path[PATH_MAX + 16];
	struct error err = {0};
	size_t length;

	snprintf(path, sizeof(path), "%s/" SUITE_FILE, dir);
	char *text = file_read(path, SUITE_DOCUMENT_CEILING, &length, &err);
	struct suite_record *record = text != NULL ? suite_record_read(text, length, &err) : NULL;

	int exit_code = EXIT_USAGE;

	if (record != NULL)
		exit_code = deliver_all(record, text, documents, out_dir);
	else
		log_error("%s: %s", path, err.message);
	suite_record_free(record);
	free(text);
	return exit_code;
}
