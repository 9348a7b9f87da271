#include "daemon/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "daemon/api_parts.h"
#include "httpd/reply.h"
#include "measure/json.h"

struct api {
	struct api_config config;
	struct api_counts counts;
	struct shelf *shelf;            /* the desk's */
	struct overview *overview;      /* the desk's */
	char stop_reason[HALT_WHY_MAX]; /* of the global stop, whose struct is the desk's */
};

struct api *
api_new(const struct api_config *config)
{
	struct api *api = must_alloc(sizeof(*api));

	api->config = *config;
	api->shelf = shelf_new(config->config->data);
	api->overview = overview_new();
	snprintf(api->stop_reason, sizeof(api->stop_reason), "%s", config->halt->why);
	return api;
}

void
api_free(struct api *api)
{
	overview_free(api->overview);
	shelf_free(api->shelf);
	free(api);
}

const struct api_config *
api_config_of(const struct api_call *call)
{
	return &call->api->config;
}

struct shelf *
api_shelf(const struct api_call *call)
{
	return call->api->shelf;
}

struct overview *
api_overview(const struct api_call *call)
{
	return call->api->overview;
}

void
api_set_stop_reason(struct api_call *call, const char *reason)
{
	snprintf(call->api->stop_reason, sizeof(call->api->stop_reason), "%s", reason);
}

const char *
api_stop_reason(const struct api_call *call)
{
	return call->api->stop_reason[0] != '\0' ? call->api->stop_reason : NULL;
}

struct api_counts
api_counts(const struct api *api)
{
	return api->counts;
}

static void
call_free(struct api_call *call)
{
	buf_fini(&call->text);
	free(call);
}

/* Its connection ended before it was answered: what is under way for it goes on, and is told to nobody. */
static void
on_gone(struct httpd_request *request)
{
	struct api_call *call = request->user;

	call->request = NULL;
}

void
api_hand_over(struct api_call *call)
{
	call_free(call);
}

void
api_answer(struct api_call *call, int status, const char *type, const char *headers, const void *body, size_t length)
{
	struct httpd_request *request = call->request;
	char lines[1024];

	if (api_hold(call, status, type, headers, body, length))
		return;
	call->api->counts.problems += status >= 400;
	if (request != NULL) {
		int n = snprintf(lines, sizeof(lines),
			"%s%s%sX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n%s",
			type != NULL ? "Content-Type: " : "", type != NULL ? type : "", type != NULL ? "\r\n" : "",
			headers != NULL ? headers : "");

		CHECK_OP(n, <, (int)sizeof(lines));
		request->user = NULL;
		httpd_answer_text(request, status, lines, body, length);
	}
	call_free(call);
}

void
api_answer_json(struct api_call *call, int status, const struct buf *text)
{
	if (text->overflowed)
		api_answer_sentence(
			call, 500, "the answer is larger than the daemon puts together; ask for less of it");
	else
		api_answer(call, status, "application/json", NULL, text->bytes, text->length);
}

void
api_answer_nothing(struct api_call *call)
{
	api_answer(call, 204, NULL, NULL, "", 0);
}

/* "profile:3:7" → 3 and 7. */
static bool
take_place(const char *where, unsigned *line, unsigned *column)
{
	const char *last = strrchr(where, ':'), *before = last;

	if (last == NULL || last == where)
		return false;
	while (before > where && *--before != ':')
		;
	return *before == ':' && sscanf(before, ":%u:%u", line, column) == 2 && *line > 0;
}

static void
add_errors(struct buf *into, const struct error *err)
{
	unsigned line, column;

	if (!take_place(err->where, &line, &column))
		return;
	json_open(into, "errors", '[');
	json_open(into, NULL, '{');
	json_add_u64(into, "line", line);
	json_add_u64(into, "column", column);
	json_add_text(into, "message", err->message);
	json_close(into, '}');
	json_close(into, ']');
}

static void
add_problem(struct buf *into, int status, const struct error *err)
{
	char detail[1400];

	json_open(into, NULL, '{');
	json_add_text(into, "type", "about:blank");
	json_add_text(into, "title", reply_reason(status));
	json_add_u64(into, "status", (uint64_t)status);
	json_add_text(into, "detail", error_text(err, detail, sizeof(detail)));
	add_errors(into, err);
	json_close(into, '}');
}

void
api_refusal(int status, struct buf *body)
{
	struct error err = {0};

	error_set(&err, "the request was not read to its end: it is no HTTP/1.1, or larger or slower than may be");
	add_problem(body, status, &err);
}

static void
answer_problem(struct api_call *call, int status, const char *headers, const struct error *err)
{
	struct buf text;

	buf_init(&text, (size_t)16 * 1024);
	add_problem(&text, status, err);
	api_answer(call, status, API_PROBLEM_TYPE, headers, text.bytes, text.length);
	buf_fini(&text);
}

void
api_answer_problem(struct api_call *call, int status, const struct error *err)
{
	answer_problem(call, status, NULL, err);
}

void
api_answer_sentence(struct api_call *call, int status, const char *sentence)
{
	struct error err = {0};

	error_set(&err, "%s", sentence);
	api_answer_problem(call, status, &err);
}

bool
api_fail(struct api_call *call, int status, const char *format, ...)
{
	char sentence[sizeof(call->err.message)];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	call->status = status;
	return error_set(&call->err, "%s", sentence);
}

static void
desk_work(struct desk_order *order, struct ledger *ledger)
{
	struct api_call *call = container_of(order, struct api_call, order);

	call->work(call, ledger);
}

