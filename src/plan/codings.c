#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "plan/compile.h"

/* `compression`: which codings are asked for by Accept-Encoding (RFC 9110 §12.5.3). */

static const char *const words[] = {[CODING_BR] = "br", [CODING_GZIP] = "gzip", [CODING_DEFLATE] = "deflate"};

static bool
add_coding(const struct plan_node *node, unsigned *codings, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i] != NULL && node->kind == NODE_SCALAR && strcmp(node->text, words[i]) == 0) {
			*codings |= BIT(i);
			return true;
		}
	return plan_error(node, err, "compression: '%.32s' is not one that is decoded here; write gzip, br or deflate",
		node->kind == NODE_SCALAR ? node->source : "a map or list");
}

bool
plan_parse_codings(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	unsigned *codings = into;

	(void)context;
	if (node->kind == NODE_SCALAR && (strcmp(node->text, "off") == 0 || strcmp(node->text, "false") == 0))
		return true; /* what writes YAML may say either */
	if (node->kind != NODE_LIST)
		return add_coding(node, codings, err);
	for (const struct plan_node *item = node->first; item != NULL; item = item->next)
		if (!add_coding(item, codings, err))
			return false;
	return true;
}

bool
codings_compile(struct plan_context *context, const struct plan_node *item, unsigned codings,
	struct plan_request *request, struct error *err)
{
	const struct plan_node *headers = node_get(item, "headers");
	const char *value = "";

	request->codings = codings;
	if (codings == 0)
		return true;
	for (const struct plan_node *header = headers != NULL ? headers->first : NULL; header != NULL;
		header = header->next)
		if (strcasecmp(header->key, "accept-encoding") == 0)
			return plan_error(header, err,
				"headers: '%s' follows from 'compression'; leave one of them out", header->key);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i] != NULL && (codings & BIT(i)) != 0)
			value = arena_printf(context->arena, "%s%s%s", value, *value != '\0' ? ", " : "", words[i]);
	compile_add_header(context, request, "Accept-Encoding", value);
	return true;
}
