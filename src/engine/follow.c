#include "engine/follow.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "proto/protocol.h"

#define LOCATION_PATH "/${location}" /* request/slot_location.c */

bool
follow_is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool
follow_by_get(unsigned status, const char *method)
{
	return status == 303 || ((status == 301 || status == 302) && strcmp(method, "POST") == 0);
}

/* Fields that say of a body what it is go with it (RFC 9110 §15.4). */
static void
leave_body(struct plan_request *request)
{
	const struct plan_pair *pairs = request->headers.items;
	struct plan_pair *kept = must_calloc(request->headers.n + 1, sizeof(*kept));
	size_t n = 0;

	for (size_t i = 0; i < request->headers.n; i++)
		if (strncasecmp(pairs[i].name, "content-", 8) != 0)
			kept[n++] = pairs[i];
	request->headers = (struct plan_list){kept, n};
	request->body = NULL;
	request->body_length = 0;
	request->has_slots = false;
	if (strcmp(request->method, "HEAD") != 0)
		request->method = "GET";
}

static struct template *
make_template(const struct plan *plan, const struct plan_url *url, const struct plan_request *request,
	struct feeds *feeds, const struct template *original, struct error *err)
{
	struct slot_scope scope = {
		.plan = plan, .request = request, .feeds = feeds, .target_streams = template_target_streams(original)};
	struct plan of_backend = *plan;
	struct template *template = NULL;
	struct buf head;

	of_backend.target.url = *url;
	buf_init(&head, PROTOCOL_HEAD_CEILING);
	if (protocol_of(plan->target.protocol)->compose(&of_backend, request, &head, err))
		template = template_new(
			&scope, head.bytes, head.length, request->body, request->body_length, request->has_slots, err);
	buf_fini(&head);
	return template;
}

bool
follow_new(const struct plan *plan, const struct plan_url *url, const struct plan_request *request, struct feeds *feeds,
	const struct template *original, struct follow **follow, struct error *err)
{
	*follow = NULL;
	if (request->redirects == 0)
		return true;
	struct follow *made = must_calloc(1, sizeof(*made));

	made->same = *request;
	made->same.path = LOCATION_PATH;
	made->get = made->same;
	leave_body(&made->get);
	made->same_template = make_template(plan, url, &made->same, feeds, original, err);
	if (made->same_template != NULL)
		made->get_template = make_template(plan, url, &made->get, feeds, original, err);
	if (made->get_template == NULL) {
		follow_free(made);
		return false;
	}
	*follow = made;
	return true;
}

void
follow_free(struct follow *follow)
{
	if (follow == NULL)
		return;
	template_free(follow->same_template);
	template_free(follow->get_template);
	free(follow->get.headers.items);
	free(follow);
}
