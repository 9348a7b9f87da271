#include <string.h>
#include <strings.h>

#include "plan/course.h"
#include "plan/rows.h"
#include "plan/tls.h"
#include "plan/url.h"

/* http://HOST/path?query, or /path?query of the target. The query is no part of what url_parse knows, nor is a slash
 * at the end, which a server may care about. */
static bool
parse_place(struct arena *arena, const char *text, struct plan_place *place, struct error *err)
{
	size_t before_query = strcspn(text, "?");
	const char *bare = arena_strndup(arena, text, before_query);

	place->is_of_target = text[0] == '/';
	if (strpbrk(text, " #\t\r\n") != NULL)
		return error_set(
			err, "'%.200s' is no place to ask: a space is written as %%20, and '#' has none", text);
	if (place->is_of_target) {
		place->path = text;
		return true;
	}
	if (!url_parse(arena, bare, &place->url, err))
		return false;
	bool has_slash = before_query > 0 && text[before_query - 1] == '/' && place->url.path[0] != '\0';

	place->path = arena_printf(arena, "%s%s%s", place->url.path[0] == '\0' ? "/" : place->url.path,
		has_slash ? "/" : "", text + before_query);
	return true;
}

bool
plan_parse_place(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_place *place = into;
	struct error what = {0};

	if (node->kind != NODE_SCALAR)
		return plan_error(node, err,
			"%s: write a URL such as http://127.0.0.1:8080/health, or a path of the target such as /health",
			node->key);
	place->shown = node->source;
	place->tls = plan_tls_defaults;
	if (parse_place(context->arena, node->text, place, &what))
		return true;
	if (node->is_tainted)
		return plan_error(
			node, err, "%s: what '%s' stands for is neither a URL nor a path", node->key, node->source);
	return plan_error(node, err, "%s", what.message);
}

void
course_place_fetch(struct plan_context *context, const struct plan_target *target, struct plan_fetch *fetch)
{
	struct plan_place *place = &fetch->place;

	if (place->is_of_target)
		place->url = target->url;
	if (place->url.host != NULL && strcasecmp(place->url.host, target->url.host) == 0)
		place->tls = target->tls;
	if (!place->is_of_target)
		return;
	place->path = arena_printf(context->arena, "%s%s", target->url.path, place->path);
}

bool
plan_parse_shell(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_shell *shell = into;

	(void)context;
	if (node->kind != NODE_SCALAR || node->text[strspn(node->text, " \t\n")] == '\0')
		return plan_error(node, err, "%s: write a command for /bin/sh", node->key);
	*shell = (struct plan_shell){.text = node->text, .shown = node->source};
	return true;
}
