#include <math.h>

#include "report/result.h"

/* null: what never came as far as an address. */
static cJSON *
address_object(const struct peer *peer)
{
	cJSON *o = value_object();

	value_set_text(o, "address", peer->address[0] != '\0' ? peer->address : NULL);
	value_set_bool(o, "listed", peer->is_listed);
	value_set_count(o, "connects", peer->connects);
	value_set_count(o, "connects_failed", peer->connects_failed);
	value_set_count(o, "sent", peer->ok + peer->failed + peer->unfinished);
	value_set_count(o, "ok", peer->ok);
	value_set_count(o, "failed", peer->failed);
	value_set_count(o, "unfinished", peer->unfinished);
	value_set_count(o, "unsent", peer->unsent);
	return o;
}

/* Of a name; the first before the load, the others beside it. */
static void
add_lookups(cJSON *into, const struct lookup_counts *lookups)
{
	if (lookups->good + lookups->failed == 0)
		return;
	cJSON *o = value_add_object(into, "lookups");

	value_set_count(o, "good", lookups->good);
	value_set_count(o, "failed", lookups->failed);
	value_set_count(o, "changed", lookups->changed);
	value_set_number(o, "mean_ns", lookups->good > 0 ? (double)lookups->sum_ns / (double)lookups->good : NAN);
	value_set_ns(o, "max_ns", lookups->good > 0 ? lookups->most_ns : -1);
}

static bool
is_empty(const struct peer *peer)
{
	return peer->address[0] == '\0' && peer->ok + peer->failed + peer->unfinished + peer->unsent == 0;
}

static void
add_backend(cJSON *list, const struct peers *peers, const struct plan_backend *backend, uint32_t index)
{
	cJSON *o = value_object();

	value_set_text(o, "url", backend->url.text);
	value_set_count(o, "weight", backend->weight);
	add_lookups(o, &peers->lookups[index]);
	cJSON *addresses = value_add_array(o, "addresses");

	for (uint32_t i = 0; i < peers->n; i++)
		if (peers->list[i].backend == index && !is_empty(&peers->list[i]))
			cJSON_AddItemToArray(addresses, address_object(&peers->list[i]));
	cJSON_AddItemToArray(list, o);
}

void
result_add_backends(cJSON *result, const struct report *report)
{
	const struct plan_list *backends = &report->plan->target.backends;
	cJSON *list = value_add_array(result, "backends");

	for (size_t i = 0; i < backends->n; i++)
		add_backend(
			list, &report->summary->peers, &((const struct plan_backend *)backends->items)[i], (uint32_t)i);
}
