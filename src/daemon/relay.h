#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/guard.h"
#include "daemon/holder.h"

/* Events on their way to whoever watches, as server-sent events (WHATWG HTML §9.2): `id:` a number that rises, `event:`
 * the kind, `data:` one line of JSON. Who comes later is told what was, out of a bounded memory: when there are more
 * than RELAY_FIGURES_MAX of kind "figures", every other one of the older half is forgotten, and beyond RELAY_EVENTS_MAX
 * or RELAY_BYTES_MAX the oldest of any kind. Of kind "shards", which says how things stand, the last is kept alone. Who
 * reads too slowly is told by `missed` how many passed by. A comment every RELAY_PING_NS shows that the connection
 * lives. */

#define RELAY_FIGURES_MAX 600
#define RELAY_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define RELAY_EVENTS_MAX 5000
#define RELAY_WATCHERS_MAX 256 /* of one relay */
#define RELAY_PING_NS (INT64_C(15) * 1000000000)
#define RELAY_PASS_NS INT64_C(1000000000)

struct relay;

/* remembers: else who comes is told of what happens from then on alone. */
struct relay *relay_new(uv_loop_t *loop, bool remembers);
/* Ends every watcher's stream, once it has all; no event may be added any more. Whoever does not take it is cut off by
 * the server's own deadline. Frees itself when the last is gone. Requests are its holder's (holder.h) meanwhile. */
void relay_end(struct relay *relay);

void relay_add(struct relay *relay, const char *kind, const char *json, size_t length);

/* Takes the request over: begins its stream, from the event after last_id (0: from the first) on, which ends within
 * RELAY_PASS_NS of the moment that his pass (copied) does not hold any more. False: there are too many watchers, and
 * nothing was answered. */
bool relay_watch(struct relay *relay, struct httpd_request *request, const struct guard_pass *pass, uint64_t last_id);

size_t relay_watchers(const struct relay *relay);
uint64_t relay_missed(const struct relay *relay); /* events that somebody was too slow for */
