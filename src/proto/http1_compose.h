#pragma once

#include "proto/protocol.h"

/* compose of struct protocol_ops for HTTP/1.1 (RFC 9112 §3, §5). */
bool http1_compose(const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err);
