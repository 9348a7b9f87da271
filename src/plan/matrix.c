#include <string.h>

#include "base/buf.h"
#include "plan/emit.h"
#include "plan/tree.h"
#include "plan/variants.h"

#define VALUE_SHOWN_CEILING ((size_t)1024)
#define BRIEF_BYTES 24 /* of a value in a name or a table */

static bool
check_key(const struct plan_node *key, struct error *err)
{
	if (key->kind != NODE_LIST || key->n == 0)
		return plan_error(key, err, "matrix: '%s' wants a list of values, such as [1, 4, 8]", key->key);
	return true;
}

/* Of "requests.generate.json.max_tokens": the last part, which is what tells cells apart. */
static const char *
short_key(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

const char *
matrix_value_text(struct arena *arena, const struct plan_node *value)
{
	struct buf text;
	const char *shown;

	if (value->kind == NODE_SCALAR)
		return value->source;
	buf_init(&text, VALUE_SHOWN_CEILING);
	emit_json(&text, value, false);
	shown = text.overflowed || text.bytes == NULL ? "{...}" : arena_strndup(arena, text.bytes, text.length);
	buf_fini(&text);
	return shown;
}

/* The last key turns fastest, as the last digit of a number does. */
static size_t
digit_of(const struct plan_node *key, size_t index)
{
	size_t below = 1;

	for (const struct plan_node *later = key->next; later != NULL; later = later->next)
		below *= later->n;
	return index / below % key->n;
}

/* Long values are often the same but for their end: "#2 …--workers 4". */
static const char *
brief_text(struct arena *arena, const char *shown, size_t number)
{
	size_t length = strlen(shown), from = length - (BRIEF_BYTES - 4);

	if (length <= BRIEF_BYTES)
		return shown;
	while ((shown[from] & 0xc0) == 0x80) /* within a UTF-8 character */
		from++;
	return arena_printf(arena, "#%zu …%s", number, shown + from);
}

static void
name_cell(struct plan_context *context, const struct plan_node *matrix, size_t index, struct plan_arm *cell)
{
	struct arena *arena = context->arena;
	size_t i = 0;

	cell->name = "";
	cell->shown = arena_alloc(arena, matrix->n * sizeof(*cell->shown));
	cell->brief = arena_alloc(arena, matrix->n * sizeof(*cell->brief));
	for (const struct plan_node *key = matrix->first; key != NULL; key = key->next, i++) {
		size_t digit = digit_of(key, index);

		cell->shown[i] = matrix_value_text(arena, node_at(key, digit));
		cell->brief[i] = brief_text(arena, cell->shown[i], digit + 1);
		bool is_long = cell->brief[i] != cell->shown[i];

		cell->name = arena_printf(arena, "%s%s%s=%.*s", cell->name, i > 0 ? " " : "", short_key(key->key),
			is_long ? (int)strcspn(cell->brief[i], " ") : BRIEF_BYTES, cell->brief[i]);
	}
}

bool
matrix_find(struct plan_context *context, const struct plan_node *matrix, struct plan_experiment *experiment,
	struct error *err)
{
	size_t cells = 1;

	if (matrix->kind != NODE_MAP || matrix->n == 0 || matrix->n > EXPERIMENT_KEYS_CEILING)
		return plan_error(matrix, err,
			"matrix: write a map of 1 to %zu paths to lists, such as {load.concurrency.users: [1, 4, 8]}",
			EXPERIMENT_KEYS_CEILING);
	experiment->keys = arena_alloc(context->arena, matrix->n * sizeof(*experiment->keys));
	for (const struct plan_node *key = matrix->first; key != NULL; key = key->next) {
		if (!check_key(key, err))
			return false;
		cells *= key->n;
		if (cells > EXPERIMENT_ARMS_CEILING)
			return plan_error(matrix, err, "matrix: more than %zu cells; leave some values out",
				EXPERIMENT_ARMS_CEILING);
		experiment->keys[experiment->keys_n++] = key->key;
	}
	experiment->kind = EXPERIMENT_MATRIX;
	experiment->arms_n = cells;
	experiment->arms = arena_alloc(context->arena, cells * sizeof(*experiment->arms));
	for (size_t i = 0; i < cells; i++)
		name_cell(context, matrix, i, &experiment->arms[i]);
	return true;
}

bool
matrix_apply(struct plan_context *context, struct plan_node *root, const struct plan_node *matrix, size_t index,
	struct error *err)
{
	for (const struct plan_node *key = matrix->first; key != NULL; key = key->next)
		if (!tree_put(context, root, key->key, node_at(key, digit_of(key, index)), err))
			return false;
	return true;
}
