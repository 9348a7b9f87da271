#pragma once

#include "base/buf.h"
#include "engine/requests.h"
#include "plan/plan.h"

/* What requests are filled in with, for `brunt check`: the feeds of `data:` and the first requests of each scenario as
 * they will be sent. Nothing where no request has a slot. */
void preview_add(const struct plan *plan, const struct requests *requests, struct buf *out);

/* What a reference stands for is nobody's to see: nothing is shown that may be filled in from one. */
bool preview_holds_secrets(const struct plan *plan);
