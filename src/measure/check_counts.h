#pragma once

#include <stddef.h>
#include <stdint.h>

#include "measure/exchange.h"

/* How often each check of the plan failed, and what the first answer said in place of what was expected. */

#define CHECK_COUNTS_MAX 256 /* checks of a plan */
#define CHECK_TEXT_MAX 120

struct check_count {
	uint64_t failed;
	char first[CHECK_TEXT_MAX]; /* in the server's words: whoever shows it escapes it */
};

struct check_counts {
	struct check_count *list; /* CHECK_COUNTS_MAX, by their numbers in the plan */
	uint32_t n;               /* none of those from there on has failed */
};

void check_counts_init(struct check_counts *counts);
void check_counts_fini(struct check_counts *counts);
void check_counts_reset(struct check_counts *counts);
void check_counts_add(struct check_counts *counts, const struct check_misses *misses);
void check_counts_merge(struct check_counts *into, const struct check_counts *more);

/* For the event stream: `checks`, [[number, failed, "first"], …] of those that failed. */
struct buf;
struct cJSON;
struct json_reader;
void check_counts_encode(struct buf *into, const struct check_counts *counts);
void check_counts_read(struct json_reader *r, const struct cJSON *in, struct check_counts *counts);
