#pragma once

#include "plan/rows.h"

/* A call of gRPC is a request like any other, but for what follows from its method: POST over HTTP/2, the headers of
 * doc/PROTOCOL-HTTP2.md of gRPC, the message with its prefix as the body, and a reader that demands a grpc-status.
 * Fills in the row's method, headers and reader, and the request's body. False with err set. */
bool grpc_compile(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct request_row *row, struct plan_request *request, struct error *err);
