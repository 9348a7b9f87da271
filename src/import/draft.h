#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "import/importer.h"
#include "import/notes.h"
#include "import/secrets.h"

/* What an importer has read so far. Requests that are the same are one, counted, unless their order matters. Texts are
 * of the form of literal.h; bodies are text or bytes as they go on the wire. */

#define DRAFT_HEADERS_MAX 128
#define DRAFT_REQUESTS_MAX 200000 /* different ones that are looked at */

struct draft_header {
	const char *name, *value;
};

struct draft_request {
	size_t place;       /* where it stands in the file: its line or entry */
	const char *name;   /* what the file calls it; NULL: made of method and path */
	const char *method; /* in capitals */
	const char *base, *path;
	struct draft_header *headers;
	size_t headers_n;
	const char *body; /* NULL: none */
	size_t body_length;
	bool body_is_plain; /* bytes, in which "${" is itself; else of the form of literal.h */
	const char *json;   /* or the body as YAML in one line, to be sent as JSON */
	const char *remark; /* stands beside it, as a comment; NULL: nothing */
	bool is_comment;    /* written, but commented out */
	int64_t think_ns;   /* in a flow: how long after its end the next one began; 0: not known */
};

/* A request that was taken: the same, and how often. */
struct draft_taken {
	struct draft_request *request;
	uint64_t hash, times;
	const char *final_name; /* once they are chosen */
	bool is_chosen;
};

struct draft_arrival {
	int64_t at_ns;
	uint32_t taken; /* index */
	uint32_t place; /* in the file, which logs write as requests end */
};

struct draft {
	const struct importer *importer;
	const struct import_options *options;
	struct arena arena;
	struct notes notes;
	struct secrets secrets;

	struct draft_taken *taken;
	size_t n, capacity;
	uint32_t *table; /* of indexes + 1, by hash; 0: free */
	size_t table_size;

	struct draft_arrival *arrivals; /* IMPORT_AS_TRACE: in the order they were added */
	size_t arrivals_n, arrivals_capacity;

	struct {
		const char *base;
		uint64_t times;
	} bases[64];
	size_t bases_n;
	uint64_t of_other_hosts;

	bool is_insecure;   /* -k: certificates are not looked at */
	bool keeps_cookies; /* of a flow */
	const char *title;  /* of what was read, for its name; NULL: the host */
	double seconds;     /* that it was recorded in; 0: not known */
	uint64_t seen;      /* requests of the file, whatever became of them */
};

void draft_init(struct draft *draft, const struct importer *importer, const struct import_options *options);
void draft_fini(struct draft *draft);

bool draft_has(const struct draft *draft, unsigned mode);

/* A header as it was given, in the form of literal.h; what is the protocol's own business is left to it, a secret is
 * replaced by a reference, and one that is there already is joined with it (RFC 9110 §5.3). */
void draft_add_header(struct draft *draft, struct draft_request *request, const char *name, const char *value);
const char *draft_header(const struct draft_request *request, const char *name); /* NULL: it has none */
void draft_set_header(struct draft *draft, struct draft_request *request, const char *name, const char *value);

/* "name:password" as the header Authorization. */
void draft_set_user(struct draft *draft, struct draft_request *request, const char *user);

/* Base, path and credentials of a URL. False: it is none, and that was noted. */
bool draft_set_url(struct draft *draft, struct draft_request *request, const char *url);

/* Once it is whole. at_ns: when it began, for a trace. False: it is left out, which was noted or counted. */
bool draft_add(struct draft *draft, const struct draft_request *request, int64_t at_ns);

/* By time, and as the file has them where that is the same. */
void draft_sort_arrivals(struct draft *draft);

/* A whole request, or something of one, that is not taken over: a sentence of what and why. */
void draft_leave_out(struct draft *draft, size_t place, const char *format, ...) __attribute__((format(printf, 3, 4)));
void draft_change(struct draft *draft, size_t place, const char *format, ...) __attribute__((format(printf, 3, 4)));
