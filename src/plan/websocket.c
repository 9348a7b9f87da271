#include "plan/websocket.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/utf8.h"
#include "plan/compile.h"

#define SCHEME "ws"
#define READER_OF_MESSAGES "messages"
#define SWITCHING_PROTOCOLS 101

/* The first of the keys that is there. */
static const struct plan_node *
first_of(const struct plan_node *node, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (node != NULL && node->kind == NODE_MAP && node_get(node, keys[i]) != NULL)
			return node_get(node, keys[i]);
	return NULL;
}

static const struct plan_choice *
choice_named(const struct plan_choice *const *choices, const char *scheme, const char *name)
{
	for (size_t i = 0; choices[i] != NULL; i++)
		if (scheme != NULL ? choices[i]->scheme != NULL && strcmp(choices[i]->scheme, scheme) == 0
				   : strcmp(choices[i]->name, name) == 0)
			return choices[i];
	return NULL;
}

bool
websocket_check_backends(const struct plan_node *node, struct plan_target *target, struct error *err)
{
	const struct plan_backend *backends = target->backends.items;
	bool is_websocket = target->url.resource != NULL;

	for (size_t i = 1; i < target->backends.n; i++)
		if ((backends[i].url.resource != NULL) != is_websocket)
			return plan_error(node_get(node, "urls"), err,
				"urls: '%s' is spoken to by another protocol than '%s'; ws:// and http:// do not go "
				"together",
				backends[i].url.text, target->url.text);
	target->proxy.tunnel |= is_websocket; /* RFC 6455 §4.1 */
	return true;
}

/* What belongs to HTTP alone. */
static bool
check_target(const struct plan_node *node, const struct plan_target *target, struct error *err)
{
	static const char *const http[] = {"streams", "redirects", "compression"};
	const struct plan_node *found = first_of(node, http, ARRAY_LEN(http));
	const struct plan_node *version = node_get(node, "http");

	if (version != NULL && target->protocol->scheme == NULL)
		return plan_error(version, err,
			"http: '%s' is no way to speak to %s, a WebSocket; leave it out, or write http:// or https://",
			version->source, target->url.text);
	return found == NULL ||
	       plan_error(found, err, "%s: there is no such thing over WebSocket; leave it out", found->key);
}

/* One text for all connections: nothing of it can be an arrival's. Some of it is said by us. */
static bool
check_handshake(const struct plan_node *node, const struct plan_request *opening, struct error *err)
{
	static const char *const ours[] = {"Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
		"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"};
	const struct plan_node *websocket = node_get(node, "websocket");
	const struct plan_node *headers = websocket != NULL ? node_get(websocket, "headers") : NULL;
	const struct plan_pair *pairs = opening->headers.items;

	if (headers != NULL && !compile_check_headers(headers, err))
		return false;
	for (const struct plan_node *header = headers != NULL ? headers->first : NULL; header != NULL;
		header = header->next)
		for (size_t i = 0; i < ARRAY_LEN(ours); i++)
			if (strcasecmp(header->key, ours[i]) == 0)
				return plan_error(header, err,
					"headers: '%s' belongs to the handshake itself; leave it out%s", header->key,
					i == 4 ? ", and write target.websocket.protocols" : "");
	for (size_t i = 0; i < opening->headers.n; i++)
		if (strstr(pairs[i].value, "${") != NULL)
			return plan_error(headers != NULL ? headers : node, err,
				"target: '%s' holds a slot, and the opening handshake is the connection's, which "
				"exchanges of all arrivals share; write what is the same for all of them",
				pairs[i].name);
	return strstr(opening->path, "${") == NULL ||
	       plan_error(node, err, "target: the query holds a slot, and the opening handshake is the connection's");
}

/* RFC 6455 §4.1: each is a token of its own, and they differ. */
static bool
check_protocols(const struct plan_node *node, const struct plan_target *target, struct error *err)
{
	const char *const *protocols = target->websocket.protocols.items;

	for (size_t i = 0; i < target->websocket.protocols.n; i++) {
		bool is_good = protocols[i][0] != '\0';

		for (const char *p = protocols[i]; *p != '\0'; p++)
			is_good &= *p > ' ' && *p < 0x7f && strchr("()<>@,;:\\\"/[]?={}", *p) == NULL;
		for (size_t other = 0; other < i; other++)
			is_good &= strcmp(protocols[i], protocols[other]) != 0;
		if (!is_good)
			return plan_error(node_get(node_get(node, "websocket"), "protocols"), err,
				"protocols: '%.64s' is not the name of a subprotocol such as chat.v2, each once",
				protocols[i]);
	}
	return true;
}

static const char *
joined_protocols(struct plan_context *context, const struct plan_target *target)
{
	const char *const *protocols = target->websocket.protocols.items, *all = "";

	for (size_t i = 0; i < target->websocket.protocols.n; i++)
		all = arena_printf(context->arena, "%s%s%s", all, i > 0 ? ", " : "", protocols[i]);
	return all;
}

/* All of it but the key, which each connection draws for itself. */
static struct plan_request *
make_opening(struct plan_context *context, const struct plan_target *target, const struct plan_url *url)
{
	struct plan_request *opening = arena_alloc(context->arena, sizeof(*opening));
	const struct plan_pair *given = target->websocket.headers.items;

	*opening = (struct plan_request){.name = "the opening handshake", .method = "GET", .path = url->resource};
	for (size_t i = 0; i < target->websocket.headers.n; i++)
		compile_add_header(context, opening, given[i].name, given[i].value);
	compile_add_header(context, opening, "Host", url->authority);
	auth_add(context, &target->auth, opening);
	compile_add_header(context, opening, "Connection", "Upgrade");
	compile_add_header(context, opening, "Upgrade", "websocket");
	compile_add_header(context, opening, "Sec-WebSocket-Version", "13");
	if (target->websocket.protocols.n > 0)
		compile_add_header(context, opening, "Sec-WebSocket-Protocol", joined_protocols(context, target));
	return opening;
}

