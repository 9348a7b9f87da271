#include "plan/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/check.h"

#define ANCHORS_CEILING 256
#define STANDARD_TAGS "tag:yaml.org,2002:"

struct anchor {
	const char *name;
	const struct plan_node *node;
};

struct reader {
	struct arena *arena;
	yaml_parser_t parser;
	const char *text;
	size_t length;
	const char *file;
	bool has_lines;
	struct error *err;
	size_t nodes;
	struct anchor anchors[ANCHORS_CEILING];
	size_t anchors_n;
};

/* libyaml counts from 0, people from 1. */
static void
place(const struct reader *r, yaml_mark_t mark, size_t *line, size_t *column)
{
	*line = r->has_lines ? mark.line + 1 : 0;
	*column = r->has_lines ? mark.column + 1 : 0;
}

/* NULL, so that a check reads `return refuse(…)`. */
__attribute__((format(printf, 3, 4))) static struct plan_node *
refuse(struct reader *r, yaml_mark_t mark, const char *format, ...)
{
	char message[sizeof(r->err->message)];
	size_t line, column;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	place(r, mark, &line, &column);
	error_at(r->err, r->file, line, column, "%s", message);
	return NULL;
}

static const char *
line_start(const struct reader *r, size_t line)
{
	const char *p = r->text;

	while (line-- > 0) {
		const char *end = memchr(p, '\n', (size_t)(r->text + r->length - p));

		if (end == NULL)
			break;
		p = end + 1;
	}
	return p;
}

/* What libyaml found wrong. Two mistakes are common enough for a sentence of their own. */
static void
explain(struct reader *r)
{
	yaml_mark_t mark = r->parser.problem_mark;
	const char *line = line_start(r, mark.line), *end = r->text + r->length;
	const char *p = line;

	while (p < end && *p == ' ')
		p++;
	if (p < end && *p == '\t') {
		mark.column = (size_t)(p - line);
		refuse(r, mark, "a tab indents this line; YAML wants spaces");
		return;
	}
	const char *stop = memchr(line, '\n', (size_t)(end - line));
	bool has_slot = memmem(line, (size_t)((stop ? stop : end) - line), "${", 2) != NULL;

	refuse(r, mark, "this is not YAML: %s%s", r->parser.problem ? r->parser.problem : "it cannot be read",
		has_slot ? "; inside { } and [ ] put text with ${...} in quotes" : "");
}

static bool
next_event(struct reader *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return true;
	explain(r);
	return false;
}

static struct plan_node *
new_node(struct reader *r, enum node_kind kind, yaml_mark_t mark)
{
	if (++r->nodes > YAML_NODES_CEILING)
		return refuse(
			r, mark, "more than %zu keys and values, aliases expanded; write fewer", YAML_NODES_CEILING);
	struct plan_node *node = arena_alloc(r->arena, sizeof(*node));

	node->kind = kind;
	node->file = r->file;
	place(r, mark, &node->line, &node->column);
	return node;
}

static bool
remember_anchor(struct reader *r, const yaml_char_t *name, const struct plan_node *node, yaml_mark_t mark)
{
	if (name == NULL)
		return true;
	if (r->anchors_n == ANCHORS_CEILING)
		return refuse(r, mark, "more than %d anchors", ANCHORS_CEILING) != NULL;
	r->anchors[r->anchors_n++] = (struct anchor){arena_strdup(r->arena, (const char *)name), node};
	return true;
}

/* Aliases are expanded by copying, so that each use can be merged and set on its own; every copy counts as a node. */
static struct plan_node *
copy_node(struct reader *r, const struct plan_node *from, yaml_mark_t mark, unsigned depth)
{
	if (from->kind != NODE_SCALAR && depth > YAML_DEPTH_CEILING)
		return refuse(r, mark, "nested deeper than %d levels, aliases expanded", YAML_DEPTH_CEILING);
	struct plan_node *copy = new_node(r, from->kind, mark);

	if (copy == NULL)
		return NULL;
	copy->text = from->text;
	copy->source = from->source;
	copy->is_quoted = from->is_quoted;
	for (const struct plan_node *child = from->first; child != NULL; child = child->next) {
		struct plan_node *child_copy = copy_node(r, child, mark, depth + 1);

		if (child_copy == NULL)
			return NULL;
		child_copy->key = child->key;
		child_copy->key_line = copy->line;
		child_copy->key_column = copy->column;
		node_add(copy, child_copy);
	}
	return copy;
}

