#pragma once

#include "daemon/api.h"

/* The handlers of routes.def. */
#define ROUTE(method, path, name, role, body) void api_##name(struct api_call *call);
#include "daemon/routes.def"
#undef ROUTE

void api_refuse(struct api_call *call, enum refusal refusal);
