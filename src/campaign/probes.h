#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "campaign/fetch.h"
#include "measure/chronicle.h"

/* The URLs that are polled beside the load: every so often one request each, on a connection of its own, and a record
 * of each change of what they say. */
struct probe;

struct probes {
	uv_loop_t *loop;
	struct probe *list;
	size_t n;
	int64_t (*now_ns)(void *context); /* since T0 */
	void (*on_change)(void *context, const struct probe_record *record, const struct probe_change *change);
	void *context;
};

/* records: n of them, their probe and changes set. Looks up the hosts: blocks. False with err set. */
bool probes_init(struct probes *probes, uv_loop_t *loop, struct probe_record *records, size_t n, struct error *err);
/* The load begins. */
void probes_start(struct probes *probes);
/* Turns the loop until all is closed. */
void probes_stop(struct probes *probes);
void probes_fini(struct probes *probes);

/* Keeps what is another thing than before; false: it is not. */
bool probe_record_add(struct probe_record *record, const struct probe_change *said);