static struct plan_node *
read_alias(struct reader *r, const yaml_event_t *event, unsigned depth)
{
	const char *name = (const char *)event->data.alias.anchor;

	for (size_t i = r->anchors_n; i-- > 0;) /* the latest of that name wins */
		if (strcmp(r->anchors[i].name, name) == 0)
			return copy_node(r, r->anchors[i].node, event->start_mark, depth);
	return refuse(r, event->start_mark, "no anchor '&%s' comes before the alias '*%s'", name, name);
}

/* Types come from keys.def alone, so a tag may only say what the node is anyway. */
static bool
tag_is_harmless(struct reader *r, const yaml_char_t *tag, const char *of_kind, yaml_mark_t mark)
{
	if (tag == NULL || strcmp((const char *)tag, "!") == 0 || strcmp((const char *)tag, of_kind) == 0)
		return true;
	bool is_standard = strncmp((const char *)tag, STANDARD_TAGS, strlen(STANDARD_TAGS)) == 0;

	refuse(r, mark, "the tag '%s%.60s' would change the value's type; write the value without it",
		is_standard ? "!!" : "", (const char *)tag + (is_standard ? strlen(STANDARD_TAGS) : 0));
	return false;
}

static struct plan_node *
read_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;

	if (!tag_is_harmless(r, event->data.scalar.tag, YAML_STR_TAG, event->start_mark))
		return NULL;
	if (memchr(text, '\0', length) != NULL)
		return refuse(r, event->start_mark, "a NUL in a value; bytes that are no text go into a body_file");
	struct plan_node *node = new_node(r, NODE_SCALAR, event->start_mark);

	if (node == NULL)
		return NULL;
	node->source = node->text = arena_strndup(r->arena, text, length);
	node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || event->data.scalar.tag != NULL;
	return remember_anchor(r, event->data.scalar.anchor, node, event->start_mark) ? node : NULL;
}

static struct plan_node *read_node(struct reader *r, const yaml_event_t *event, unsigned depth);

/* The children of a list or a map up to the event that ends it. */
static bool
read_items(struct reader *r, struct plan_node *list, unsigned depth)
{
	for (;;) {
		yaml_event_t event;

		if (!next_event(r, &event))
			return false;
		bool is_end = event.type == YAML_SEQUENCE_END_EVENT;
		struct plan_node *item = is_end ? NULL : read_node(r, &event, depth + 1);

		yaml_event_delete(&event);
		if (item == NULL)
			return is_end;
		node_add(list, item);
	}
}

/* The key of a pair: text that the map does not hold yet. NULL with no error set: the map ends. */
static struct plan_node *
read_key(struct reader *r, const struct plan_node *map)
{
	yaml_event_t event;
	struct plan_node *key = NULL;

	if (!next_event(r, &event))
		return NULL;
	if (event.type == YAML_SCALAR_EVENT)
		key = read_scalar(r, &event);
	else if (event.type != YAML_MAPPING_END_EVENT)
		refuse(r, event.start_mark, "a key must be text");
	const struct plan_node *same = key ? node_get(map, key->text) : NULL;

	if (key != NULL && strlen(key->text) > YAML_KEY_CEILING)
		key = refuse(r, event.start_mark, "a key is longer than %zu bytes", YAML_KEY_CEILING);
	else if (key != NULL && strcmp(key->text, "<<") == 0 && !key->is_quoted)
		key = refuse(
			r, event.start_mark, "merge keys ('<<') are not supported; 'extends: FILE' merges profiles");
	else if (same != NULL && r->has_lines)
		key = refuse(r, event.start_mark, "the key '%s' is here twice; the first is in line %zu", key->text,
			same->key_line);
	else if (same != NULL)
		key = refuse(r, event.start_mark, "the key '%s' is here twice", key->text);
	else if (key != NULL && map->n == YAML_KEYS_CEILING)
		key = refuse(r, event.start_mark, "more than %zu keys in one map", YAML_KEYS_CEILING);
	yaml_event_delete(&event);
	return key;
}

