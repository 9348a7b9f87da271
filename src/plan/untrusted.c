#include "plan/untrusted.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/units.h"
#include "plan/parse.h"

#define PATH_MAX_BYTES                                                                                                 \
	((size_t)8192) /* deeper ones than YAML_DEPTH_CEILING keys of YAML_KEY_CEILING are refused anyway */

enum values { VALUES_ANY, VALUES_SCALAR, VALUES_NO_NAME };

struct forbidden {
	const char *where, *what;
	enum values values;
};

static const struct forbidden forbidden[] = {
#define FORBIDDEN(where, values, what) {where, what, VALUES_##values},
#define TIME(where)
#define FREE(where)
#include "plan/untrusted.def"
#undef FORBIDDEN
#undef TIME
#undef FREE
};

static const char *const times[] = {
#define FORBIDDEN(where, values, what)
#define TIME(where) where,
#define FREE(where)
#include "plan/untrusted.def"
#undef FORBIDDEN
#undef TIME
#undef FREE
};

static const char *const free_maps[] = {
#define FORBIDDEN(where, values, what)
#define TIME(where)
#define FREE(where) where,
#include "plan/untrusted.def"
#undef FORBIDDEN
#undef TIME
#undef FREE
};

/* Where the walk is: "load.stages.*.trace". */
struct place {
	char path[PATH_MAX_BYTES];
	size_t length;
	bool is_plain; /* each part is a key of its own: none holds a dot */
};

static const char *
next_part(const char *part)
{
	const char *dot = strchr(part, '.');

	return dot != NULL ? dot + 1 : part + strlen(part);
}

static size_t
part_length(const char *part)
{
	return strcspn(part, ".");
}

static bool
part_is(const char *part, const char *word)
{
	return part_length(part) == strlen(word) && strncmp(part, word, strlen(word)) == 0;
}

/* Whether the path is one of the pattern, part by part. */
static bool
is_like(const char *pattern, const char *path)
{
	while (pattern[0] != '\0') {
		if (part_is(pattern, "**")) {
			pattern = next_part(pattern);
			for (; path[0] != '\0'; path = next_part(path))
				if (is_like(pattern, path))
					return true;
			return pattern[0] == '\0';
		}
		size_t length = part_length(path);

		if (path[0] == '\0' || (!part_is(pattern, "*") &&
					       (length != part_length(pattern) || strncmp(pattern, path, length) != 0)))
			return false;
		pattern = next_part(pattern);
		path = next_part(path);
	}
	return path[0] == '\0';
}

/* A key may be a path itself, that of a `set` or a `matrix`: "requests[1].body_file" is "requests.*.body_file". False:
 * it is too long. */
static bool
place_enter(struct place *place, const char *key)
{
	place->is_plain = place->is_plain && strpbrk(key, ".[") == NULL;
	if (place->length > 0 && place->length < sizeof(place->path) - 1)
		place->path[place->length++] = '.';
	while (*key != '\0' && place->length < sizeof(place->path) - 3) {
		if (*key != '[') {
			place->path[place->length++] = *key++;
			continue;
		}
		key += strcspn(key, "]");
		key += *key == ']';
		memcpy(place->path + place->length, ".*", 2);
		place->length += 2;
	}
	place->path[place->length] = '\0';
	return *key == '\0';
}

static void
place_leave(struct place *place, size_t length, bool is_plain)
{
	place->length = length;
	place->path[length] = '\0';
	place->is_plain = is_plain;
}

bool
untrusted_has_references(const char *text)
{
	return strstr(text, "${env:") != NULL || strstr(text, "${file:") != NULL;
}

static bool
is_name(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	/* As plan_parse_baseline tells names from paths. */
	return n > 0 && text[n] == '\0' && text[0] != '.' && strstr(text, ".y") == NULL &&
	       strstr(text, ".json") == NULL;
}

