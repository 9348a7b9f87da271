#include "plan/scrape.h"

#include <ctype.h>
#include <string.h>

#include "base/check.h"
#include "plan/rows.h"

/* `scrape:`, and what expressions may name because of it. */

static const char accept[] = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/* Between two dots of an expression. */
static bool
check_name(const struct plan_node *item, struct error *err)
{
	size_t length = strlen(item->key);

	for (const char *p = item->key; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
			length = 0;
	return (length >= 1 && length <= 64) ||
	       plan_error(item, err, "scrape: '%.80s' is not a name; write 1 to 64 letters, digits, '_' or '-'",
		       item->key);
}

static bool
ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), n = strlen(ending);

	return length > n && strcmp(text + length - n, ending) == 0;
}

/* Prometheus' own convention: https://prometheus.io/docs/practices/naming */
static enum plan_unit
unit_of(const struct plan_scraped *scraped)
{
	const char *metric = scraped->metric;

	if (scraped->kind == SCRAPED_RATE)
		return UNIT_RATE;
	return ends_with(metric, "_seconds") ? UNIT_TIME
	       : ends_with(metric, "_bytes") ? UNIT_BYTES
	       : ends_with(metric, "_ratio") ? UNIT_RATIO
					     : UNIT_COUNT;
}

double
scraped_in_unit(const struct plan_scraped *scraped, double value)
{
	return scraped->figure.unit == UNIT_TIME ? value * 1e9 : value;
}

static bool
add_labels(
	const struct plan_node *item, const struct plan_list *labels, struct plan_scraped *scraped, struct error *err)
{
	const struct plan_pair *pairs = labels->items;
	const struct plan_node *node = node_get(item, "labels");

	for (size_t i = 0; i < labels->n; i++) {
		struct error what = {0};

		if (!scrape_add_matcher(scraped, pairs[i].name, pairs[i].value, &what))
			return plan_error(node, err, "labels: %s", what.message);
	}
	return true;
}

static bool
set_kind(struct plan_context *context, const struct plan_node *item, const struct scraped_row *row,
	struct plan_scraped *scraped, struct error *err)
{
	const struct plan_node *quantile = node_get(item, "quantile"), *over = node_get(item, "over");

	scraped->over = row->over;
	scraped->kind = quantile != NULL ? SCRAPED_QUANTILE : row->is_rate ? SCRAPED_RATE : SCRAPED_VALUE;
	if (quantile == NULL)
		return true;
	scraped->quantile = row->quantile;
	if (row->is_rate)
		return plan_error(node_get(item, "rate"), err,
			"rate: a quantile is of what was observed between two scrapes already; leave rate out");
	if (over != NULL)
		return plan_error(
			over, err, "over: the buckets of all histograms that match are added up; leave it out");
	if (row->quantile <= 0)
		return plan_error(quantile, err,
			"quantile: '%s' is none; write more than 0 and at most 1, such as 0.95", quantile->source);
	for (size_t i = 0; i < scraped->matchers_n; i++)
		if (strcmp(scraped->matchers[i].name, "le") == 0)
			return plan_error(
				item, err, "scrape: a quantile is made of all buckets; leave the label 'le' out");
	if (ends_with(scraped->metric, "_bucket"))
		scraped->metric =
			arena_strndup(context->arena, scraped->metric, strlen(scraped->metric) - strlen("_bucket"));
	return true;
}

/* A metric alone stands for {metric: …}. */
static bool
compile_scraped(
	struct plan_context *context, const struct plan_node *item, struct plan_scraped *scraped, struct error *err)
{
	struct scraped_row row = {0};
	struct plan_node map = {
		.kind = NODE_MAP, .file = item->file, .line = item->line, .column = item->column, .key = item->key};
	struct plan_node only = *item;
	struct error what = {0};

	if (!check_name(item, err))
		return false;
	if (item->kind == NODE_LIST || node_is_null(item))
		return plan_error(item, err, "scrape: '%s' is a metric such as app_queue_depth, or a map with 'metric'",
			item->key);
	if (item->kind == NODE_SCALAR) {
		only.key = "metric";
		node_add(&map, &only);
		item = &map;
	}
	if (!plan_parse_map(context, item, scraped_keys, NULL, &row, err))
		return false;
	scraped->name = arena_strdup(context->arena, item->key);
	scraped->matchers = arena_alloc(context->arena, SCRAPE_MATCHERS_MAX * sizeof(*scraped->matchers));
	if (!scrape_parse_selector(context->arena, row.metric, scraped, &what))
		return plan_error(node_get(item, "metric"), err, "metric: %s", what.message);
	return add_labels(item, &row.labels, scraped, err) && set_kind(context, item, &row, scraped, err);
}

