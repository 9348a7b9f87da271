#pragma once

#include <stdbool.h>

#include "net/address.h"

/* Whether somebody accepts connections at one of the addresses: a connect that is closed at once, never a request.
 * Blocks for LISTENER_WAIT_MS per address at most, so that a full backlog or a silent network cannot hold a run up. */
#define LISTENER_WAIT_MS 250

bool listener_accepts(const struct addresses *addresses);
