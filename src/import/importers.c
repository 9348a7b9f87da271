#include "import/importer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "import/draft.h"
#include "import/profile.h"
#include "plan/plan.h"

#define NOTES_CEILING ((size_t)512 * 1024)

#define IMPORTER(name) extern const struct importer name##_importer;
#include "import/importers.def"
#undef IMPORTER

const struct importer *const importers[] = {
#define IMPORTER(name) &name##_importer,
#include "import/importers.def"
#undef IMPORTER
	NULL,
};

const struct importer *
importer_by_name(const char *name)
{
	for (size_t i = 0; importers[i] != NULL; i++)
		if (strcmp(importers[i]->name, name) == 0)
			return importers[i];
	return NULL;
}

/* What is in the profile, what is not, and what is to be done before it can run. */
static void
add_sums(const struct draft *draft, struct buf *into)
{
	const uint64_t *counts = draft->notes.counts;
	size_t chosen = 0, comments = 0;

	for (size_t i = 0; i < draft->n; i++) {
		chosen += draft->taken[i].is_chosen;
		comments += draft->taken[i].is_chosen && draft->taken[i].request->is_comment;
	}
	if (draft->of_other_hosts > 0)
		buf_printf(into, "%llu requests to other hosts are left out, as --host says\n",
			(unsigned long long)draft->of_other_hosts);
	for (size_t i = 0; i < draft->secrets.n; i++) {
		const struct secret *secret = &draft->secrets.list[i];

		buf_printf(into, "set %s before it runs: %s of %llu request%s%s\n", secret->variable, secret->what,
			(unsigned long long)secret->times, secret->times == 1 ? "" : "s",
			secret->value != NULL ? ", which is not written into the profile (--with-secrets does)" : "");
	}
	if (comments > 0)
		buf_printf(into,
			"%zu request%s that would change something at the server: written as comments; --writes takes them\n",
			comments, comments == 1 ? "" : "s");
	buf_printf(into, "%zu request%s taken over, %llu thing%s left out, %llu changed\n", chosen - comments,
		chosen - comments == 1 ? "" : "s", (unsigned long long)counts[NOTE_LEFT_OUT],
		counts[NOTE_LEFT_OUT] == 1 ? "" : "s", (unsigned long long)counts[NOTE_CHANGED]);
}

bool
import_make(struct import *import, const struct importer *importer, const struct import_options *options,
	const char *text, size_t length, struct error *err)
{
	struct draft *draft = must_alloc(sizeof(*draft));

	*import = (struct import){.draft = draft};
	buf_init(&import->profile, PLAN_FILE_CEILING);
	buf_init(&import->notes, NOTES_CEILING);
	draft_init(draft, importer, options);
	bool is_good = importer->read(draft, text, length, err) && profile_write(draft, import, err);

	notes_add_text(&draft->notes, options->file, importer->place, &import->notes);
	if (is_good)
		add_sums(draft, &import->notes);
	return is_good;
}

void
import_free(struct import *import)
{
	buf_fini(&import->profile);
	buf_fini(&import->notes);
	free(import->files);
	draft_fini(import->draft);
	free(import->draft);
}

static bool
write_new(const char *path, const char *bytes, size_t length, struct error *err)
{
	FILE *file = fopen(path, "wxe");

	if (file == NULL)
		return error_set(err, "cannot write '%s': %s", path, strerror(errno));
	bool is_written = fwrite(bytes, 1, length, file) == length;

	if (fclose(file) != 0 || !is_written)
		return error_set(err, "cannot write '%s': %s", path, strerror(errno));
	return true;
}

bool
import_write(const struct import *import, const struct import_options *options, struct error *err)
{
	for (size_t i = 0; i < import->files_n; i++)
		if (!write_new(import->files[i].path, import->files[i].bytes, import->files[i].length, err))
			return false;
	if (options->out != NULL)
		return write_new(options->out, import->profile.bytes, import->profile.length, err);
	fwrite(import->profile.bytes, 1, import->profile.length, stdout);
	return (fflush(stdout) == 0 && !ferror(stdout)) ||
	       error_set(err, "cannot write to stdout: %s", strerror(errno));
}
