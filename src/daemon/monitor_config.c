#include "daemon/monitor_config.h"

#include <string.h>

#include "plan/compile.h"
#include "plan/key_rows.h"
#include "plan/scrape.h"

struct monitor_row {
	struct plan_watch watch;
	const struct plan_node *scrape;
	bool is_only;
};

#include "daemon/monitor_keys.def"

/* There is no target whose paths they could be. */
static bool
check_urls_are_whole(const struct plan_node *scrape, const struct plan_scrape *compiled, struct error *err)
{
	for (size_t i = 0; i < compiled->endpoints_n; i++) {
		const struct plan_node *item = scrape->kind == NODE_LIST ? node_at(scrape, i) : scrape;
		const struct plan_place *place = &compiled->endpoints[i].fetch.place;

		if (place->is_of_target)
			return plan_error(node_get(item, "url"), err,
				"url: '%s' is a path; write all of it, such as http://127.0.0.1:9100%s", place->shown,
				place->shown);
	}
	return true;
}

bool
monitor_config_parse(
	struct plan_context *context, const struct plan_node *node, struct monitor_config *into, struct error *err)
{
	static const struct plan_target nobody = {.url = {.host = "", .path = ""}};
	struct monitor_row row = {0};

	if (node == NULL)
		return true;
	if (node->kind != NODE_MAP)
		return plan_error(node, err, "monitor: write whom, such as {watch: {port: 8080}}");
	const struct plan_node *watch = node_get(node, "watch"), *scrape = node_get(node, "scrape");

	if (!plan_parse_map(context, node, monitor_keys, NULL, &row, err))
		return false;
	*into = (struct monitor_config){.has_process = watch != NULL, .process = row.watch, .is_only = row.is_only};
	if (watch == NULL && scrape == NULL && !row.is_only)
		return plan_error(node, err,
			"monitor: nobody is watched; write whom, such as {watch: {port: 8080}}, or whom to scrape");
	if (watch != NULL && node_get(watch, "every") != NULL)
		return plan_error(node_get(watch, "every"), err, "every: it is read once a second; leave it out");
	return (watch == NULL || compile_check_watch(watch, &row.watch, false, err)) &&
	       (scrape == NULL || (scrape_compile_endpoints(context, scrape, &nobody, &into->scrape, err) &&
					  check_urls_are_whole(scrape, &into->scrape, err)));
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_same_process(const struct plan_watch *a, const struct plan_watch *b)
{
	return a->pid == b->pid && a->port == b->port && a->gpu == b->gpu && is_same_text(a->pid_file, b->pid_file) &&
	       is_same_text(a->process, b->process) && is_same_text(a->cgroup, b->cgroup) &&
	       is_same_text(a->unit, b->unit) && is_same_text(a->container, b->container);
}

static bool
is_same_figure(const struct plan_scraped *a, const struct plan_scraped *b)
{
	for (size_t i = 0; i < a->matchers_n && i < b->matchers_n; i++)
		if (strcmp(a->matchers[i].name, b->matchers[i].name) != 0 ||
			strcmp(a->matchers[i].value, b->matchers[i].value) != 0)
			return false;
	return a->matchers_n == b->matchers_n && a->kind == b->kind && a->quantile == b->quantile &&
	       a->over == b->over && strcmp(a->name, b->name) == 0 && strcmp(a->metric, b->metric) == 0;
}

static bool
is_same_endpoint(const struct plan_endpoint *a, const struct plan_endpoint *b)
{
	const struct plan_pair *left = a->fetch.headers.items, *right = b->fetch.headers.items;

	for (size_t i = 0; i < a->fetch.headers.n && i < b->fetch.headers.n; i++)
		if (strcmp(left[i].name, right[i].name) != 0 || strcmp(left[i].value, right[i].value) != 0)
			return false;
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (!is_same_figure(&a->list[i], &b->list[i]))
			return false;
	return a->n == b->n && a->fetch.headers.n == b->fetch.headers.n && a->every_ns == b->every_ns &&
	       a->fetch.timeout_ns == b->fetch.timeout_ns && a->ceiling_bytes == b->ceiling_bytes &&
	       strcmp(a->fetch.place.shown, b->fetch.place.shown) == 0;
}

bool
monitor_config_is_same(const struct monitor_config *a, const struct monitor_config *b)
{
	for (size_t i = 0; i < a->scrape.endpoints_n && i < b->scrape.endpoints_n; i++)
		if (!is_same_endpoint(&a->scrape.endpoints[i], &b->scrape.endpoints[i]))
			return false;
	return a->scrape.endpoints_n == b->scrape.endpoints_n && a->is_only == b->is_only &&
	       a->has_process == b->has_process && is_same_process(&a->process, &b->process);
}

void
monitor_config_help(struct buf *into)
{
	buf_add_text(into, "\nmonitor\n");
	plan_help_keys(into, monitor_keys);
}
