#pragma once

#include "daemon/api.h"

/* The handlers of routes.def. */
#define ROUTE(method, path, name, role, body) void api_##name(struct api_call *call);
#include "daemon/routes.def"
#undef ROUTE

/* For jobs_submit: answers the call, its context, with the run or the problem. */
void api_on_submitted(void *context, enum jobs_answer answer, const struct ledger_run *run, size_t position,
	const struct submission *submission, const struct error *err);
void api_refuse(struct api_call *call, enum refusal refusal);
