#include "plan/grpc.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/units.h"
#include "plan/compile.h"
#include "plan/files.h"

#define READER_OF_CALLS "grpc"
#define PREFIX_BYTES 5 /* whether it is compressed, and its length */
#define METADATA_MORE 3

static bool
decode_hex(struct plan_context *context, const struct plan_node *node, const char **bytes, size_t *length,
	struct error *err)
{
	size_t digits = strlen(node->text);
	char *into = arena_alloc(context->arena, digits / 2 + 1);

	for (size_t i = 0; i < digits; i++) {
		int digit = hex_digit(node->text[i]);

		if (digit < 0 || digits % 2 != 0)
			return plan_error(node, err, "hex: write two hexadecimal digits for each byte of the message");
		into[i / 2] = (char)(i % 2 == 0 ? digit << 4 : into[i / 2] | digit);
	}
	*bytes = into;
	*length = digits / 2;
	return true;
}

static bool
decode_base64(struct plan_context *context, const struct plan_node *node, const char **bytes, size_t *length,
	struct error *err)
{
	uint8_t *decoded = base64_decode(node->text, strlen(node->text), length);

	if (decoded == NULL)
		return plan_error(node, err, "base64: this is no Base64 (RFC 4648), with its padding");
	*bytes = arena_strndup(context->arena, (const char *)decoded, *length);
	free(decoded);
	return true;
}

/* The message itself; none is an empty one. */
static bool
read_message(struct plan_context *context, const struct plan_node *node, const char **bytes, size_t *length,
	struct error *err)
{
	const struct plan_node *hex = node != NULL ? node_get(node, "hex") : NULL;
	const struct plan_node *base64 = node != NULL ? node_get(node, "base64") : NULL;
	const struct plan_node *file = node != NULL ? node_get(node, "file") : NULL;

	*bytes = "";
	*length = 0;
	if ((hex != NULL) + (base64 != NULL) + (file != NULL) > 1)
		return plan_error(node, err, "message: write one of hex, base64 and file");
	if (hex != NULL)
		return decode_hex(context, hex, bytes, length, err);
	if (base64 != NULL)
		return decode_base64(context, base64, bytes, length, err);
	return file == NULL ||
	       files_read(context->arena, file, file->text, COMPILE_BODY_CEILING - PREFIX_BYTES, bytes, length, err);
}

/* Length-Prefixed-Message: uncompressed, and its length, the most significant byte first. */
static void
set_body(struct plan_context *context, const char *bytes, size_t length, struct plan_request *request)
{
	char *body = arena_alloc(context->arena, PREFIX_BYTES + length);

	body[0] = 0;
	for (size_t i = 0; i < 4; i++)
		body[1 + i] = (char)(length >> (8 * (3 - i)));
	memcpy(body + PREFIX_BYTES, bytes, length);
	request->body = body;
	request->body_length = PREFIX_BYTES + length;
}

/* TimeoutValue has at most 8 digits: milliseconds suffice for every timeout that a target may have. */
static void
set_headers(struct plan_context *context, const struct plan_target *target, struct request_row *row)
{
	struct plan_pair *pairs =
		arena_alloc(context->arena, (METADATA_MORE + row->headers.n + row->grpc.metadata.n) * sizeof(*pairs));
	size_t n = 0;

	pairs[n++] = (struct plan_pair){"Content-Type", "application/grpc"};
	pairs[n++] = (struct plan_pair){"TE", "trailers"};
	pairs[n++] = (struct plan_pair){
		"grpc-timeout", arena_printf(context->arena, "%lldm", (long long)(target->timeout_ns / NS_PER_MS))};
	for (size_t i = 0; i < row->headers.n; i++)
		pairs[n++] = ((const struct plan_pair *)row->headers.items)[i];
	for (size_t i = 0; i < row->grpc.metadata.n; i++)
		pairs[n++] = ((const struct plan_pair *)row->grpc.metadata.items)[i];
	row->headers = (struct plan_list){pairs, n};
}

static bool
check_method(const struct plan_node *node, const char *method, struct error *err)
{
	const char *slash = method[0] == '/' ? strchr(method + 1, '/') : NULL;

	return (slash != NULL && slash > method + 1 && slash[1] != '\0' && strchr(slash + 1, '/') == NULL) ||
	       plan_error(node, err, "method: '%.200s' is no method of gRPC; write /package.Service/Method", method);
}

/* What else says what is sent. */
static bool
check_alone(const struct plan_node *item, struct error *err)
{
	static const char *const others[] = {"get", "post", "put", "delete", "patch", "head", "options", "method",
		"path", "body", "json", "body_file", "llm", "read"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (node_get(item, others[i]) != NULL)
			return plan_error(node_get(item, others[i]), err,
				"'%s' follows from grpc; leave one of them out", others[i]);
	return true;
}

static const struct plan_choice *
reader_of_calls(const struct plan_context *context)
{
	for (size_t i = 0; context->tables->readers[i] != NULL; i++)
		if (strcmp(context->tables->readers[i]->name, READER_OF_CALLS) == 0)
			return context->tables->readers[i];
	return NULL;
}

bool
grpc_compile(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct request_row *row, struct plan_request *request, struct error *err)
{
	const struct plan_node *node = node_get(item, "grpc");
	const char *bytes;
	size_t length;

	if (!target->protocol->is_multiplexed)
		return plan_error(node, err, "gRPC goes over HTTP/2; write 'http: 2' under target");
	if (!check_alone(item, err) || !check_method(node_get(node, "method"), row->grpc.method, err) ||
		!read_message(context, node_get(node, "message"), &bytes, &length, err))
		return false;
	row->by_method[METHOD_POST] = row->grpc.method;
	row->reader = reader_of_calls(context);
	set_headers(context, target, row);
	set_body(context, bytes, length, request);
	return true;
}
