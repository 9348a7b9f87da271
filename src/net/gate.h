#pragma once

#include "net/allow.h"

/* What this process as a whole may connect to. stream_connect asks, and so nobody can forget to; the others ask so as
 * to say beforehand what would be refused. Without a list everything may be connected to. */

/* Before anything connects. More than once: what all of the lists have. The gate keeps it. */
void gate_narrow(struct allow *allow);
/* By what whoever started this process put into its environment (ALLOW_VARIABLE), if anything. False with err set. */
bool gate_inherit(struct error *err);
/* By --allow, of which the processes started from here on are told by the same. */
bool gate_set(const char *list_or_file, struct error *err);
void gate_open(void); /* for tests: as at the start */

bool gate_has_address(const char *name, const struct address *to);
bool gate_has_name(const char *name, unsigned port);

/* Where the target's connections go, all of which must be allowed: `addresses` has those of each backend. False with
 * err set. */
bool gate_check_target(const struct plan_target *target, const struct addresses *addresses, struct error *err);
/* Of any other URL that is asked for. */
bool gate_check_addresses(const struct plan_url *url, const struct addresses *addresses, struct error *err);
