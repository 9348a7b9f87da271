#pragma once

#include <stdbool.h>

#include "base/error.h"

/* `auth:` of the target, or of a request, which then goes before it: what each request says to be let in. A secret
 * never stands in the profile itself, which is copied into every result: it is a reference, ${env:…} or ${file:…}, or a
 * slot that is filled in when the request is sent. */

struct plan_auth {
	bool is_sent;                     /* false with `auth: off` */
	const char *user, *password;      /* basic (RFC 7617); NULL: not by this */
	const char *bearer;               /* RFC 6750 */
	const char *api_key;              /* its value … */
	const char *in_header, *in_query; /* … and where it is sent */
};

struct plan_context;
struct plan_node;
struct plan_request;

/* Whether what the node holds can be sent. */
bool auth_check(const struct plan_node *node, const struct plan_auth *auth, struct error *err);
/* A header, or a part of the path, of its own. A header of that name that the request has already is the user's. */
void auth_add(struct plan_context *context, const struct plan_auth *auth, struct plan_request *request);
