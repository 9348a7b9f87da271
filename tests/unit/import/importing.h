#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import/draft.h"
#include "import/importer.h"
#include "unit/plan/fakes.h"

/* An imported text, and the plan that its profile is when it is read again: every import that succeeds must be one. */
struct imported {
	struct import import;
	struct plan *plan; /* NULL: it was refused, err says why */
	struct error err;
};

static inline void
set_secrets(const struct draft *draft)
{
	for (size_t i = 0; i < draft->secrets.n; i++)
		assert_int_equal(setenv(draft->secrets.list[i].variable,
					 draft->secrets.list[i].value != NULL ? draft->secrets.list[i].value : "s", 1),
			0);
}

static inline struct imported
import_bytes(const char *kind, const struct import_options *given, const char *text, size_t length)
{
	const struct importer *importer = importer_by_name(kind);
	struct import_options options = given != NULL ? *given : (struct import_options){0};
	struct imported imported = {.plan = NULL};

	assert_non_null(importer);
	options.file = "given";
	options.most = options.most > 0 ? options.most : IMPORT_REQUESTS_DEFAULT;
	if (!import_make(&imported.import, importer, &options, text, length, &imported.err)) {
		assert_true(error_is_set(&imported.err));
		return imported;
	}
	set_secrets(imported.import.draft);
	for (size_t i = 0; i < imported.import.files_n; i++) /* in the temporary folder that the test gave */
		assert_non_null(options.out);
	assert_false(options.out != NULL && !import_write(&imported.import, &options, &imported.err));
	const struct buf *profile = &imported.import.profile;

	imported.plan = plan_load_text(profile->bytes, profile->length, options.out != NULL ? options.out : "x.yaml",
		NULL, 0, &fake_tables, &imported.err);
	if (imported.plan == NULL)
		fail_msg("%s: %s\n%s", imported.err.where, imported.err.message, profile->bytes);
	return imported;
}

static inline struct imported
import_text(const char *kind, const struct import_options *options, const char *text)
{
	return import_bytes(kind, options, text, strlen(text));
}

static inline void
imported_free(struct imported *imported)
{
	plan_free(imported->plan);
	import_free(&imported->import);
}

static inline const char *
header_of(const struct plan_request *request, const char *name)
{
	const struct plan_pair *headers = request->headers.items;

	for (size_t i = 0; i < request->headers.n; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return headers[i].value;
	return NULL;
}

static inline bool
notes_say(const struct imported *imported, const char *what)
{
	return imported->import.notes.length > 0 && strstr(imported->import.notes.bytes, what) != NULL;
}
