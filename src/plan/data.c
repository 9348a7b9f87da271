#include "plan/data.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "plan/rows.h"

/* What a file is by its ending, where `format` does not say. */
static const struct {
	const char *ending;
	enum plan_feed_format format;
} endings[] = {
	{".csv", FEED_FORMAT_CSV},
	{".jsonl", FEED_FORMAT_JSONL},
	{".ndjson", FEED_FORMAT_JSONL},
	{".json", FEED_FORMAT_SHAREGPT},
	{".txt", FEED_FORMAT_LINES},
};

static bool
find_format(const struct plan_node *node, struct plan_feed *feed, struct error *err)
{
	const char *dot = strrchr(feed->file, '.');

	for (size_t i = 0; i < ARRAY_LEN(endings) && feed->format == FEED_FORMAT_AUTO && dot != NULL; i++)
		if (strcasecmp(dot, endings[i].ending) == 0)
			feed->format = (int)endings[i].format;
	return feed->format != FEED_FORMAT_AUTO ||
	       plan_error(node, err,
		       "data: '%.200s' does not end in .csv, .jsonl, .json or .txt; say what it is by 'format'",
		       feed->shown);
}

/* It stands before a dot in ${…}. */
static bool
check_name(const struct plan_node *item, struct error *err)
{
	const char *name = item->key;
	size_t length = strlen(name);

	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
			length = 0;
	return (length >= 1 && length <= 64) ||
	       plan_error(item, err, "data: '%.80s' is not a name; write 1 to 64 letters, digits, '_' or '-'", name);
}

/* Weights and an exponent say how often a row is drawn: of an order that draws none they would say nothing. */
static bool
check_order(const struct plan_node *item, const struct plan_feed *feed, struct error *err)
{
	const struct plan_node *weights = node_get(item, "weights"), *exponent = node_get(item, "exponent");

	if (weights != NULL && feed->order != FEED_RANDOM)
		return plan_error(weights, err, "weights: only 'order: random' draws rows by their weights");
	return exponent == NULL || feed->order == FEED_ZIPF ||
	       plan_error(exponent, err, "exponent: only 'order: zipf' has one");
}

static bool
compile_feed(struct plan_context *context, const struct plan_node *item, struct plan_feed *feed, struct error *err)
{
	struct feed_row row = {0};

	if (!check_name(item, err))
		return false;
	if (item->kind != NODE_MAP) /* a file alone has become one */
		return plan_error(
			item, err, "data: write a file, or a map such as {file: items.csv}, under '%.64s'", item->key);
	if (!plan_parse_map(context, item, feed_keys, NULL, &row, err))
		return false;
	const struct plan_node *file = node_get(item, "file");

	*feed = (struct plan_feed){.name = arena_strdup(context->arena, item->key),
		.file = row.file,
		.shown = file != NULL ? file->source : NULL,
		.format = row.format,
		.order = row.order,
		.weights = row.weights,
		.exponent = row.exponent,
		.profile = arena_strdup(context->arena, item->file),
		.line = item->line,
		.column = item->column};
	if ((file != NULL) == (row.synthetic != NULL))
		return plan_error(item, err,
			"data: '%s' wants either a 'file' or 'synthetic', such as {synthetic: {tokens: 500}}",
			feed->name);
	if (file != NULL)
		return check_order(item, feed, err) && find_format(file, feed, err);
	for (const struct plan_node *key = item->first; key != NULL; key = key->next)
		if (strcmp(key->key, "synthetic") != 0)
			return plan_error(
				key, err, "data: '%s' belongs to a file; what is synthetic has none", key->key);
	if (row.synthetic->kind != NODE_MAP) /* a length alone has become one */
		return plan_error(row.synthetic, err, "synthetic: write a length, or a map such as {tokens: 500}");
	return plan_parse_map(context, row.synthetic, synthetic_keys, NULL, &feed->synthetic, err);
}

/* Whichever load begins without one would end the learning at once. */
static bool
have_warmup(const struct plan *plan)
{
	for (size_t i = 0; i < plan->scenarios_n; i++)
		if (plan->scenarios[i].load.warmup_ns == 0 && plan->scenarios[i].load.warmup_requests == 0)
			return false;
	return true;
}

bool
data_compile(struct plan_context *context, struct profile *profile, struct error *err)
{
	const struct plan_node *node = profile->data;
	struct plan_data *data = arena_alloc(context->arena, sizeof(*data));

	profile->plan.data = data;
	if (node == NULL)
		return true;
	if (node->kind != NODE_MAP || node->n == 0 || node->n > DATA_FEEDS_CEILING)
		return plan_error(node, err, "data: write a map of 1 to %zu names, such as {items: {file: items.csv}}",
			DATA_FEEDS_CEILING);
	data->feeds = arena_alloc(context->arena, node->n * sizeof(*data->feeds));
	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		struct plan_feed *feed = &data->feeds[data->n];

		if (!compile_feed(context, item, feed, err))
			return false;
		if (feed->synthetic.is_calibrated && !have_warmup(&profile->plan))
			return plan_error(item, err,
				"data: '%s' is calibrated in the warm-up, which every load needs then; add load.warmup, such as "
				"{requests: 50}",
				feed->name);
		data->n++;
	}
	return true;
}
