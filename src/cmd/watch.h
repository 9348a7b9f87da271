#pragma once

#include "cmd/daemon_client.h"

/* Shows a run's events until it has ended: a line for each, or as they are. Returns its exit code, as soon as that is
 * known; that of the attempt where it is not. */
int watch_run(const struct daemon_client *client, const char *id, bool is_json);
