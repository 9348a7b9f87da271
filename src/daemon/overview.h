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

/* {"names": […]}, as openapi.yaml has it. False with err set. */
bool overview_json(struct overview *overview, struct ledger *ledger, struct buf *into, struct error *err);
