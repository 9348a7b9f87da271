#include "plan/course.h"

#include <string.h>

#include "plan/rows.h"

/* A path or URL in place of the map stands for its `url`. */
static bool
parse_probe(struct plan_context *context, const struct plan_node *item, struct plan_probe *probe, struct error *err)
{
	struct plan_node map = {.kind = NODE_MAP, .file = item->file, .line = item->line, .column = item->column};
	struct plan_node only = *item;

	if (item->kind == NODE_LIST)
		return plan_error(item, err, "probe: each is a URL, or a map such as {url: /health, every: 1s}");
	if (item->kind == NODE_SCALAR) {
		only.key = "url";
		node_add(&map, &only);
		item = &map;
	}
	if (!plan_parse_map(context, item, probe_keys, NULL, probe, err))
		return false;
	if (probe->name == NULL)
		probe->name = probe->fetch.place.shown;
	probe->fetch.method = "GET";
	return true;
}

/* One, or a list of them. */
static bool
compile_probes(struct plan_context *context, const struct plan_node *list, const struct plan_target *target,
	struct plan_course *course, struct error *err)
{
	if (list->kind == NODE_LIST && list->n > PLAN_PROBES_CEILING)
		return plan_error(list, err, "probe: more than %zu of them", PLAN_PROBES_CEILING);
	course->probes = arena_alloc(context->arena, (list->kind == NODE_LIST ? list->n : 1) * sizeof(*course->probes));
	for (const struct plan_node *item = list->kind == NODE_LIST ? list->first : list; item != NULL;
		item = item == list ? NULL : item->next) {
		struct plan_probe *probe = &course->probes[course->probes_n];

		if (!parse_probe(context, item, probe, err))
			return false;
		for (size_t i = 0; i < course->probes_n; i++)
			if (strcmp(course->probes[i].name, probe->name) == 0)
				return plan_error(item, err,
					"probe: there is a probe '%s' already; give one of them a name of its own",
					probe->name);
		course_place_fetch(context, target, &probe->fetch);
		course->probes_n++;
	}
	return true;
}

bool
course_compile(struct plan_context *context, struct profile *profile, struct error *err)
{
	struct plan_course *course = arena_alloc(context->arena, sizeof(*course));
	const struct plan_target *target = &profile->plan.target;

	*course = profile->course;
	course->ready.fetch.method = "GET";
	course_place_fetch(context, target, &course->ready.fetch);
	profile->plan.course = course;
	return (profile->probe == NULL || compile_probes(context, profile->probe, target, course, err)) &&
	       (profile->at == NULL || course_compile_actions(context, profile->at, target, course, err));
}
