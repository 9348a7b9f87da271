#pragma once

#include <uv.h>

#include "base/buf.h"
#include "daemon/relay.h"
#include "daemon/monitor_config.h"

/* What is watched without load: a process, looked for until it is there and then read, and exporters, asked as runs ask
 * them; told once a second. Blocking reads happen in the thread pool, one at a time: a slow one is waited for. */
struct monitor;

/* config must outlive it. Where exporters' hosts are not found, that is one of its problems, and they are not asked. */
struct monitor *monitor_new(uv_loop_t *loop, const struct monitor_config *config);
/* Looks hosts up: blocks. Nothing where nobody is to be watched. */
void monitor_start(struct monitor *monitor);
/* Ends its watchers' streams and whatever is under way; turns the loop. */
void monitor_free(struct monitor *monitor);

bool monitor_is_on(const struct monitor *monitor);
/* `figures` events, of target and scraped alone. */
struct relay *monitor_relay(const struct monitor *monitor);
/* {is_on, watched, problems[], figures}, as openapi.yaml has it. */
void monitor_show(const struct monitor *monitor, struct buf *into);
