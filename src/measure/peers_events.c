#include <string.h>

#include "base/check.h"
#include "measure/interval_decode.h"
#include "measure/json.h"
#include "measure/json_read.h"
#include "measure/peers.h"

#define PEER_FIELDS 9
#define LOOKUP_FIELDS 5

static void
add_peer(struct buf *into, const struct peer *peer)
{
	json_open(into, NULL, '[');
	json_add_u64(into, NULL, peer->backend);
	json_add_text(into, NULL, peer->address);
	json_add_bool(into, NULL, peer->is_listed);
	json_add_u64(into, NULL, peer->connects);
	json_add_u64(into, NULL, peer->connects_failed);
	json_add_u64(into, NULL, peer->ok);
	json_add_u64(into, NULL, peer->failed);
	json_add_u64(into, NULL, peer->unfinished);
	json_add_u64(into, NULL, peer->unsent);
	json_close(into, ']');
}

static void
add_lookups(struct buf *into, const struct lookup_counts *lookups)
{
	json_open(into, NULL, '[');
	json_add_u64(into, NULL, lookups->good);
	json_add_u64(into, NULL, lookups->failed);
	json_add_u64(into, NULL, lookups->changed);
	json_add_i64(into, NULL, lookups->sum_ns);
	json_add_i64(into, NULL, lookups->most_ns);
	json_close(into, ']');
}

void
peers_encode(struct buf *into, const struct peers *peers, size_t backends_n)
{
	uint64_t asked = 0;

	if (peers->n == 0)
		return;
	json_open(into, "peers", '[');
	for (uint32_t i = 0; i < peers->n; i++)
		add_peer(into, &peers->list[i]);
	json_close(into, ']');
	for (size_t i = 0; i < backends_n; i++)
		asked += peers->lookups[i].good + peers->lookups[i].failed;
	if (asked == 0)
		return;
	json_open(into, "lookups", '[');
	for (size_t i = 0; i < backends_n; i++)
		add_lookups(into, &peers->lookups[i]);
	json_close(into, ']');
}

static bool
value_peer(const cJSON *item, size_t backends_n, struct peers *peers)
{
	const cJSON *address = cJSON_GetArrayItem(item, 1), *listed = cJSON_GetArrayItem(item, 2);
	uint64_t backend;

	if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != PEER_FIELDS || peers->n == PEERS_MAX ||
		!json_value_u64(cJSON_GetArrayItem(item, 0), backends_n - 1, &backend) || !cJSON_IsString(address) ||
		strlen(address->valuestring) >= PEER_TEXT_MAX || !cJSON_IsBool(listed))
		return false;
	struct peer *peer = &peers->list[peers_find(peers, (uint32_t)backend, address->valuestring)];
	uint64_t *const fields[] = {
		&peer->connects, &peer->connects_failed, &peer->ok, &peer->failed, &peer->unfinished, &peer->unsent};

	peer->is_listed = cJSON_IsTrue(listed);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (!json_value_u64(cJSON_GetArrayItem(item, (int)i + 3), UINT64_MAX, fields[i]))
			return false;
	return true;
}

static bool
value_lookups(const cJSON *item, struct lookup_counts *lookups)
{
	uint64_t sum_ns, most_ns;

	if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != LOOKUP_FIELDS ||
		!json_value_u64(cJSON_GetArrayItem(item, 0), UINT64_MAX, &lookups->good) ||
		!json_value_u64(cJSON_GetArrayItem(item, 1), UINT64_MAX, &lookups->failed) ||
		!json_value_u64(cJSON_GetArrayItem(item, 2), UINT64_MAX, &lookups->changed) ||
		!json_value_u64(cJSON_GetArrayItem(item, 3), EVENT_TIME_MAX_NS, &sum_ns) ||
		!json_value_u64(cJSON_GetArrayItem(item, 4), EVENT_TIME_MAX_NS, &most_ns))
		return false;
	lookups->sum_ns = (int64_t)sum_ns;
	lookups->most_ns = (int64_t)most_ns;
	return true;
}

void
peers_read(struct json_reader *r, const cJSON *in, size_t backends_n, struct peers *peers)
{
	const cJSON *item, *rows = json_array(r, in, "peers"), *lookups = json_array(r, in, "lookups");
	size_t n = 0;

	cJSON_ArrayForEach(item, rows)
	{
		if (backends_n == 0 || !value_peer(item, backends_n, peers)) {
			json_fail(r, "peers",
				"[backend, address, listed, connects, failed to, ok, failed, unfinished, "
				"unsent] of each is wanted");
			return;
		}
	}
	cJSON_ArrayForEach(item, lookups)
	{
		if (n == backends_n || !value_lookups(item, &peers->lookups[n++])) {
			json_fail(r, "lookups", "[good, failed, changed, sum, most] of each backend is wanted");
			return;
		}
	}
}
