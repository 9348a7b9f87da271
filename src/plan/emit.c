#include "plan/emit.h"

#include <ctype.h>
#include <string.h>

#include "base/check.h"

/* Bytes of a UTF-8 character that YAML readers treat as line ends or refuse: NEL and other C1 controls, LS, PS, the
 * BOM. */
static size_t
odd_character(const unsigned char *p, unsigned *code)
{
	if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
		*code = p[1];
		return 2;
	}
	if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) {
		*code = 0x2000 + (p[2] & 0x3f);
		return 3;
	}
	if (p[0] == 0xef && ((p[1] == 0xbb && p[2] == 0xbf) || (p[1] == 0xbf && p[2] >= 0xbe))) {
		*code = 0xf000u | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		return 3;
	}
	return 0;
}

/* In double quotes, with the escapes that YAML and JSON share. */
static void
emit_quoted(struct buf *into, const char *text)
{
	static const char escaped[] = "\"\\\n\t\r\b\f", letters[] = "\"\\ntrbf";

	buf_add_char(into, '"');
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		const char *escape = strchr(escaped, *p);
		unsigned code;
		size_t odd = odd_character(p, &code);

		if (escape != NULL)
			buf_printf(into, "\\%c", letters[escape - escaped]);
		else if (*p < 0x20 || *p == 0x7f)
			buf_printf(into, "\\u%04x", *p);
		else if (odd > 0) {
			buf_printf(into, "\\u%04x", code);
			p += odd - 1;
		} else
			buf_add_char(into, (char)*p);
	}
	buf_add_char(into, '"');
}

/* Whether the text, written without quotes in block context, reads as itself. Stricter than YAML is. */
static bool
is_plain(const char *text)
{
	size_t length = strlen(text);

	if (text[0] == '-' && isdigit((unsigned char)text[1]))
		return is_plain(text + 1); /* a negative number stays one */
	if (length == 0 || strchr("-?:,[]{}#&*!|>'\"%@` =~", text[0]) != NULL || strchr(": ", text[length - 1]) != NULL)
		return false;
	if (strncmp(text, "...", 3) == 0)
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e || (*p == ':' && p[1] == ' ') || (*p == ' ' && p[1] == '#'))
			return false;
	return true;
}

static const char *
shown(const struct plan_node *node)
{
	return node->moved != NULL ? node->moved : node->source;
}

static void
emit_scalar(struct buf *into, const struct plan_node *node)
{
	if (node_is_null(node))
		buf_add_text(into, "null");
	else if (!node->is_quoted && is_plain(shown(node)))
		buf_add_text(into, shown(node));
	else
		emit_quoted(into, shown(node));
}

/* Keys that other readers would take for numbers, truth values or nothing are quoted too. */
static void
emit_key(struct buf *into, const char *key)
{
	static const char *const reserved[] = {
		"null", "Null", "NULL", "true", "false", "yes", "no", "on", "off", "y", "Y", "n", "N"};
	bool is_word = isalpha((unsigned char)key[0]);

	for (const char *p = key; *p != '\0'; p++)
		is_word = is_word && (isalnum((unsigned char)*p) || strchr("_-.", *p) != NULL);
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		is_word = is_word && strcmp(key, reserved[i]) != 0;
	if (is_word)
		buf_add_text(into, key);
	else
		emit_quoted(into, key);
}

static void
emit_indent(struct buf *into, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_add_text(into, "  ");
}

/* The children, each on lines of its own. The first may go on where the cursor is (after "- "). */
static void
emit_children(struct buf *into, const struct plan_node *node, unsigned depth, bool is_first_inline)
{
	for (const struct plan_node *child = node->first; child != NULL && !into->overflowed; child = child->next) {
		bool is_map = node->kind == NODE_MAP;

		if (child != node->first || !is_first_inline)
			emit_indent(into, depth);
		if (is_map)
			emit_key(into, child->key);
		buf_add_text(into, is_map ? ":" : "-");
		if (child->kind == NODE_SCALAR || child->n == 0) {
			buf_add_char(into, ' ');
			if (child->kind == NODE_SCALAR)
				emit_scalar(into, child);
			else
				buf_add_text(into, child->kind == NODE_MAP ? "{}" : "[]");
			buf_add_char(into, '\n');
		} else {
			buf_add_char(into, is_map ? '\n' : ' ');
			emit_children(into, child, depth + 1, !is_map);
		}
	}
}

void
emit_yaml(struct buf *into, const struct plan_node *root)
{
	emit_children(into, root, 0, true);
}

static const char *
skip_digits(const char *p)
{
	while (isdigit((unsigned char)*p))
		p++;
	return p;
}

bool
emit_is_json_number(const char *text)
{
	const char *p = text + (text[0] == '-');
	const char *from = p;

	p = skip_digits(p);
	if (p == from || (*from == '0' && p > from + 1))
		return false;
	if (*p == '.') {
		from = ++p;
		p = skip_digits(p);
		if (p == from)
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '+' || p[1] == '-');
		from = p;
		p = skip_digits(p);
		if (p == from)
			return false;
	}
	return *p == '\0';
}

void
emit_json(struct buf *into, const struct plan_node *node, bool is_resolved)
{
	if (into->overflowed)
		return;
	if (node->kind == NODE_SCALAR) {
		const char *text = is_resolved ? node->text : shown(node);
		bool is_word = strcmp(text, "true") == 0 || strcmp(text, "false") == 0 || emit_is_json_number(text);

		if (node_is_null(node))
			buf_add_text(into, "null");
		else if (is_word && !node->is_quoted)
			buf_add_text(into, text);
		else
			emit_quoted(into, text);
		return;
	}
	bool is_map = node->kind == NODE_MAP;

	buf_add_char(into, is_map ? '{' : '[');
	for (const struct plan_node *child = node->first; child != NULL && !into->overflowed; child = child->next) {
		if (child != node->first)
			buf_add_char(into, ',');
		if (is_map) {
			emit_quoted(into, child->key);
			buf_add_char(into, ':');
		}
		emit_json(into, child, is_resolved);
	}
	buf_add_char(into, is_map ? '}' : ']');
}