static bool
read_pairs(struct reader *r, struct plan_node *map, unsigned depth)
{
	struct plan_node *key;

	while ((key = read_key(r, map)) != NULL) {
		yaml_event_t event;

		if (!next_event(r, &event))
			return false;
		struct plan_node *value = read_node(r, &event, depth + 1);

		yaml_event_delete(&event);
		if (value == NULL)
			return false;
		value->key = key->text;
		value->key_line = key->line;
		value->key_column = key->column;
		node_add(map, value);
	}
	return !error_is_set(r->err);
}

static struct plan_node *
read_collection(struct reader *r, const yaml_event_t *event, unsigned depth)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag = is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	const yaml_char_t *anchor = is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;

	if (depth > YAML_DEPTH_CEILING)
		return refuse(r, event->start_mark, "nested deeper than %d levels", YAML_DEPTH_CEILING);
	if (!tag_is_harmless(r, tag, is_map ? YAML_MAP_TAG : YAML_SEQ_TAG, event->start_mark))
		return NULL;
	struct plan_node *node = new_node(r, is_map ? NODE_MAP : NODE_LIST, event->start_mark);

	if (node == NULL || !(is_map ? read_pairs : read_items)(r, node, depth))
		return NULL;
	/* Only now, so that a node cannot hold itself. */
	return remember_anchor(r, anchor, node, event->start_mark) ? node : NULL;
}

static struct plan_node *
read_node(struct reader *r, const yaml_event_t *event, unsigned depth)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT: return read_scalar(r, event);
	case YAML_ALIAS_EVENT: return read_alias(r, event, depth);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT: return read_collection(r, event, depth);
	default: return refuse(r, event->start_mark, "a value is missing");
	}
}

/* The document's root at the second event that begins something; a second document is refused. */
static struct plan_node *
read_document(struct reader *r)
{
	struct plan_node *root = NULL;

	for (;;) {
		yaml_event_t event;

		if (!next_event(r, &event))
			return NULL;
		yaml_event_type_t type = event.type;

		if (type == YAML_DOCUMENT_START_EVENT && root != NULL)
			refuse(r, event.start_mark, "a second document begins here; a profile is one document");
		else if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
			 type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT)
			root = read_node(r, &event, 1);
		yaml_event_delete(&event);
		if (error_is_set(r->err))
			return NULL;
		if (type == YAML_STREAM_END_EVENT)
			return root;
	}
}

/* Bytes of the UTF-8 character at p, 0 where there is none (Unicode 15, table 3-7: no surrogates, no overlong forms).
 */
static size_t
utf8_length(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char lead_min, lead_max, next_min, next_max, length;
	} forms[] = {
		{0x00, 0x7f, 0, 0, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (p[0] < forms[i].lead_min || p[0] > forms[i].lead_max)
			continue;
		if (forms[i].length > left)
			return 0;
		if (forms[i].length > 1 && (p[1] < forms[i].next_min || p[1] > forms[i].next_max))
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if (p[k] < 0x80 || p[k] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static bool
check_encoding(struct reader *r)
{
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < r->length;) {
		unsigned char c = (unsigned char)r->text[i];
		size_t n = utf8_length((const unsigned char *)r->text + i, r->length - i);

		if (n == 0 || c == '\0')
			return refuse(r, mark, "the byte 0x%02x is not UTF-8 text; save it as UTF-8", c) != NULL;
		mark.line += c == '\n';
		mark.column = c == '\n' ? 0 : mark.column + 1;
		i += n;
	}
	return true;
}

struct plan_node *
yaml_read(struct arena *arena, const char *text, size_t length, const char *file, bool has_lines, struct error *err)
{
	struct reader r = {
		.arena = arena, .text = text, .length = length, .file = file, .has_lines = has_lines, .err = err};

	if (!check_encoding(&r))
		return NULL;
	CHECK(yaml_parser_initialize(&r.parser));
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, length);
	struct plan_node *root = read_document(&r);

	yaml_parser_delete(&r.parser);
	if (root == NULL && !error_is_set(err)) {
		root = new_node(&r, NODE_SCALAR, ((yaml_mark_t){0}));
		root->source = root->text = "";
	}
	return root;
}
