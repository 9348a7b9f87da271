#include "engine/pool.h"

#include <stdlib.h>

#include "base/check.h"
#include "engine/connection.h"

static size_t
aligned(size_t size)
{
	return (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
}

static void
pool_size_channels(struct pool *pool)
{
	const struct plan *plan = pool->config.plan;
	size_t reader_size = 0;

	for (size_t i = 0; i < plan->requests_n; i++) {
		size_t render_max = template_render_max(pool->config.templates[i]);

		if (pool->config.readers[i]->state_size > reader_size)
			reader_size = pool->config.readers[i]->state_size;
		if (render_max > pool->send_buffer_size)
			pool->send_buffer_size = render_max;
	}
	pool->channels_n = pool->protocol->choice.is_multiplexed ? (uint32_t)plan->target.streams : 1;
	pool->expected_room = pool->channels_n;
	pool->reader_offset = aligned(protocol_exchange_size(pool->protocol));
	pool->channel_size = offsetof(struct channel, memory) + pool->reader_offset + aligned(reader_size);
}

void
pool_init(struct pool *pool, const struct pool_config *config)
{
	*pool = (struct pool){.config = *config, .protocol = protocol_of(config->plan->target.protocol)};
	pool_size_channels(pool);
	/* Backed by memory only as far as connections are used. */
	pool->all = must_calloc(config->connections, sizeof(*pool->all));
	list_init(&pool->unused);
	list_init(&pool->ready);
	list_init(&pool->connecting);
	list_init(&pool->to_write);
	list_init(&pool->waiting);
	pool->nowhere = recorder_peer(config->recorder, config->backend, "");
	pool_list_addresses(pool, config->addresses);
}

void
pool_fini(struct pool *pool)
{
	for (uint32_t i = 0; i < pool->used_first; i++)
		connection_fini(&pool->all[i]);
	free(pool->all);
	pool->all = NULL;
}

static struct connection *
pool_take_unused(struct pool *pool)
{
	struct connection *c = list_first(&pool->unused, struct connection, node);

	if (c != NULL) {
		list_remove(&c->node);
		return c;
	}
	if (pool->used_first == pool->config.connections)
		return NULL;
	c = &pool->all[pool->used_first];
	c->magic = CONNECTION_MAGIC;
	c->id = pool->used_first++;
	c->pool = pool;
	list_init(&c->node);
	list_init(&c->to_write);
	list_init(&c->free);
	list_init(&c->busy);
	return c;
}

/* Nothing more is sent to what the name stands for no longer; what is under way there goes on. */
static void
pool_leave_unlisted(struct pool *pool)
{
	struct connection *c;
	struct list *next;

	for (struct list *node = pool->ready.next; node != &pool->ready; node = next) {
		next = node->next;
		c = container_of(node, struct connection, node);
		if (pool->addresses.slots[c->address].is_listed)
			continue;
		if (c->state == CONNECTION_IDLE)
			connection_close(c, false);
		else
			list_remove(&c->node);
	}
}

bool
pool_list_addresses(struct pool *pool, const struct addresses *addresses)
{
	bool has_changed = address_set_list(&pool->addresses, addresses);
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < pool->addresses.n; i++) {
		struct address_slot *slot = &pool->addresses.slots[i];

		if (slot->peer == 0)
			slot->peer = recorder_peer(pool->config.recorder, pool->config.backend,
				address_text(&slot->address, text, sizeof(text)));
		recorder_list_peer(pool->config.recorder, slot->peer, slot->is_listed);
	}
	pool_leave_unlisted(pool);
	return has_changed;
}

/* SIZE_MAX: there is none that is not known to be dead. Where other backends live, a dead one goes on being asked: its
 * share of the load fails, and it may come back. */
static size_t
pool_pick_address(struct pool *pool)
{
	if (pool->config.plan->target.backends.n > 1 && address_set_is_dead(&pool->addresses))
		address_set_revive(&pool->addresses);
	return address_set_pick(&pool->addresses);
}

/* The oldest flight that waits is the one that a failed connect was for. */
static void
pool_fail_first_waiting(struct pool *pool, uint32_t peer, enum failure failure, enum exchange_phase phase)
{
	struct flight *flight = list_first(&pool->waiting, struct flight, waiting);

	if (flight == NULL)
		return;
	list_remove(&flight->waiting);
	pool->waiting_n--;
	/* A retry was sent once already: it is no longer unsent, whatever its second connect met. */
	if (flight->x.sent_ns >= 0)
		failure = FAILURE_RESET;
	flight->x.peer = peer;
	flight->x.phase = phase;
	flight->x.last_byte_ns = run_clock_now(pool->config.clock);
	pool->config.events->on_end(pool->config.context, flight, OUTCOME_FAILURE, failure);
}

/* Before anything connected to an address, a failure speaks of the address (::1 where the server listens on 127.0.0.1
 * alone, say): it is not tried again, and the flight tries the next one. A full accept queue is none of that,
 * nor is a server that answers. */
