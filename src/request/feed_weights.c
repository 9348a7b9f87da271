#include "request/feed_weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "request/feed_format.h"

#define NUMBER_CEILING ((size_t)64)

static bool
add_weight(struct feed *feed, const struct feed_path *path, size_t row, struct buf *value, double *total,
	struct error *err)
{
	char *end;

	buf_clear(value);
	if (feed->format->value(feed, row, path, value, err) == FEED_WRONG)
		return false;
	buf_add(value, "", 1);
	double weight = value->overflowed ? -1 : strtod(value->bytes, &end);

	if (value->overflowed || end == value->bytes || *end != '\0' || !isfinite(weight) || weight < 0)
		return feed_error_at(feed, feed->rows[row], err,
			"'%s' is to weigh this row, and is no number of 0 or more", feed->plan->weights);
	*total += weight;
	feed->weights_until[row] = *total;
	return true;
}

bool
feed_weigh(struct feed *feed, struct error *err)
{
	struct feed_path path = {.name = feed->plan->weights, .length = strlen(feed->plan->weights)};
	struct buf value;
	double total = 0;
	bool is_good = true;

	if (!feed->format->find(feed, &path, err))
		return error_place(err, feed->plan->profile, feed->plan->line, feed->plan->column);
	feed->weights_until = must_calloc(feed->rows_n, sizeof(*feed->weights_until));
	buf_init(&value, NUMBER_CEILING);
	for (size_t row = 0; row < feed->rows_n && is_good; row++)
		is_good = add_weight(feed, &path, row, &value, &total, err);
	buf_fini(&value);
	if (is_good && total == 0)
		return error_at(err, feed->plan->file, 0, 0, "every row weighs 0");
	return is_good;
}

/* The first row that the sum of the weights reaches the place at: one that weighs 0 never is. */
size_t
feed_weighted_row(const struct feed *feed, double u)
{
	double place = u * feed->weights_until[feed->rows_n - 1];
	size_t low = 0, high = feed->rows_n - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (feed->weights_until[middle] > place)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
