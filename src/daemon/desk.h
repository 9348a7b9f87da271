#pragma once

#include <uv.h>

#include "base/list.h"
#include "daemon/ledger.h"

/* The one thread that looks into the ledger, compiles profiles and touches the disk on the daemon's behalf, so that
 * nothing of it is on the loop. Orders are carried out in turn: whoever reads after a write sees it. */
struct desk;

/* Embedded in what it is about. */
struct desk_order {
	void (*work)(struct desk_order *order, struct ledger *ledger); /* on the desk's thread; NULL: nothing to do */
	void (*done)(struct desk_order *order);                        /* on the loop: the order is its giver's again */
	struct list node;
};

struct desk *desk_new(uv_loop_t *loop, struct ledger *ledger);

/* From the loop's thread. Holds it for under a microsecond. */
void desk_give(struct desk *desk, struct desk_order *order);

/* Turns the loop until everything that was given, also by what is done meanwhile, is done. */
void desk_free(struct desk *desk);

size_t desk_waiting(const struct desk *desk); /* orders that are not done */
