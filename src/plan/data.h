#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

/* `data:`, what requests are filled in with: rows of files, and prompts that are made up. Files are read later, when
 * the requests are made ready (request/feed.h). Everything lives in the plan's arena. */

#define DATA_FEEDS_CEILING ((size_t)32)
#define DATA_TOKENS_CEILING ((uint64_t)1 << 20) /* of one prompt, or one answer */
#define DATA_LENGTHS_CEILING ((size_t)1000)     /* of one list */

enum plan_feed_format {
	FEED_FORMAT_AUTO, /* by the file's ending */
	FEED_FORMAT_CSV,
	FEED_FORMAT_JSONL,
	FEED_FORMAT_SHAREGPT,
	FEED_FORMAT_LINES,
};

enum plan_feed_order { FEED_SEQUENTIAL, FEED_RANDOM, FEED_SHUFFLE, FEED_UNIQUE, FEED_ZIPF };

enum plan_lengths_kind { LENGTHS_NONE, LENGTHS_FIXED, LENGTHS_UNIFORM, LENGTHS_LOGNORMAL, LENGTHS_LIST };

/* A whole number of tokens that is drawn for each prompt. */
struct plan_lengths {
	enum plan_lengths_kind kind;
	uint64_t least, most;   /* bounds of whatever is drawn */
	double median, sigma;   /* LENGTHS_LOGNORMAL: of the logarithm; what lies beyond `most` is cut to it */
	const uint64_t *values; /* LENGTHS_LIST */
	const double *until;    /* its shares, cumulated; the last is 1 */
	size_t values_n;
};

/* Draws one: u and v are uniform in (0, 1) and independent. */
uint64_t plan_lengths_draw(const struct plan_lengths *lengths, double u, double v);

enum plan_shared_by { SHARED_BY_ALL, SHARED_BY_SESSION };

struct plan_synthetic {
	struct plan_lengths tokens, output_tokens; /* output_tokens: LENGTHS_NONE where it is left out */
	uint64_t shared_prefix;                    /* tokens at the beginning of each, counted among `tokens` */
	int shared_by;                             /* enum plan_shared_by: one prefix for all, or one per arrival */
	double tokens_per_word;
	bool is_calibrated; /* tokens_per_word is learned in the warm-up */
};

struct plan_feed {
	const char *name;
	const char *file, *shown; /* resolved, and as written; NULL: it is synthetic */
	int format;               /* enum plan_feed_format, never AUTO */
	int order;                /* enum plan_feed_order */
	const char *weights;      /* FEED_RANDOM: a column of numbers; NULL: all rows alike */
	double exponent;          /* FEED_ZIPF */
	struct plan_synthetic synthetic;
	const char *profile; /* where it is written */
	size_t line, column;
};

struct plan_data {
	struct plan_feed *feeds;
	size_t n;
};

struct plan_context;
struct plan_node;
struct profile;

/* profile->data → plan.data. The scenarios are compiled already. */
bool data_compile(struct plan_context *context, struct profile *profile, struct error *err);

/* "500", "uniform:10..1000", "lognormal:500:0.8:8000", [100, 500], {100: 9, 4000: 1} → struct plan_lengths; a row of
 * keys.def. */
bool data_parse_lengths(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
