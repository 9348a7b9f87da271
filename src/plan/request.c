#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "plan/compile.h"
#include "plan/emit.h"
#include "plan/files.h"
#include "plan/grpc.h"
#include "plan/websocket.h"

#define READER_OF_TEXT "text"

static const char *const method_names[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};
static const char *const method_keys[] = {"get", "post", "put", "delete", "patch", "head", "options"};

/* RFC 9110 §5.6.2 */
static bool
is_token(const char *text)
{
	if (text[0] == '\0')
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("!#$%&'*+-.^_`|~", *p) == NULL)
			return false;
	return true;
}

/* The node that says so, else the item itself. */
static const struct plan_node *
node_of(const struct plan_node *item, const char *key)
{
	const struct plan_node *node = node_get(item, key);

	return node ? node : item;
}

/* What is between ${ and } is the template's business. */
static bool
check_path(const struct plan_node *node, const char *path, bool is_options, struct error *err)
{
	if (is_options && strcmp(path, "*") == 0)
		return true;
	if (path[0] != '/')
		return plan_error(node, err,
			"%s: '%.200s' is not a path; write one that begins with '/', the host is target.url",
			node->key ? node->key : "path", node->source ? node->source : path);
	for (const char *p = path; *p != '\0'; p++) {
		if (strncmp(p, "${", 2) == 0 && strchr(p, '}') != NULL)
			p = strchr(p, '}');
		else if (*p <= ' ' || *p > '~')
			return plan_error(node, err,
				"%s: a path holds no spaces, control or non-ASCII characters; write them as %%%02X",
				node->key ? node->key : "path", (unsigned char)*p);
	}
	return true;
}

static bool
compile_target_path(struct plan_context *context, const struct plan_node *item, const struct request_row *row,
	const struct plan_target *target, struct plan_request *request, struct error *err)
{
	const char *path = row->path;
	const struct plan_node *node = node_of(item, "path");

	request->method = row->method;
	for (size_t i = 0; i < METHODS_N; i++) {
		if (row->by_method[i] == NULL)
			continue;
		node = node_of(item, method_keys[i]);
		if (request->method != NULL || path != NULL)
			return plan_error(
				node, err, "a request has one method; '%s' is not the only one here", method_keys[i]);
		request->method = method_names[i];
		path = row->by_method[i];
	}
	if (request->method == NULL)
		return plan_error(item, err,
			"there is no method; write 'get: /path', or post, put, delete, patch, head or options");
	if (path == NULL)
		return plan_error(item, err, "there is no path; write 'path: /where' beside 'method'");
	if (!is_token(request->method))
		return plan_error(node_of(item, "method"), err, "method: '%.64s' is not a method such as PROPFIND",
			node_of(item, "method")->source);
	if (!check_path(node, path, strcmp(request->method, "OPTIONS") == 0, err))
		return false;
	request->path = path[0] == '*' ? path : arena_printf(context->arena, "%s%s", target->url.path, path);
	return true;
}

static bool
is_ours(const char *header)
{
	return strcasecmp(header, "content-length") == 0 || strcasecmp(header, "transfer-encoding") == 0;
}

/* A line end in a value would begin a header of its own. */
bool
compile_check_headers(const struct plan_node *headers, struct error *err)
{
	for (const struct plan_node *header = headers->first; header != NULL; header = header->next) {
		if (!is_token(header->key))
			return plan_error(header, err, "headers: '%.64s' is not a header's name", header->key);
		if (is_ours(header->key))
			return plan_error(
				header, err, "headers: '%s' follows from the body; leave it out", header->key);
		for (const char *p = header->text; *p != '\0'; p++)
			if ((unsigned char)*p < ' ' && *p != '\t')
				return plan_error(header, err,
					"headers: the value of '%s' holds a line end or control character",
					header->key);
	}
	return true;
}

void
compile_add_header(struct plan_context *context, struct plan_request *request, const char *name, const char *value)
{
	struct plan_list *headers = &request->headers;
	const struct plan_pair *pairs = headers->items;
	struct plan_pair *more = arena_alloc(context->arena, (headers->n + 1) * sizeof(*more));

	for (size_t i = 0; i < headers->n; i++) {
		if (strcasecmp(pairs[i].name, name) == 0)
			return;
		more[i] = pairs[i];
	}
	more[headers->n] = (struct plan_pair){name, value};
	*headers = (struct plan_list){more, headers->n + 1};
}

static bool
compile_json(
	struct plan_context *context, const struct plan_node *json, struct plan_request *request, struct error *err)
{
	struct buf text;

	buf_init(&text, COMPILE_BODY_CEILING);
	emit_json(&text, json, true);
	if (text.overflowed) {
		buf_fini(&text);
		return plan_error(json, err, "json: the body is larger than %zu bytes", COMPILE_BODY_CEILING);
	}
	request->body = arena_strndup(context->arena, text.bytes, text.length);
	request->body_length = text.length;
	buf_fini(&text);
	compile_add_header(context, request, "Content-Type", "application/json");
	return true;
}

