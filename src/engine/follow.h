#pragma once

#include "plan/plan.h"
#include "request/feed.h"
#include "request/template.h"

/* The requests that follow a redirect (RFC 9110 §15.4): to where it leads, with the method and body that were sent, or
 * by GET without a body. All else is as it was, random numbers too. */
struct follow {
	struct plan_request same, get;
	struct template *same_template, *get_template;
};

/* *follow is NULL where the request follows none. original: what is sent first. False with err set: it cannot be sent.
 */
bool follow_new(const struct plan *plan, const struct plan_url *url, const struct plan_request *request,
	struct feeds *feeds, const struct template *original, struct follow **follow, struct error *err);
void follow_free(struct follow *follow);

/* Whether an answer with this status is followed, to a Location, and whether by GET: 301 and 302 make a POST one, as
 * all user agents have it. */
bool follow_is_redirect(unsigned status);
bool follow_by_get(unsigned status, const char *method);
