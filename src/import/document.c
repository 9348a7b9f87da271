#include "import/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "measure/json.h"
#include "plan/yaml.h"

cJSON *
document_read_json(const char *text, size_t length, struct error *err)
{
	size_t at = 0, line = 1;
	const char *problem;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark, which some recorders write */
		text += 3;
		length -= 3;
	}
	problem = json_check_depth(text, length, DOCUMENT_DEPTH_MAX, &at);
	cJSON *tree = problem == NULL ? cJSON_ParseWithLength(text, length) : NULL;

	if (tree != NULL && cJSON_IsObject(tree))
		return tree;
	cJSON_Delete(tree);
	for (size_t i = 0; i < at && i < length; i++)
		line += text[i] == '\n';
	error_set(err, "line %zu: %s", line,
		problem != NULL ? problem
		: tree != NULL  ? "an object is wanted"
				: "a number of more digits than any is written with");
	return NULL;
}

/* As JSON writes numbers; else it is a text. */
static bool
is_number(const char *text)
{
	size_t at;

	return (*text == '-' || (*text >= '0' && *text <= '9')) && strlen(text) < 40 &&
	       json_check(text, strlen(text), &at) == NULL;
}

static cJSON *
value_of(const struct plan_node *node)
{
	const char *text = node->text;

	if (node->is_quoted)
		return cJSON_CreateString(text);
	if (node_is_null(node))
		return cJSON_CreateNull();
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return cJSON_CreateBool(text[0] == 't');
	return is_number(text) ? cJSON_CreateNumber(strtod(text, NULL)) : cJSON_CreateString(text);
}

/* Its depth is bounded by yaml_read. */
static cJSON *
tree_of(const struct plan_node *node)
{
	cJSON *tree = node->kind == NODE_MAP    ? cJSON_CreateObject()
		      : node->kind == NODE_LIST ? cJSON_CreateArray()
						: value_of(node);

	CHECK(tree != NULL);
	for (const struct plan_node *child = node->first; child != NULL; child = child->next)
		if (node->kind == NODE_MAP)
			cJSON_AddItemToObject(tree, child->key, tree_of(child));
		else
			cJSON_AddItemToArray(tree, tree_of(child));
	return tree;
}

cJSON *
document_read_yaml(const char *text, size_t length, const char *file, struct error *err)
{
	struct arena arena;
	cJSON *tree = NULL;

	arena_init(&arena);
	struct plan_node *root = yaml_read(&arena, text, length, file, true, err);

	if (root != NULL && root->kind == NODE_MAP)
		tree = tree_of(root);
	else if (root != NULL)
		error_set(err, node_is_null(root) ? "it is empty" : "a map is wanted");
	arena_fini(&arena);
	return tree;
}

const cJSON *
document_object(const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	return cJSON_IsObject(item) ? item : NULL;
}

const cJSON *
document_array(const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	return cJSON_IsArray(item) ? item : NULL;
}

const char *
document_text(const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

double
document_number(const cJSON *in, const char *name, double otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

bool
document_is_true(const cJSON *in, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(in, name));
}