static bool
compile_body(struct plan_context *context, const struct plan_node *item, const struct request_row *row,
	struct plan_request *request, struct error *err)
{
	if ((row->body != NULL) + (row->json != NULL) + (row->body_file != NULL) > 1)
		return plan_error(item, err, "a request has one body: 'body', 'json' or 'body_file'");
	if (row->body_file != NULL)
		return files_read(context->arena, node_of(item, "body_file"), node_of(item, "body_file")->text,
			COMPILE_BODY_CEILING, &request->body, &request->body_length, err);
	if (row->json != NULL && !compile_json(context, row->json, request, err))
		return false;
	if (row->body != NULL) {
		request->body = row->body;
		request->body_length = strlen(row->body);
	}
	request->has_slots = request->body != NULL && strstr(request->body, "${") != NULL;
	return true;
}

/* The one that is asked for; else one that looks at the body where something is expected of it. */
static bool
compile_reader(struct plan_context *context, const struct plan_node *item, const struct request_row *row,
	struct plan_request *request, struct error *err)
{
	const struct plan_choice *const *readers = context->tables->readers;

	request->reader = row->reader ? row->reader : readers[0];
	CHECK(request->reader != NULL);
	if (row->expect.body == NULL)
		return true;
	for (size_t i = 0; row->reader == NULL && readers[i] != NULL; i++)
		if (strcmp(readers[i]->name, READER_OF_TEXT) == 0)
			request->reader = readers[i];
	return request->reader->searches_body ||
	       plan_error(node_of(item, "read"), err,
		       "read: '%s' does not search the body for expect.body; 'text' does, and so does every API of llm",
		       request->reader->name);
}

static bool
compile_redirects(
	const struct plan_node *item, uint64_t own, const struct plan_target *target, struct plan_request *request)
{
	request->redirects = node_get(item, "redirects") != NULL ? own : target->redirects;
	return true;
}

/* Over HTTP. */
static bool
compile_head(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct request_row *row, struct plan_request *request, struct error *err)
{
	const struct plan_node *auth = node_get(item, "auth");

	if (row->headers.n > 0 && !compile_check_headers(node_get(item, "headers"), err))
		return false;
	if (row->llm.api != NULL && !llm_compile(context, item, target, row, &request->llm, err))
		return false;
	if (row->grpc.method != NULL && !grpc_compile(context, item, target, row, request, err))
		return false;
	request->headers = row->headers;
	if (!websocket_check_none(item, err) || !compile_reader(context, item, row, request, err) ||
		!compile_target_path(context, item, row, target, request, err) ||
		(row->grpc.method == NULL && !compile_body(context, item, row, request, err)) ||
		!compile_redirects(item, row->redirects, target, request) ||
		!codings_compile(context, item, node_get(item, "compression") != NULL ? row->codings : target->codings,
			request, err) ||
		(auth != NULL && !auth_check(auth, &row->auth, err)))
		return false;
	auth_add(context, auth != NULL ? &row->auth : &target->auth, request);
	return true;
}

/* Over WebSocket: one message, and those that answer it. */
static bool
compile_message(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct request_row *row, struct plan_request *request, struct error *err)
{
	return websocket_compile(context, item, target, row, request, err) &&
	       compile_reader(context, item, row, request, err) && compile_body(context, item, row, request, err) &&
	       websocket_check_message(item, request, err);
}

bool
compile_request(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct plan_flow *flow, struct plan_request *request, struct error *err)
{
	struct request_row row = {0};

	if (item->kind != NODE_MAP)
		return plan_error(item, err, "each request is a map such as {name: root, get: /}");
	if (!plan_parse_map(context, item, request_keys, NULL, &row, err))
		return false;
	if (!compile_name(node_of(item, "name"), "name", row.name, err))
		return false;
	*request = (struct plan_request){.name = row.name,
		.weight = row.weight,
		.file = arena_strdup(context->arena, item->file),
		.line = item->line,
		.column = item->column};
	if (!checks_compile(context, item, &row.expect, request, err))
		return false;
	request->expect = row.expect;
	if (!(target->url.resource != NULL ? compile_message : compile_head)(context, item, target, &row, request, err))
		return false;
	return (flow != NULL ? flow_add_step(context, flow, item, &row, request, err) : flow_check_no_step(item, err));
}

void
compile_default_request(struct plan_context *context, const struct plan_target *target, struct plan_request *request)
{
	struct plan_node map = {.kind = NODE_MAP, .file = "default"};
	struct plan_node name = {.text = "root", .source = "root", .key = "name", .file = "default"};
	struct plan_node get = {.text = "/", .source = "/", .key = "get", .file = "default"};
	struct plan_node body = {.text = "brunt ${seq}", .source = "brunt ${seq}", .key = "body", .file = "default"};
	struct error err = {0};

	node_add(&map, &name);
	node_add(&map, target->url.resource != NULL ? &body : &get);
	CHECK(compile_request(context, &map, target, NULL, request, &err));
	if (target->url.path[0] != '\0')
		request->path = target->url.path;
}
