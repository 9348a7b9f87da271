#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/data.h"
#include "request/slot.h"

/* The files of `data:`. Each is read once, before the run, and looked at as a whole, so that whatever is wrong with a
 * row is said before anything is sent. What requests refer to is then kept as columns, escaped already for the place
 * where it is filled in: to fill it in is to copy it. */

#define FEED_FILE_CEILING ((size_t)1 << 30)
#define FEED_COLUMN_CEILING ((size_t)3 << 30) /* escaped */
#define FEED_COLUMNS_MOST 1000                /* of a header row */

struct feeds;
struct feed;
struct feed_column;

/* Reads the files. NULL with err set: a file that cannot be read, or in which something is wrong: file:line:column. */
struct feeds *feeds_new(const struct plan_data *data, struct error *err);
void feeds_free(struct feeds *feeds);

/* All columns are known now: the texts of the files are let go. */
void feeds_settle(struct feeds *feeds);

/* Of the plan's feeds; NULL: there is none of that name. */
struct feed *feeds_find(struct feeds *feeds, const char *name, size_t length);
struct feed *feeds_at(struct feeds *feeds, size_t i); /* in the plan's order */

const struct plan_feed *feed_plan(const struct feed *feed);

/* A synthetic feed has no rows. */
size_t feed_rows(const struct feed *feed);
size_t feed_skipped(const struct feed *feed); /* what the file holds besides that cannot be a row */

/* Which row arrival k gets. The same wherever and whenever it is asked for: by k alone. */
size_t feed_row_of(const struct feed *feed, uint64_t seed, uint64_t k);

/* A request of this scenario is filled in from it. */
void feed_note_use(struct feed *feed, uint32_t scenario);
/* How many arrivals of the scenario there are rows for, where one that it takes from is unique; else UINT64_MAX. False
 * with err set: another scenario takes from it too. All templates are made. */
bool feeds_rows_most(const struct feeds *feeds, uint32_t scenario, uint64_t *most, struct error *err);

/* Of a synthetic feed; NULL: it is of a file. */
struct prompt *feed_prompt(struct feed *feed);

/* The column as this slot fills it in. NULL with err set: there is none of that name, or a row holds what cannot stand
 * there. */
const struct feed_column *feed_column(
	struct feed *feed, const struct slot_text *name, const struct slot *slot, struct error *err);

size_t feed_column_longest(const struct feed_column *column);
const char *feed_column_text(const struct feed_column *column, uint64_t seed, uint64_t k, size_t *length);