static bool
compile_metrics(struct plan_context *context, const struct plan_node *metrics, struct plan_scrape *scrape,
	struct plan_endpoint *endpoint, struct error *err)
{
	if (metrics->kind != NODE_MAP || metrics->n == 0)
		return plan_error(
			metrics, err, "metrics: write a map of names to metrics such as {depth: app_queue_depth}");
	endpoint->list = scrape->list + scrape->n;
	for (const struct plan_node *item = metrics->first; item != NULL; item = item->next) {
		struct plan_scraped *scraped = &scrape->list[scrape->n];

		if (scrape->n == SCRAPED_MAX)
			return plan_error(item, err, "scrape: more than %zu figures", SCRAPED_MAX);
		if (!compile_scraped(context, item, scraped, err))
			return false;
		for (size_t i = 0; i < scrape->n; i++)
			if (strcmp(scrape->list[i].name, scraped->name) == 0)
				return plan_error(item, err, "scrape: there is a figure '%s' already", scraped->name);
		scraped->index = scrape->n++;
		endpoint->n++;
	}
	return true;
}

static struct plan_list
headers_of(struct arena *arena, const struct plan_list *more)
{
	struct plan_pair *pairs = arena_alloc(arena, (more->n + 1) * sizeof(*pairs));

	pairs[0] = (struct plan_pair){"Accept", accept};
	memcpy(pairs + 1, more->items != NULL ? more->items : pairs, more->n * sizeof(*pairs));
	return (struct plan_list){.items = pairs, .n = more->n + 1};
}

static bool
compile_endpoint(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct plan_scrape *scrape, struct error *err)
{
	struct plan_endpoint *endpoint = &scrape->endpoints[scrape->endpoints_n++];
	const struct plan_node *timeout = node_get(item, "timeout");
	struct endpoint_row row = {0};

	if (item->kind != NODE_MAP)
		return plan_error(item, err,
			"scrape: write a map such as {url: \"http://127.0.0.1:9100/metrics\", metrics: {depth: "
			"app_queue_depth}}, or a list of them");
	if (!plan_parse_map(context, item, scrape_keys, NULL, &row, err))
		return false;
	*endpoint = (struct plan_endpoint){
		.fetch = row.fetch, .every_ns = row.every_ns, .ceiling_bytes = row.ceiling_bytes};
	if (endpoint->fetch.timeout_ns > endpoint->every_ns) {
		if (timeout != NULL)
			return plan_error(timeout, err, "timeout: '%s' is longer than the time between two scrapes",
				timeout->source);
		endpoint->fetch.timeout_ns = endpoint->every_ns;
	}
	endpoint->fetch.method = "GET";
	endpoint->fetch.headers = headers_of(context->arena, &row.headers);
	course_place_fetch(context, target, &endpoint->fetch);
	return compile_metrics(context, row.metrics, scrape, endpoint, err);
}

/* What expressions may name: the tables' own metrics, and what is scraped. */
static const struct plan_metric *const *
metrics_with(struct plan_context *context, struct plan_scrape *scrape)
{
	const struct plan_metric **all, *const *own = context->tables->metrics;
	size_t n = 0;

	while (own[n] != NULL)
		n++;
	all = arena_alloc(context->arena, (n + scrape->n + 1) * sizeof(*all));
	memcpy(all, own, n * sizeof(*all));
	for (size_t i = 0; i < scrape->n; i++) {
		struct plan_scraped *scraped = &scrape->list[i];

		scraped->figure =
			(struct plan_metric){.name = arena_printf(context->arena, SCRAPED_PREFIX "%s", scraped->name),
				.unit = unit_of(scraped),
				.stats = STAT_SCRAPED,
				.help = scraped->metric,
				.scraped = scraped};
		all[n + i] = &scraped->figure;
	}
	return all;
}

bool
scrape_compile_endpoints(struct plan_context *context, const struct plan_node *node, const struct plan_target *target,
	struct plan_scrape *scrape, struct error *err)
{
	bool is_list = node->kind == NODE_LIST;
	size_t n = is_list ? node->n : 1;

	if (n == 0 || n > SCRAPE_ENDPOINTS_MAX)
		return plan_error(node, err, "scrape: write 1 to %zu endpoints", SCRAPE_ENDPOINTS_MAX);
	scrape->endpoints = arena_alloc(context->arena, n * sizeof(*scrape->endpoints));
	scrape->list = arena_alloc(context->arena, SCRAPED_MAX * sizeof(*scrape->list));
	for (size_t i = 0; i < n; i++)
		if (!compile_endpoint(context, is_list ? node_at(node, i) : node, target, scrape, err))
			return false;
	return true;
}

bool
scrape_compile(struct plan_context *context, struct profile *profile, struct error *err)
{
	struct plan_scrape *scrape = &profile->plan.scrape;

	context->metrics = context->tables->metrics;
	if (profile->scrape == NULL)
		return true;
	if (!scrape_compile_endpoints(context, profile->scrape, &profile->plan.target, scrape, err))
		return false;
	context->metrics = metrics_with(context, scrape);
	return true;
}

bool
scrape_is_same(const struct plan_scrape *a, const struct plan_scrape *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->list[i].name, b->list[i].name) != 0 || a->list[i].figure.unit != b->list[i].figure.unit)
			return false;
	return true;
}
