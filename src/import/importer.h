#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* What others wrote down of requests → a profile. One importer reads one kind of file and puts its requests into a
 * draft (draft.h); what a draft becomes is the same for all of them (profile.h). Nothing is left out without a word:
 * see notes.h. */

#define IMPORT_FILE_CEILING ((size_t)256 * 1024 * 1024)
#define IMPORT_REQUESTS_DEFAULT 100

struct draft;

/* What only some kinds of files know how to do. */
enum {
	IMPORT_AS_FLOW = 1 << 0,
	IMPORT_AS_TRACE = 1 << 1,
	IMPORT_WRITES = 1 << 2,
	IMPORT_NO_ASSETS = 1 << 3,
};

struct import_options {
	const char *file; /* as messages call it */
	const char *url;  /* where it is sent to instead; NULL: where the file says */
	const char *host; /* requests to others are left out; NULL: there must be no others */
	const char *out;  /* the profile that will be written; NULL: to stdout, so that no file can lie beside it */
	uint64_t most;    /* requests of the profile: the most frequent ones */
	unsigned modes;   /* of the above */
	bool with_secrets;
};

struct importer {
	const char *name;   /* of the kind: "har" */
	const char *help;   /* one line */
	const char *origin; /* what the profile says it is from: "command lines of curl" */
	const char *place;  /* what its notes count: "line" or "entry" */
	unsigned modes;     /* it takes */
	bool needs_url;     /* such files name no server */
	bool (*read)(struct draft *draft, const char *text, size_t length, struct error *err);
};

extern const struct importer *const importers[]; /* from importers.def, ended by NULL */

const struct importer *importer_by_name(const char *name); /* NULL: there is none */

/* What was made of a file. */
struct import {
	struct buf profile; /* YAML */
	struct buf notes;   /* what could not be taken over, line by line, and at last how much: for stderr */
	struct import_file {
		const char *path; /* beside the profile: bodies that are no text, a trace */
		const char *bytes;
		size_t length;
	} * files;
	size_t files_n;
	struct draft *draft; /* owns all that */
};

/* False with err set: this is no such file, or holds nothing that could be sent. Either way import_free. */
bool import_make(struct import *import, const struct importer *importer, const struct import_options *options,
	const char *text, size_t length, struct error *err);
void import_free(struct import *import);

/* Writes the files and the profile, to options->out; none of them may be there already. False with err set. */
bool import_write(const struct import *import, const struct import_options *options, struct error *err);
