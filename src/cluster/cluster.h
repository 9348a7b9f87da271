#pragma once

#include "cluster/bus.h"
#include "fleet/transport.h"

/* The transport of a fleet whose workers are agents on other machines, reached over NATS. */
struct cluster_options {
	struct bus_options bus;
	const struct plan *plan; /* each agent must come to the same by itself */
};

/* Nothing is connected yet. options must outlive it. */
struct transport *cluster_transport_new(const struct cluster_options *options);
void cluster_transport_free(struct transport *transport);

/* All agents end whatever load they have: each is lost to who leads it, "was stopped: all agents were told to". Blocks.
 * False with err set. */
bool cluster_stop_all(const struct bus_options *options, struct error *err);
