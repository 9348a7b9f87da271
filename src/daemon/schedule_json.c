#include "daemon/schedule_json.h"

#include <stdio.h>
#include <string.h>

#include "daemon/body.h"
#include "daemon/watch_config.h"

/* A member that is null is one that was not said. */
static void
leave_nulls_out(struct plan_node *map)
{
	struct plan_node **link = &map->first, *last = NULL;

	for (struct plan_node *node = map->first; node != NULL; node = node->next) {
		if (node_is_null(node)) {
			map->n--;
			continue;
		}
		*link = node;
		link = &node->next;
		last = node;
	}
	*link = NULL;
	map->last = last;
}

/* "cron: …" is about the member of that name. */
static bool
say(const struct plan_node *root, const struct error *why, struct error *err)
{
	char key[32];

	snprintf(key, sizeof(key), "%.*s", (int)strcspn(why->message, ":"), why->message);
	const struct plan_node *node = node_get(root, key);

	return plan_error(node != NULL ? node : root, err, "%s", why->message);
}

bool
schedule_json_read(struct arena *arena, const char *name, const char *text, size_t length, struct schedule_wish *into,
	struct error *err)
{
	struct plan_context context = {.arena = arena};
	struct error why = {0};

	if (length > SCHEDULE_JSON_MAX)
		return error_set(err, "the body is larger than a schedule may be, %zu bytes", SCHEDULE_JSON_MAX);
	struct plan_node *root = body_read(arena, text, length, NULL, err);

	if (root == NULL)
		return false;
	if (root->kind != NODE_MAP)
		return plan_error(
			root, err, "write an object such as {\"profile\": \"nightly\", \"cron\": \"0 2 * * *\"}");
	leave_nulls_out(root);
	if (!watch_config_parse_schedule(&context, root, name, into, err))
		return false;
	if (into->every != NULL && into->time_zone != NULL && strcmp(into->time_zone, "UTC") == 0)
		into->time_zone = NULL; /* which is what `every` counts in */
	struct schedule *scratch = schedule_new();
	bool is_good = schedule_put(scratch, into, 0, &why) || say(root, &why, err);

	schedule_free(scratch);
	return is_good;
}