static bool
failure_speaks_of_address(const struct address_slot *slot, enum failure failure)
{
	bool is_there = failure == FAILURE_CONNECT_FAILED || failure == FAILURE_PROXY_GATEWAY ||
			failure == FAILURE_UPGRADE_REFUSED;

	return !slot->has_connected && !is_there &&
	       (failure_rows[failure].blames == BLAMES_TARGET || failure == FAILURE_PROXY_UNREACHABLE);
}

/* Whom a connect did not reach, where there is a proxy on the way, is the proxy. */
static enum failure
failure_on_the_way(const struct pool *pool, enum failure failure, enum exchange_phase phase)
{
	bool is_of_proxy = plan_has_proxy(&pool->config.plan->target) && phase == EXCHANGE_CONNECT;

	return is_of_proxy && failure_rows[failure].blames == BLAMES_TARGET ? FAILURE_PROXY_UNREACHABLE : failure;
}

static void
pool_take_failure(struct pool *pool, size_t address, enum failure failure, enum exchange_phase phase)
{
	struct address_slot *slot = &pool->addresses.slots[address];

	failure = failure_on_the_way(pool, failure, phase);
	recorder_add_connect(pool->config.recorder, slot->peer, true);
	if (failure_speaks_of_address(slot, failure)) {
		slot->is_dead = true;
		if (!address_set_is_dead(&pool->addresses)) {
			pool->prefetch_left += pool->is_prefetching; /* another address has it */
			return;
		}
		if (!pool->ever_connected && pool->connecting_n == 0 && !pool->is_unreachable) {
			pool->is_unreachable = true;
			pool->config.events->on_unreachable(pool->config.context, failure);
		}
	}
	pool->prefetch_failed += pool->is_prefetching;
	pool_fail_first_waiting(pool, slot->peer, failure, phase);
}

/* The flight that waits longest among those that may use the connection. */
static struct flight *
pool_first_waiting_for(const struct pool *pool, const struct connection *c)
{
	for (struct list *node = pool->waiting.next; node != &pool->waiting; node = node->next) {
		struct flight *flight = container_of(node, struct flight, waiting);

		if (!flight->needs_fresh || connection_is_fresh(c))
			return flight;
	}
	return NULL;
}

static bool
pool_send_waiting(struct pool *pool, struct connection *c)
{
	struct flight *flight = pool_first_waiting_for(pool, c);

	if (flight == NULL)
		return false;
	list_remove(&flight->waiting);
	pool->waiting_n--;
	connection_send(c, flight, run_clock_now(pool->config.clock));
	return true;
}

/* All connections are in use or idle, and a flight wants a new one: the one idle longest makes room. */
static void
pool_make_room(struct pool *pool)
{
	for (struct list *node = pool->ready.next; node != &pool->ready; node = node->next) {
		struct connection *c = container_of(node, struct connection, node);

		if (c->state == CONNECTION_IDLE) {
			connection_close(c, false);
			return;
		}
	}
}

/* Connects under way at once before the load: few enough for an accept queue of the usual length. */
#define PREFETCH_AT_ONCE 64

static bool
pool_wants_connection(const struct pool *pool)
{
	if (pool->is_closing)
		return false;
	return (uint64_t)pool->connecting_n * pool->expected_room < pool->waiting_n ||
	       (pool->prefetch_left > 0 && pool->connecting_n < PREFETCH_AT_ONCE);
}

/* There is no address left that could be connected to. */
static void
pool_fail_without_address(struct pool *pool)
{
	pool->prefetch_failed += pool->prefetch_left;
	pool->prefetch_left = 0;
	pool_fail_first_waiting(pool, pool->nowhere, FAILURE_CONNECT_REFUSED, EXCHANGE_CONNECT);
}

/* As many connects as the flights need that wait without one, as far as the limit allows. */
static void
pool_open_enough(struct pool *pool)
{
	while (pool_wants_connection(pool)) {
		size_t address = pool_pick_address(pool);
		enum failure failure;

		if (address == SIZE_MAX) {
			pool_fail_without_address(pool);
			continue;
		}
		struct connection *c = pool_take_unused(pool);

		if (c == NULL) {
			pool_make_room(pool);
			return;
		}
		pool->prefetch_left -= pool->prefetch_left > 0;
		c->address = address;
		pool->addresses.slots[address].open_n++;
		if (connection_open(c, &pool->addresses.slots[address].address, &failure)) {
			list_add_last(&pool->connecting, &c->node);
			pool->connecting_n++;
			pool->open_n++;
		} else {
			list_add_first(&pool->unused, &c->node);
			pool->addresses.slots[address].open_n--;
			pool_take_failure(pool, address, failure, EXCHANGE_CONNECT);
		}
	}
}

static struct connection *
pool_pick_ready(struct pool *pool)
{
	if (pool->config.plan->target.pick == PICK_LIFO)
		return list_last(&pool->ready, struct connection, node);
	struct connection *c = list_first(&pool->ready, struct connection, node);

	if (c != NULL && pool->channels_n > 1) { /* it may have room for another, and then it is the last's turn */
		list_remove(&c->node);
		list_add_last(&pool->ready, &c->node);
	}
	return c;
}

