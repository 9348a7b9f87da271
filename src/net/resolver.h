#pragma once

#include <uv.h>

#include "net/address.h"

/* Names that are looked up again beside a load. A name server that hangs holds up whoever asks it for half a minute,
 * and nobody can call off the C library's question: so it is asked in a thread of its own, never in libuv's pool, whose
 * few threads digest and write the intervals; nothing here ever waits for that thread, not even the end of the run,
 * which it may outlive by as long as it hangs. */
struct resolver;

struct resolver_found {
	size_t name; /* index */
	bool is_good;
	struct addresses addresses;
	struct error why; /* where it is not good */
};

struct resolver_config {
	uv_loop_t *loop;
	const struct plan_url *const *names; /* copied as far as they are needed */
	size_t names_n;
	/* addresses_resolve, or what stands in for it. */
	bool (*look_up)(const struct plan_url *url, struct addresses *into, struct error *err);
	void (*on_found)(void *context, const struct resolver_found *found); /* on the loop */
	void *context;
};

struct resolver *resolver_new(const struct resolver_config *config);
/* All names, one after the other. False: it still looks up those that it was asked for before. */
bool resolver_ask(struct resolver *resolver);
/* on_found is not called any more. is_closed becomes true in a later loop turn, and then the resolver is gone. */
void resolver_close(struct resolver *resolver, bool *is_closed);
