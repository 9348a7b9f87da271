#include "base/clock.h"
#include "daemon/api_parts.h"
#include "daemon/row.h"
#include "measure/json.h"
#include "measure/json_read.h"

/* Who one is, and a token for a cookie: what the page does once, so that it need not keep the token. */

/* The sessions' clock is monotonic; whoever reads wants the time of the day. */
static int64_t
wall_of(int64_t ends_ns)
{
	return ends_ns > 0 ? wall_now_ns() + ends_ns - clock_now_ns(&monotonic_clock) : 0;
}

static void
answer_session(struct api_call *call, const struct guard_who *who, const char *headers)
{
	struct buf *text = &call->text;

	json_open(text, NULL, '{');
	json_add_text(text, "name", who->name);
	json_add_text(text, "role", role_name(who->role));
	row_add_time(text, "expires_at", who->is_session ? wall_of(who->ends_ns) : 0);
	json_close(text, '}');
	api_answer(call, 200, "application/json", headers, text->bytes, text->length);
}

void
api_session_show(struct api_call *call)
{
	if (call->who.name[0] != '\0')
		answer_session(call, &call->who, NULL);
	else
		api_refuse(call, REFUSAL_NO_TOKEN);
}

void
api_session_open(struct api_call *call)
{
	struct json_reader reader = {.err = &call->err};
	char token[TOKEN_LENGTH_MAX + 1] = "", set_cookie[SESSION_COOKIE_MAX] = "";
	cJSON *body = json_parse(&reader, call->request->body, call->request->body_length, 4096);

	json_have_only(&reader, body, (const char *const[]){"token", NULL});
	json_must_have(&reader, body, "token");
	json_read_text(&reader, body, "token", token, sizeof(token));
	cJSON_Delete(body);
	if (reader.has_failed) {
		api_answer_problem(call, 400, &call->err);
		return;
	}
	if (call->door->guard.config.is_unix) { /* who can open the socket needs no token, and there is no session */
		answer_session(call, &call->who, NULL);
		return;
	}
	enum refusal refusal = guard_log_in(&call->door->guard, token, &call->who, set_cookie);

	if (refusal != REFUSAL_COUNT)
		api_refuse(call, refusal);
	else if (api_note(call, "login", NULL))
		answer_session(call, &call->who, set_cookie);
}

void
api_session_close(struct api_call *call)
{
	char set_cookie[SESSION_COOKIE_MAX] = "";

	if (!call->door->guard.config.is_unix)
		session_end(api_config_of(call)->sessions, httpd_request_header(call->request, "cookie"), set_cookie);
	api_answer(call, 204, NULL, set_cookie, "", 0);
}