void
pool_send(struct pool *pool, struct flight *flight, int64_t now_ns)
{
	struct connection *c = pool_pick_ready(pool);

	flight->x.peer = pool->nowhere;
	if (c != NULL) {
		connection_send(c, flight, now_ns);
		return;
	}
	list_add_last(&pool->waiting, &flight->waiting);
	pool->waiting_n++;
	pool_open_enough(pool);
}

void
pool_prefetch(struct pool *pool, uint64_t n)
{
	pool->is_prefetching = n > 0;
	pool->prefetch_left = n;
	pool_open_enough(pool);
}

bool
pool_is_prefetching(const struct pool *pool)
{
	return pool->prefetch_left > 0 || (pool->is_prefetching && pool->connecting_n > 0);
}

void
pool_resend(struct pool *pool, struct flight *flight)
{
	list_add_first(&pool->waiting, &flight->waiting);
	pool->waiting_n++;
}

/* A flight that waits has come as far as the connect that it waits for. */
static enum exchange_phase
pool_phase_of_waiting(const struct pool *pool)
{
	const struct connection *connecting = list_first(&pool->connecting, struct connection, node);

	return connecting != NULL ? connection_phase(connecting) : EXCHANGE_QUEUE;
}

void
pool_cancel(struct pool *pool, struct flight *flight)
{
	struct channel *channel = flight->channel;

	if (channel != NULL) {
		connection_cancel(channel->connection, channel);
	} else {
		flight->x.phase = pool_phase_of_waiting(pool);
		list_remove(&flight->waiting);
		pool->waiting_n--;
	}
}

void
pool_write_later(struct pool *pool, struct connection *c)
{
	if (list_is_empty(&c->to_write))
		list_add_last(&pool->to_write, &c->to_write);
}

void
pool_flush(struct pool *pool)
{
	struct connection *c;

	while ((c = list_first(&pool->to_write, struct connection, to_write)) != NULL) {
		list_remove(&c->to_write);
		connection_flush(c, run_clock_now(pool->config.clock));
	}
}

void
pool_turn(struct pool *pool, int64_t now_ns)
{
	struct connection *c;

	while ((c = list_first(&pool->connecting, struct connection, node)) != NULL &&
		now_ns - c->started_ns >= pool->config.plan->target.connect_timeout_ns)
		pool_connect_failed(pool, c,
			c->stream.is_tunnelling    ? FAILURE_PROXY_FAILED
			: c->stream.is_handshaking ? FAILURE_TLS_TIMEOUT
						   : FAILURE_CONNECT_TIMEOUT);
	/* Flights that were put back find an idle connection or a new one here, not from inside the callback that
	 * failed. */
	while (pool->waiting_n > 0 && (c = pool_pick_ready(pool)) != NULL && pool_send_waiting(pool, c))
		;
	pool_open_enough(pool);
}

int64_t
pool_next_deadline_ns(const struct pool *pool)
{
	const struct connection *c = list_first(&pool->connecting, struct connection, node);

	return c == NULL ? INT64_MAX : c->started_ns + pool->config.plan->target.connect_timeout_ns;
}

bool
pool_can_be_read_later(const struct pool *pool)
{
	return pool->waiting_n == 0 && pool->connecting_n == 0 && pool->partial_n == 0 &&
	       pool->config.plan->target.url.unix_path == NULL;
}

void
pool_close(struct pool *pool)
{
	struct connection *c;

	CHECK_OP(pool->waiting_n, ==, 0);
	pool->is_closing = true;
	for (uint32_t i = 0; i < pool->used_first; i++)
		if (pool->all[i].state == CONNECTION_IDLE)
			connection_close(&pool->all[i], false);
	while ((c = list_first(&pool->connecting, struct connection, node)) != NULL) {
		pool->connecting_n--;
		connection_close(c, true);
	}
}

bool
pool_is_closed(const struct pool *pool)
{
	return pool->is_closing && pool->open_n == 0;
}

void
pool_connected(struct pool *pool, struct connection *c)
{
	pool->expected_room = c->protocol->choice.is_multiplexed ? pool->channels_n : 1;
	list_remove(&c->node);
	pool->connecting_n--;
	pool->ever_connected = true;
	pool->addresses.slots[c->address].has_connected = true;
	pool->addresses.slots[c->address].is_dead = false;
	recorder_add_connect(pool->config.recorder, pool->addresses.slots[c->address].peer, false);
}

void
pool_connect_failed(struct pool *pool, struct connection *c, enum failure failure)
{
	size_t address = c->address;
	enum exchange_phase phase = connection_phase(c);

	pool->connecting_n--;
	connection_close(c, true);
	pool_take_failure(pool, address, failure, phase);
}

void
pool_give(struct pool *pool, struct connection *c)
{
	if (list_is_empty(&c->node))
		list_add_last(&pool->ready, &c->node);
	while (pool->waiting_n > 0 && !list_is_empty(&c->node) && pool_send_waiting(pool, c))
		;
}

void
pool_forget(struct pool *pool, struct connection *c)
{
	pool->open_n--;
	pool->addresses.slots[c->address].open_n--;
	list_add_first(&pool->unused, &c->node);
}