void
api_answer_from_desk(struct api_call *call)
{
	if (error_is_set(&call->err))
		api_answer_failure(call);
	else if (call->text.length == 0 && !call->text.overflowed)
		api_answer_nothing(call);
	else
		api_answer_json(call, call->status > 0 ? call->status : 200, &call->text);
}

static void
desk_done(struct desk_order *order)
{
	api_answer_from_desk(container_of(order, struct api_call, order));
}

void
api_give_to_desk(struct api_call *call, void (*work)(struct api_call *call, struct ledger *ledger))
{
	call->work = work;
	call->order = (struct desk_order){.work = desk_work, .done = desk_done};
	desk_give(call->api->config.desk, &call->order);
}

static void
refuse_route(struct api_call *call, const char *allow)
{
	if (allow[0] == '\0') {
		api_answer_sentence(call, 404, "there is nothing here; GET /api/v1/openapi.yaml says what there is");
		return;
	}
	static const char body[] =
		"{\"type\":\"about:blank\",\"title\":\"Method Not Allowed\",\"status\":405,\"detail\":"
		"\"this method is not for this path; see Allow\"}";
	char header[128];

	snprintf(header, sizeof(header), "Allow: %s\r\n", allow);
	api_answer(call, 405, API_PROBLEM_TYPE, header, body, sizeof(body) - 1);
}

static void
note(struct api_call *call, const char *action, const char *what, const char *outcome, bool is_light, bool *is_kept)
{
	char from[HTTPD_PEER_MAX] = "";
	bool is_known = call->who.name[0] != '\0';

	if (call->request != NULL)
		httpd_request_peer(call->request, from);
	*is_kept = audit_write(call->api->config.audit,
		&(struct audit_entry){.who = is_known ? call->who.name : NULL,
			.role = is_known ? role_name(call->who.role) : NULL,
			.from = from,
			.action = action,
			.what = what,
			.outcome = outcome,
			.is_light = is_light},
		wall_now_ns());
}

bool
api_note(struct api_call *call, const char *action, const char *what)
{
	bool is_kept;

	note(call, action, what, "ok", false, &is_kept);
	call->is_noted = is_kept;
	if (!is_kept)
		api_answer_sentence(call, 503, "the audit log cannot be written, so that nothing is done");
	return is_kept;
}

/* RFC 6750 §3: how to come in, and, of a token that was shown, what is wrong with it. */
static const char *
challenge_of(enum refusal refusal)
{
	return refusal == REFUSAL_WRONG_TOKEN ? "WWW-Authenticate: Bearer realm=\"brunt\", error=\"invalid_token\"\r\n"
					      : "WWW-Authenticate: Bearer realm=\"brunt\"\r\n";
}

void
api_refuse(struct api_call *call, enum refusal refusal)
{
	const struct refusal_row *row = &refusal_rows[refusal];
	struct error err = {0};
	bool is_kept; /* one more that is not is counted by the log */

	note(call, "refused", call->request->target, row->counter, true, &is_kept);
	error_set(&err, "%s", row->sentence);
	answer_problem(call, row->status, row->status == 401 ? challenge_of(refusal) : NULL, &err);
}

/* An empty object says nothing, and may come with anything. */
static bool
takes_body(struct api_call *call)
{
	const struct httpd_request *request = call->request;

	if (request->body_length == 0 || call->route->body != API_BODY_NONE ||
		(request->body_length == 2 && memcmp(request->body, "{}", 2) == 0))
		return true;
	api_answer_sentence(call, 415, "this takes no body");
	return false;
}

static enum refusal
admit(struct api_call *call)
{
	const struct httpd_request *request = call->request;
	const struct guard_ask ask = {.method = request->method,
		.host = httpd_request_header(request, "host"),
		.origin = httpd_request_header(request, "origin"),
		.fetch_site = httpd_request_header(request, "sec-fetch-site"),
		.authorization = httpd_request_header(request, "authorization"),
		.cookie = httpd_request_header(request, "cookie"),
		.content_type = httpd_request_header(request, "content-type"),
		.body_length = request->body_length,
		.is_open = call->route->is_open,
		.needs = call->route->role,
		.body = call->route->body == API_BODY_PROFILE ? GUARD_BODY_PROFILE : GUARD_BODY_JSON};

	return guard_admit(&call->door->guard, &ask, &call->who);
}

static struct api_call *
call_new(struct api_door *door, struct httpd_request *request)
{
	struct api_call *call = must_alloc(sizeof(*call));
	const char *question = strchr(request->target, '?');

	call->holder.gone = on_gone;
	call->api = door->api;
	call->door = door;
	call->request = request;
	call->query = question != NULL ? question + 1 : "";
	buf_init(&call->text, API_TEXT_MAX);
	request->user = call;
	return call;
}

static void
on_request(struct httpd_request *request, void *user)
{
	struct api_door *door = user;
	enum refusal refusal;
	char allow[API_ALLOW_MAX];

	door->api->counts.requests++;
	if (assets_answer(door->api->config.assets, request))
		return;
	struct api_call *call = call_new(door, request);

	call->route = api_find_route(call, request->method, request->target, allow);
	if (call->route == NULL)
		refuse_route(call, allow);
	else if ((refusal = admit(call)) != REFUSAL_COUNT)
		api_refuse(call, refusal);
	else if (takes_body(call))
		call->route->handle(call);
}

static void
on_done(struct httpd_request *request, enum httpd_end end, void *user)
{
	struct holder *holder = request->user;

	(void)end;
	(void)user;
	if (holder != NULL)
		holder->gone(request);
}

const struct httpd_handler api_handler = {.on_request = on_request, .on_done = on_done};
