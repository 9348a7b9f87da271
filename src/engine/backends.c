#include "engine/backends.h"

#include <stdlib.h>

#include "base/check.h"

static uint64_t
weight_of(const struct plan_target *target, size_t backend)
{
	return ((const struct plan_backend *)target->backends.items)[backend].weight;
}

static uint64_t
weights_of(const struct plan_target *target)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < target->backends.n; i++)
		sum += weight_of(target, i);
	return sum;
}

/* Smooth weighted round robin, as nginx does it: each gains its weight at every turn, whoever has most is next and pays
 * the sum. After as many turns as the sum everybody is back at 0, and had as many turns as its weight. */
static void
backends_deal_turns(struct backends *b, const struct plan_target *target)
{
	int64_t has[PLAN_BACKENDS_MAX] = {0};

	b->turns_n = weights_of(target);
	b->turns = must_calloc(b->turns_n, sizeof(*b->turns));
	for (size_t turn = 0; turn < b->turns_n; turn++) {
		size_t next = 0;

		for (size_t i = 0; i < b->n; i++) {
			has[i] += (int64_t)weight_of(target, i);
			if (has[i] > has[next])
				next = i;
		}
		has[next] -= (int64_t)b->turns_n;
		b->turns[turn] = (uint8_t)next;
	}
}

uint32_t
backends_of_arrival(const struct backends *b, uint64_t i)
{
	return b->turns[i % b->turns_n];
}

/* How many of the connections are the first `backends`'s: at least one each, the rest by weight. */
static uint64_t
connections_of_first(const struct plan_target *target, size_t backends, uint64_t weights)
{
	uint64_t weight = 0;

	CHECK_OP(weights, >, 0);
	for (size_t i = 0; i < backends; i++)
		weight += weight_of(target, i);
	return backends + (target->connections - target->backends.n) * weight / weights;
}

void
backends_init(struct backends *b, const struct pool_config *config)
{
	const struct plan *plan = config->plan;
	const struct plan_target *target = &plan->target;

	*b = (struct backends){.n = target->backends.n};
	CHECK_OP(b->n, >, 0);
	CHECK_OP(target->connections, >=, b->n);
	b->pools = must_calloc(b->n, sizeof(*b->pools));
	backends_deal_turns(b, target);
	for (size_t i = 0; i < b->n; i++) {
		struct pool_config of = *config;

		of.backend = (uint32_t)i;
		of.addresses = &config->addresses[i];
		of.tls = &config->tls[i];
		of.templates = &config->templates[i * plan->requests_n];
		of.follows = &config->follows[i * plan->requests_n];
		of.connections =
			connections_of_first(target, i + 1, b->turns_n) - connections_of_first(target, i, b->turns_n);
		pool_init(&b->pools[i], &of);
	}
}

void
backends_fini(struct backends *b)
{
	for (size_t i = 0; i < b->n; i++)
		pool_fini(&b->pools[i]);
	free(b->pools);
	free(b->turns);
	*b = (struct backends){0};
}

void
backends_prefetch(struct backends *b, const struct plan_target *target)
{
	uint64_t connections = 0, given = 0;

	for (size_t i = 0; i < b->n; i++) {
		connections += b->pools[i].config.connections;
		uint64_t until = target->prefetch * connections / target->connections;

		pool_prefetch(&b->pools[i], until - given);
		given = until;
	}
}

bool
backends_are_prefetching(const struct backends *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (pool_is_prefetching(&b->pools[i]))
			return true;
	return false;
}

uint64_t
backends_prefetch_failed(const struct backends *b)
{
	uint64_t failed = 0;

	for (size_t i = 0; i < b->n; i++)
		failed += b->pools[i].prefetch_failed;
	return failed;
}

void
backends_end_prefetch(struct backends *b)
{
	for (size_t i = 0; i < b->n; i++) {
		b->pools[i].is_prefetching = false;
		b->pools[i].prefetch_left = 0;
	}
}

void
backends_send(struct backends *b, struct flight *flight, int64_t now_ns)
{
	pool_send(&b->pools[flight->x.backend], flight, now_ns);
}

void
backends_cancel(struct backends *b, struct flight *flight)
{
	pool_cancel(&b->pools[flight->x.backend], flight);
}

void
backends_flush(struct backends *b)
{
	for (size_t i = 0; i < b->n; i++)
		pool_flush(&b->pools[i]);
}

void
backends_turn(struct backends *b, int64_t now_ns)
{
	for (size_t i = 0; i < b->n; i++)
		pool_turn(&b->pools[i], now_ns);
}

int64_t
backends_next_deadline_ns(const struct backends *b)
{
	int64_t next_ns = INT64_MAX;

	for (size_t i = 0; i < b->n; i++) {
		int64_t deadline_ns = pool_next_deadline_ns(&b->pools[i]);

		if (deadline_ns < next_ns)
			next_ns = deadline_ns;
	}
	return next_ns;
}

bool
backends_can_be_read_later(const struct backends *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!pool_can_be_read_later(&b->pools[i]))
			return false;
	return true;
}

void
backends_close(struct backends *b)
{
	for (size_t i = 0; i < b->n; i++)
		pool_close(&b->pools[i]);
}

bool
backends_are_closed(const struct backends *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!pool_is_closed(&b->pools[i]))
			return false;
	return true;
}

uint32_t
backends_open_n(const struct backends *b)
{
	uint32_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->pools[i].open_n;
	return n;
}
