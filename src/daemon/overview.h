#pragma once

#include "base/buf.h"
#include "daemon/ledger.h"

/* What somebody who comes in at nine wants to see: each name with its last run, what there are trends of, and the last
 * step of each main figure. What was found for a name is kept until it has another run. The desk's. */

#define OVERVIEW_NAMES_MAX 500
#define OVERVIEW_RUNS 200 /* of a name, the newest: in which steps are looked for */

struct overview;

struct overview *overview_new(void);
void overview_free(struct overview *overview);

/* Steps are found name by name, so that nobody who waits for the desk waits for all of them. */
struct overview_walk;
struct overview_walk *overview_walk_new(struct overview *overview);
void overview_walk_free(struct overview_walk *walk);

/* Adds more of {"names": […]}, as openapi.yaml has it: up to the first name that had to be looked at anew, or all there
 * is: then is_over. False with err set. */
bool overview_walk_on(
	struct overview_walk *walk, struct ledger *ledger, struct buf *into, bool *is_over, struct error *err);
