#include "measure/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void
peers_init(struct peers *peers)
{
	*peers = (struct peers){.list = must_calloc(PEERS_MAX, sizeof(*peers->list))};
}

void
peers_fini(struct peers *peers)
{
	free(peers->list);
	peers->list = NULL;
}

void
peers_reset(struct peers *peers)
{
	*peers = (struct peers){.list = peers->list};
}

uint32_t
peers_find(struct peers *peers, uint32_t backend, const char *address)
{
	for (uint32_t i = 0; i < peers->n; i++)
		if (peers->list[i].backend == backend && strcmp(peers->list[i].address, address) == 0)
			return i;
	if (peers->n == PEERS_MAX)
		return PEERS_MAX - 1;
	struct peer *peer = &peers->list[peers->n];

	*peer = (struct peer){.backend = backend};
	snprintf(peer->address, sizeof(peer->address), "%s", peers->n == PEERS_MAX - 1 ? "others" : address);
	return peers->n++;
}

static void
lookups_merge(struct lookup_counts *into, const struct lookup_counts *more)
{
	into->good += more->good;
	into->failed += more->failed;
	into->changed += more->changed;
	into->sum_ns += more->sum_ns;
	if (more->most_ns > into->most_ns)
		into->most_ns = more->most_ns;
}

void
peers_merge(struct peers *into, const struct peers *more)
{
	for (uint32_t i = 0; i < more->n; i++) {
		const struct peer *from = &more->list[i];
		struct peer *peer = &into->list[peers_find(into, from->backend, from->address)];

		peer->is_listed = from->is_listed;
		peer->connects += from->connects;
		peer->connects_failed += from->connects_failed;
		peer->ok += from->ok;
		peer->failed += from->failed;
		peer->unfinished += from->unfinished;
		peer->unsent += from->unsent;
	}
	for (size_t i = 0; i < PLAN_BACKENDS_MAX; i++)
		lookups_merge(&into->lookups[i], &more->lookups[i]);
}

void
peers_copy_names(struct peers *into, const struct peers *from)
{
	peers_reset(into);
	for (; into->n < from->n; into->n++) {
		struct peer *peer = &into->list[into->n];

		*peer = (struct peer){
			.backend = from->list[into->n].backend, .is_listed = from->list[into->n].is_listed};
		memcpy(peer->address, from->list[into->n].address, sizeof(peer->address));
	}
}

void
peer_add(struct peer *peer, const struct exchange *x)
{
	switch (x->outcome) {
	case OUTCOME_OK: peer->ok++; break;
	case OUTCOME_UNFINISHED: peer->unfinished++; break;
	case OUTCOME_FAILURE:
		peer->failed += failure_rows[x->failure].counts == COUNTS_FAILED;
		peer->unsent += failure_rows[x->failure].counts == COUNTS_UNSENT;
		break;
	}
}
