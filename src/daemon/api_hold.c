#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "daemon/api_parts.h"
#include "daemon/audit_sync.h"

/* Answers to calls that have changed something, and stand in the audit log: held back until that is on disk, so that
 * nobody is told of what nobody could look up after a power cut. */

struct held {
	struct audit_wait wait;
	struct api_call *call;
	int status;
	char type[64], headers[768];
	bool has_type;
	size_t length;
	char body[];
};

static void
on_kept(struct audit_wait *wait, bool is_kept)
{
	struct held *held = container_of(wait, struct held, wait);

	if (is_kept || held->status >= 400)
		api_answer(held->call, held->status, held->has_type ? held->type : NULL, held->headers, held->body,
			held->length);
	else
		api_answer_sentence(held->call, 500,
			"it was done, but the audit log cannot be written to its disk, and may not tell of it");
	free(held);
}

bool
api_hold(struct api_call *call, int status, const char *type, const char *headers, const void *body, size_t length)
{
	if (!call->is_noted || call->request == NULL)
		return false;
	struct held *held = must_alloc(sizeof(*held) + length + 1);

	call->is_noted = false;
	*held = (struct held){
		.wait = {.done = on_kept}, .call = call, .status = status, .has_type = type != NULL, .length = length};
	snprintf(held->type, sizeof(held->type), "%s", type != NULL ? type : "");
	int n = snprintf(held->headers, sizeof(held->headers), "%s", headers != NULL ? headers : "");

	CHECK_OP(n, <, (int)sizeof(held->headers));
	if (length > 0)
		memcpy(held->body, body, length);
	audit_syncs_wait(api_config_of(call)->audit_syncs, &held->wait);
	return true;
}
