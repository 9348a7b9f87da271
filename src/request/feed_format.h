#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "request/feed.h"
#include "request/zipf.h"

/* What a file of rows looks like: one file each, and a row of feed_formats.def. */

/* A column as the format finds it. */
struct feed_path {
	const char *name; /* as the profile writes it, not ended */
	size_t length;
	size_t index; /* the format's own */
};

/* What a value is before it is escaped. */
enum feed_value {
	FEED_TEXT,   /* of a file without types: any text, and where JSON wants a value it must be one */
	FEED_STRING, /* a string of JSON, as the text that it stands for */
	FEED_NUMBER, /* a number, true or false: text and JSON at once */
	FEED_JSON,   /* an object, a list or null: no text */
	FEED_WRONG,  /* there is none: err says so */
};

struct feed_format {
	const char *name;
	/* Looks at the whole text and adds its rows. */
	bool (*index)(struct feed *feed, struct error *err);
	/* Finds the column. */
	bool (*find)(const struct feed *feed, struct feed_path *path, struct error *err);
	/* What the row holds there, added to `into`: a text's own characters, or JSON as it stands. */
	enum feed_value (*value)(
		const struct feed *feed, size_t row, const struct feed_path *path, struct buf *into, struct error *err);
	void (*fini)(struct feed *feed); /* NULL: nothing to do */
};

#define FEED_OF_NOBODY UINT32_MAX

struct feed {
	const struct plan_feed *plan;
	const struct feed_format *format; /* NULL: it is synthetic */
	char *text;                       /* of the file, ended by NUL; NULL once settled */
	size_t length;
	size_t *rows; /* where each begins in the text */
	size_t rows_n, rows_capacity, skipped;
	struct slot_text *header; /* csv: its names, in the text */
	size_t header_n;
	unsigned index; /* among the feeds: no two draw the same random numbers */
	struct feed_column *columns;
	struct prompt *prompt; /* of a synthetic feed */
	double *weights_until; /* per row: cumulated; NULL: it has none */
	struct zipf zipf;      /* of FEED_ZIPF */
	uint32_t scenario;     /* the first that takes from it; FEED_OF_NOBODY: none does */
	bool is_of_several;    /* others do too */
};

/* The format of a plan's feed. */
const struct feed_format *feed_format_of(const struct plan_feed *plan);

void feed_add_row(struct feed *feed, size_t at);

/* The sentence about this place of the file, as file:line:column; false. */
bool feed_error_at(const struct feed *feed, size_t at, struct error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The column that is not there, and those that are. */
bool feed_no_column(const struct feed *feed, const struct feed_path *path, const char *const *names, size_t names_n,
	struct error *err);

/* All of it is UTF-8, without NUL bytes. */
bool feed_check_utf8(const struct feed *feed, struct error *err);

/* Where the text begins, past a byte order mark. */
size_t feed_begin(const struct feed *feed);
