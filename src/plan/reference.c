#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "plan/files.h"
#include "plan/tree.h"

#define REFERENCE_CEILING ((size_t)64 * 1024)  /* what one reference may stand for */
#define RESOLVED_CEILING ((size_t)1024 * 1024) /* a text with all its references */

/* The end of the reference that begins at p ("${env:" or "${file:"), or NULL. */
static const char *
reference_end(const char *p)
{
	return strchr(p, '}');
}

static const char *
env_value(struct arena *arena, const struct plan_node *node, const char *name, struct error *err)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '_') {
			plan_error(node, err, "'%.64s' is no name of an environment variable; write ${env:NAME}", name);
			return NULL;
		}
	const char *value = name[0] != '\0' ? getenv(name) : NULL;

	if (value == NULL) {
		plan_error(node, err, "the environment variable '%.64s' is not set; set it, or write the value here",
			name);
		return NULL;
	}
	return arena_strdup(arena, value); /* a later setenv may move it */
}

/* Without its last line end, which editors add. */
static const char *
file_value(struct arena *arena, const struct plan_node *node, const char *path, struct error *err)
{
	const char *bytes;
	size_t length;

	if (!files_read(arena, node, path, REFERENCE_CEILING, &bytes, &length, err))
		return NULL;
	if (memchr(bytes, '\0', length) != NULL) {
		plan_error(node, err, "'%s' holds bytes that are no text", path);
		return NULL;
	}
	if (length > 0 && bytes[length - 1] == '\n')
		length--;
	if (length > 0 && bytes[length - 1] == '\r')
		length--;
	return arena_strndup(arena, bytes, length);
}

/* One reference into the text. What it stands for is never read as a reference or a slot itself. */
static bool
add_reference(struct plan_context *context, const struct plan_node *node, const char *from, const char *to,
	struct buf *text, struct error *err)
{
	bool is_env = strncmp(from, "${env:", 6) == 0;
	const char *name_from = strchr(from, ':') + 1;
	const char *name = arena_strndup(context->arena, name_from, (size_t)(to - name_from));
	const char *value = (is_env ? env_value : file_value)(context->arena, node, name, err);

	if (value == NULL)
		return false;
	if (strstr(value, "${") != NULL)
		return plan_error(node, err,
			"what '%s' stands for holds '${', which a request would read as a slot of its own", name);
	if (strlen(value) > REFERENCE_CEILING)
		return plan_error(node, err, "what '%s' stands for is larger than %zu bytes", name, REFERENCE_CEILING);
	return buf_add_text(text, value) ||
	       plan_error(node, err, "this text is larger than %zu bytes", RESOLVED_CEILING);
}

/* `$${` stands for `${` and is left to whoever renders the text, as are the slots of requests. */
static bool
resolve_text(struct plan_context *context, struct plan_node *node, struct buf *text, struct error *err)
{
	const char *p = node->source;

	while (*p != '\0') {
		bool is_escape = strncmp(p, "$${", 3) == 0;
		bool is_reference = strncmp(p, "${env:", 6) == 0 || strncmp(p, "${file:", 7) == 0;
		const char *end = is_reference ? reference_end(p) : NULL;

		if (is_reference && end == NULL)
			return plan_error(node, err, "'%.40s' is not closed; write ${env:NAME} or ${file:PATH}", p);
		if (is_reference && !add_reference(context, node, p, end, text, err))
			return false;
		node->is_tainted |= is_reference;
		if (is_reference) {
			p = end + 1;
			continue;
		}
		if (!buf_add(text, p, is_escape ? 3 : 1))
			return plan_error(node, err, "this text is larger than %zu bytes", RESOLVED_CEILING);
		p += is_escape ? 3 : 1;
	}
	return true;
}

bool
tree_resolve(struct plan_context *context, struct plan_node *node, struct error *err)
{
	for (struct plan_node *child = node->first; child != NULL; child = child->next)
		if (!tree_resolve(context, child, err))
			return false;
	if (node->kind != NODE_SCALAR || strstr(node->source, "${") == NULL)
		return true;
	struct buf text;

	buf_init(&text, RESOLVED_CEILING);
	bool is_resolved = resolve_text(context, node, &text, err);

	if (is_resolved && node->is_tainted)
		node->text = arena_strndup(context->arena, text.bytes ? text.bytes : "", text.length);
	buf_fini(&text);
	return is_resolved;
}
