#pragma once

#include "plan/rows.h"

/* A target whose URL is ws:// or wss:// is spoken to by WebSocket: `http`, which says versions of HTTP, follows from
 * it, and so does the opening handshake of each of its backends. To be called once the target's other keys are known.
 */
bool websocket_compile_target(
	struct plan_context *context, const struct plan_node *node, struct plan_target *target, struct error *err);
/* Whether all backends are, or none: before anything else is made of them. Those that are go through tunnels alone. */
bool websocket_check_backends(const struct plan_node *node, struct plan_target *target, struct error *err);

/* A request of such a target is one message: fills in what stands in place of its method and path, the row's reader,
 * and when its answer is complete. */
bool websocket_compile(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct request_row *row, struct plan_request *request, struct error *err);
/* Once it has its body. */
bool websocket_check_message(const struct plan_node *item, const struct plan_request *request, struct error *err);
/* Of any other target: what belongs to WebSocket is not there. */
bool websocket_check_none(const struct plan_node *item, struct error *err);
