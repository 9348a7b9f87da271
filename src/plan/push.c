#include <string.h>

#include "plan/rows.h"

/* `output.push` → plan.output.push: who is told, and how. */

/* What the protocol says of its body goes before what the user says of the request. */
static struct plan_list
headers_of(struct arena *arena, bool is_prometheus, const struct plan_list *more)
{
	static const struct plan_pair of_prometheus[] = {{"Content-Type", "application/x-protobuf"},
		{"Content-Encoding", "snappy"}, {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
	static const struct plan_pair of_influx[] = {{"Content-Type", "text/plain; charset=utf-8"}};
	size_t n = is_prometheus ? sizeof(of_prometheus) / sizeof(*of_prometheus) : 1;
	struct plan_pair *all = arena_alloc(arena, (n + more->n) * sizeof(*all));

	memcpy(all, is_prometheus ? of_prometheus : of_influx, n * sizeof(*all));
	if (more->n > 0)
		memcpy(all + n, more->items, more->n * sizeof(*all));
	return (struct plan_list){.items = all, .n = n + more->n};
}

static void
expect_success(struct plan_expect *expect)
{
	for (unsigned status = 200; status <= 299; status++)
		expect->statuses[(status - 100) / 64] |= UINT64_C(1) << ((status - 100) % 64);
}

bool
push_parse(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_push *push = into;
	struct push_row row = {0};
	struct plan_fetch *fetch;

	if (node->kind != NODE_MAP)
		return plan_error(node, err,
			"push: write a map such as {prometheus: \"http://127.0.0.1:9090/api/v1/write\", every: 5s}");
	if (!plan_parse_map(context, node, push_keys, NULL, &row, err))
		return false;
	bool is_prometheus = row.prometheus.shown != NULL;
	const struct plan_place *place = is_prometheus ? &row.prometheus : &row.influx;

	if (is_prometheus == (row.influx.shown != NULL))
		return plan_error(node, err, "push: write the URL of one database, as prometheus or influx");
	if (place->is_of_target)
		return plan_error(node_get(node, is_prometheus ? "prometheus" : "influx"), err,
			"push: '%.200s' is a path of the target; write the database's URL", place->shown);
	fetch = arena_alloc(context->arena, sizeof(*fetch));
	*fetch = (struct plan_fetch){.place = *place,
		.method = "POST",
		.headers = headers_of(context->arena, is_prometheus, &row.headers),
		.timeout_ns = row.timeout_ns};
	expect_success(&fetch->expect);
	*push = (struct plan_push){
		.kind = is_prometheus ? PUSH_PROMETHEUS : PUSH_INFLUX, .fetch = fetch, .every_ns = row.every_ns};
	return true;
}