bool
websocket_compile_target(
	struct plan_context *context, const struct plan_node *node, struct plan_target *target, struct error *err)
{
	struct plan_backend *backends = target->backends.items;
	const struct plan_choice *websocket = choice_named(context->tables->protocols, SCHEME, NULL);

	if (target->url.resource == NULL) {
		if (target->protocol->scheme != NULL)
			return plan_error(node_get(node, "http"), err,
				"http: '%s' follows from the URL; write ws://HOST:PORT/PATH or wss://HOST:PORT/PATH",
				target->protocol->name);
		return node_get(node, "websocket") == NULL ||
		       plan_error(node_get(node, "websocket"), err, "websocket: the URL is neither ws:// nor wss://");
	}
	if (websocket == NULL)
		return plan_error(node, err, "target: this version speaks no WebSocket");
	if (!check_target(node, target, err) || !check_protocols(node, target, err))
		return false;
	target->protocol = websocket;
	for (size_t i = 0; i < target->backends.n; i++) {
		const struct plan_request *opening = make_opening(context, target, &backends[i].url);

		if (!check_handshake(node, opening, err))
			return false;
		backends[i].opening = opening;
	}
	return true;
}

static bool
check_keys(const struct plan_node *item, struct error *err)
{
	static const char *const http[] = {"get", "post", "put", "delete", "patch", "head", "options", "method", "path",
		"llm", "grpc", "read", "redirects", "compression"};
	static const char *const of_connection[] = {"headers", "auth"};
	static const char *const expected[] = {"status", "header", "trailer", "grpc_status", "error"};
	const struct plan_node *found = first_of(item, http, ARRAY_LEN(http));

	if (found != NULL)
		return plan_error(found, err,
			"%s: over WebSocket a request is a message; write body, json or body_file, and receive",
			found->key);
	if ((found = first_of(item, of_connection, ARRAY_LEN(of_connection))) != NULL)
		return plan_error(found, err,
			"%s: a message has none; write target.%s, which the opening handshake shows", found->key,
			strcmp(found->key, "auth") == 0 ? "auth" : "websocket.headers");
	for (const struct plan_node *value = node_get(item, "extract") != NULL ? node_get(item, "extract")->first
									       : NULL;
		value != NULL; value = value->next)
		if (node_get(value, "header") != NULL || node_get(value, "cookie") != NULL)
			return plan_error(value, err, "extract: a message has no header fields and sets no cookies");
	found = first_of(node_get(item, "expect"), expected, ARRAY_LEN(expected));
	if (found == NULL && node_get(item, "expect") != NULL && node_get(item, "expect")->kind != NODE_MAP)
		found = node_get(item, "expect");
	return found == NULL ||
	       plan_error(found, err, "expect: a message has no status and no fields; write body, json, size or a sum");
}

static void
expect_switched(struct plan_expect *expect)
{
	memset(expect->statuses, 0, sizeof(expect->statuses));
	expect->statuses[(SWITCHING_PROTOCOLS - 100) / 64] |= UINT64_C(1) << (SWITCHING_PROTOCOLS - 100) % 64;
}

bool
websocket_compile(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct request_row *row, struct plan_request *request, struct error *err)
{
	const struct plan_node *receive = node_get(item, "receive");

	if (!check_keys(item, err))
		return false;
	if (row->receive.until != NULL && row->receive.messages > 0)
		return plan_error(receive, err, "receive: write one of messages and until");
	if (row->receive.until != NULL && row->receive.until[0] == '\0')
		return plan_error(receive, err, "until: every message contains an empty text; write messages: 1");
	request->method = "MESSAGE";
	request->path = target->url.resource;
	request->is_binary = row->is_binary;
	request->receive = row->receive;
	if (row->receive.messages == 0 && row->receive.until == NULL)
		request->receive.messages = 1;
	if (request->receive.messages != 1)
		row->reader = choice_named(context->tables->readers, NULL, READER_OF_MESSAGES);
	expect_switched(&request->expect);
	return true;
}

bool
websocket_check_message(const struct plan_node *item, const struct plan_request *request, struct error *err)
{
	const struct plan_node *file = node_get(item, "body_file");

	if (request->body == NULL)
		return plan_error(item, err,
			"there is no message; over WebSocket write 'body: text', json or body_file, and what ends its "
			"answer: 'receive: 10' or {until: text}");
	return file == NULL || request->is_binary || utf8_is_text(request->body, request->body_length) ||
	       plan_error(file, err,
		       "body_file: '%s' is not UTF-8, as text over WebSocket must be; write 'binary: true' beside it",
		       file->source);
}

bool
websocket_check_none(const struct plan_node *item, struct error *err)
{
	static const char *const keys[] = {"receive", "binary"};
	const struct plan_node *found = first_of(item, keys, ARRAY_LEN(keys)), *read = node_get(item, "read");

	if (read != NULL && strcmp(read->text, READER_OF_MESSAGES) == 0)
		found = read;

	return found == NULL ||
	       plan_error(found, err, "%s: belongs to WebSocket; write ws:// or wss:// in target.url", found->key);
}