static bool
is_meant(const struct forbidden *row, const struct plan_node *node)
{
	switch (row->values) {
	case VALUES_ANY: return true;
	case VALUES_SCALAR: return node->kind == NODE_SCALAR;
	case VALUES_NO_NAME: return node->kind != NODE_SCALAR || !is_name(node->source);
	}
	return true;
}

/* A matrix says several in a list. */
static bool
holds_times(const struct plan_node *node)
{
	int64_t ns;

	if (node->kind == NODE_SCALAR)
		return units_parse_time_ns(node->text, &ns);
	for (const struct plan_node *item = node->first; item != NULL; item = item->next)
		if (node->kind != NODE_LIST || item->kind != NODE_SCALAR || !units_parse_time_ns(item->text, &ns))
			return false;
	return node->n > 0;
}

static bool
is_time(const struct place *place, const struct plan_node *node)
{
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (is_like(times[i], place->path) && holds_times(node))
			return true;
	return false;
}

static bool
check_place(const struct place *place, const struct plan_node *node, struct error *err)
{
	if (is_time(place, node))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		if (is_like(forbidden[i].where, place->path) && is_meant(&forbidden[i], node))
			return error_at(err, node->file, node->key_line > 0 ? node->key_line : node->line,
				node->key_line > 0 ? node->key_column : node->column,
				"%.200s %s, which a profile that is sent may not; the operator's own profiles may, by "
				"name",
				place->path, forbidden[i].what);
	return true;
}

/* Not where a name holds dots: scenarios are called as their author likes, "x.requests.y.json" too. */
static bool
is_free(const struct place *place)
{
	for (size_t i = 0; place->is_plain && i < ARRAY_LEN(free_maps); i++)
		if (is_like(free_maps[i], place->path))
			return true;
	return false;
}

static bool
check_references(const struct plan_node *node, struct error *err)
{
	if (node->kind != NODE_SCALAR || !untrusted_has_references(node->source))
		return true;
	return plan_error(node, err,
		"'%.64s' reads a file or the environment, which a profile that is sent may not; the operator's own "
		"profiles may, by name",
		node->source);
}

static bool
walk(struct place *place, const struct plan_node *node, bool free, struct error *err)
{
	size_t length = place->length;
	bool is_plain = place->is_plain;
	bool is_combination = is_like("**.matrix.**", place->path); /* its lists hold values, each in the same place */

	if (!check_references(node, err) || (length > 0 && !free && !check_place(place, node, err)))
		return false;
	free = free || is_free(place);
	for (const struct plan_node *child = node->first; child != NULL; child = child->next) {
		if ((node->kind == NODE_MAP || !is_combination) &&
			!place_enter(place, node->kind == NODE_MAP ? child->key : "*"))
			return plan_error(child, err, "this is nested too deep for a profile that is sent");
		if (!walk(place, child, free, err))
			return false;
		place_leave(place, length, is_plain);
	}
	return true;
}

bool
untrusted_check_text(const char *text, size_t length, const char *name, struct error *err)
{
	struct place place = {.is_plain = true};
	struct arena arena;

	arena_init(&arena);
	const struct plan_node *root = yaml_read(&arena, text, length, name, true, err);
	bool is_fine = root != NULL && walk(&place, root, false, err);

	arena_fini(&arena);
	return is_fine;
}

bool
untrusted_check_setting(const struct plan_setting *setting, struct error *err)
{
	struct place place = {.is_plain = true};
	struct arena arena;
	char label[96];

	snprintf(label, sizeof(label), "set %.*s", (int)strcspn(setting->path, "="), setting->path);
	arena_init(&arena);
	const struct plan_node *value = yaml_read(&arena, setting->value, strlen(setting->value), label, false, err);
	char *path = arena_strndup(&arena, setting->path, strcspn(setting->path, "="));
	bool is_fine = value != NULL &&
		       (place_enter(&place, path) || error_set(err, "%s: the path is too long", label)) &&
		       walk(&place, value, false, err);

	arena_fini(&arena);
	return is_fine;
}
