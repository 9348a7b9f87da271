#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/plan.h"

/* http://HOST[:PORT][/PREFIX], or https://…, with a host name, IPv4 or [IPv6]; unix sockets as
 * http+unix://%2Frun%2Fx.sock/PREFIX, http+unix:///run/x.sock[:/PREFIX] or http://unix:/run/x.sock[:/PREFIX]. */
bool url_parse(struct arena *arena, const char *text, struct plan_url *url, struct error *err);

/* ws://HOST[:PORT][/PATH][?QUERY], wss://… or ws://unix:/run/x.sock[:/PATH]: as the same URL of http or https, but that
 * its path is a resource and no prefix. */
bool url_is_websocket(const char *text);
bool url_parse_websocket(struct arena *arena, const char *text, struct plan_url *url, struct error *err);
