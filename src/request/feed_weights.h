#pragma once

#include "request/feed.h"

/* Rows that come as often as a column of their file says. */

/* Reads the column of the plan's `weights`, before the feed is settled. False with err set: there is none, or a row
 * holds what is no weight. */
bool feed_weigh(struct feed *feed, struct error *err);
/* u: uniform in (0, 1). */
size_t feed_weighted_row(const struct feed *feed, double u);
