#pragma once

#include <uv.h>

#include "base/list.h"
#include "daemon/audit.h"

/* Waits until what was written into the audit log is on disk, off the loop: one fdatasync at a time, in the thread
 * pool, for all who came before it began. */
struct audit_syncs;

/* Embedded in whatever waits. */
struct audit_wait {
	/* From a later turn of the loop. is_kept false: it may be gone after a power cut. */
	void (*done)(struct audit_wait *wait, bool is_kept);
	struct list node;
};

struct audit_syncs *audit_syncs_new(uv_loop_t *loop, struct audit *audit);
void audit_syncs_wait(struct audit_syncs *syncs, struct audit_wait *wait);
uint64_t audit_syncs_n(const struct audit_syncs *syncs); /* that there were */
void audit_syncs_free(struct audit_syncs *syncs);        /* turns the loop until nobody waits */
