#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "daemon/body.h"
#include "daemon/submission.h"
#include "plan/names.h"
#include "plan/parse.h"

/* The bytes of a line break that begins here; 0: none does. JSON has the first three between its members, and the
 * others in texts; by all of them the YAML reader counts lines (YAML 1.1, b-char). */
static size_t
break_length(const char *p)
{
	static const char *const breaks[] = {"\r\n", "\r", "\n", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

	for (size_t i = 0; i < ARRAY_LEN(breaks); i++)
		if (strncmp(p, breaks[i], strlen(breaks[i])) == 0)
			return strlen(breaks[i]);
	return 0;
}

/* Where it stands in the text: lines and columns count from 1, columns in characters. */
static size_t
offset_of(const char *text, size_t line, size_t column)
{
	const char *p = text;

	while (line > 1 && *p != '\0') {
		size_t n = break_length(p);

		line -= n > 0;
		p += n > 0 ? n : 1;
	}
	while (--column > 0 && *p != '\0')
		for (p++; ((unsigned char)*p & 0xc0) == 0x80;)
			p++;
	return (size_t)(p - text);
}

/* The end of the object that begins here. */
static size_t
object_end(const char *text, size_t at)
{
	bool is_text = false;
	int depth = 0;

	for (;; at++) {
		if (text[at] == '\\')
			at++;
		else if (text[at] == '"')
			is_text = !is_text;
		else if (!is_text && strchr("{[", text[at]) != NULL)
			depth++;
		else if (!is_text && strchr("}]", text[at]) != NULL && --depth == 0)
			return at + 1;
	}
}

/* What came along as an object: the same bytes in the same place, with nothing around them, so that what is wrong with
 * it is told by the lines of the body. */
static bool
take_object(struct submission *submission, const char *body, const struct plan_node *node, struct error *err)
{
	if (node->kind != NODE_MAP)
		return plan_error(node, err,
			"profile: write an object; a profile as a text goes under 'yaml', one of the "
			"operator's under 'name'");
	size_t at = offset_of(body, node->line, node->column), end = object_end(body, at), n = 0;
	char *text = arena_alloc(&submission->arena, end + 1);

	for (size_t i = 0, length; i < at; i += length) { /* each character one blank, so that columns stay */
		size_t broken = break_length(body + i);

		length = broken > 0 ? broken : 1;
		if (broken > 0)
			memcpy(text + n, body + i, broken);
		else if (((unsigned char)body[i] & 0xc0) != 0x80)
			text[n] = ' ';
		else
			continue; /* a later byte of a character */
		n += length;
	}
	memcpy(text + n, body + at, end - at);
	submission->text = text;
	submission->text_length = n + end - at;
	return true;
}

static bool
take_set(struct submission *submission, const struct plan_node *set, struct error *err)
{
	if (set->kind != NODE_MAP)
		return plan_error(
			set, err, "set: write an object of paths and values, such as {\"load.steady.rate\": \"50/s\"}");
	for (const struct plan_node *item = set->first; item != NULL; item = item->next) {
		if (item->kind != NODE_SCALAR || strchr(item->key, '=') != NULL || item->key[0] == '\0')
			return plan_error(item, err, "set: '%.64s' is to be a path with a text or a number", item->key);
		if (!submission_add_setting(
			    submission, arena_printf(&submission->arena, "%s=%s", item->key, item->text), err))
			return error_place(err, item->file, item->line, item->column);
	}
	return true;
}

static bool
take_name(const struct plan_node *node, struct arena *arena, const char **into, struct error *err)
{
	if (node->kind != NODE_SCALAR || !submission_is_name(node->text))
		return plan_error(node, err, "%s: write a name of letters, digits, '.', '_' and '-'", node->key);
	*into = arena_strdup(arena, node->text);
	return true;
}

static bool
take_on_busy(struct submission *submission, const struct plan_node *node, struct error *err)
{
	bool refuses = node->kind == NODE_SCALAR && strcmp(node->text, "refuse") == 0;

	submission->refuses_busy = refuses;
	return refuses || (node->kind == NODE_SCALAR && strcmp(node->text, "queue") == 0) ||
	       plan_error(node, err, "on_busy: write \"queue\" or \"refuse\"");
}

static bool
take_member(struct submission *submission, const char *body, const struct plan_node *node, struct error *err)
{
	static const struct names members = {
		{"name", "yaml", "profile", "set", "baseline", "on_busy", "workers", "shards"}, 8};
	char advice[256];

	if (strcmp(node->key, "name") == 0)
		return take_name(node, &submission->arena, &submission->profile, err);
	if (strcmp(node->key, "yaml") == 0) {
		if (node->kind != NODE_SCALAR)
			return plan_error(node, err, "yaml: write the profile as one text");
		submission_take_text(submission, node->text, strlen(node->text));
		return true;
	}
	if (strcmp(node->key, "profile") == 0)
		return take_object(submission, body, node, err);
	if (strcmp(node->key, "set") == 0)
		return take_set(submission, node, err);
	if (strcmp(node->key, "baseline") == 0)
		return take_name(node, &submission->arena, &submission->baseline, err);
	if (strcmp(node->key, "on_busy") == 0)
		return take_on_busy(submission, node, err);
	if (strcmp(node->key, "workers") == 0)
		return sharing_take(&submission->sharing.workers, node, err);
	if (strcmp(node->key, "shards") == 0)
		return sharing_take(&submission->sharing.shards, node, err);
	return plan_error(node, err, "unknown member '%.64s'%s", node->key,
		names_advice(&members, node->key, advice, sizeof(advice)));
}

static int
is_said(const struct plan_node *root, const char *member)
{
	const struct plan_node *node = node_get(root, member);

	return node != NULL && !node_is_null(node);
}

static bool
take_members(struct submission *submission, const char *body, const struct plan_node *root, struct error *err)
{
	if (root->kind != NODE_MAP)
		return plan_error(root, err, "write an object such as {\"name\": \"nightly\"}");
	if (is_said(root, "name") + is_said(root, "yaml") + is_said(root, "profile") != 1)
		return plan_error(root, err,
			"say what is to be run by exactly one of 'name' (a profile of the operator's), 'yaml' (a profile "
			"as text) and 'profile' (one as an object)");
	for (const struct plan_node *node = root->first; node != NULL; node = node->next)
		if (!node_is_null(node) && !take_member(submission, body, node, err))
			return false;
	return true;
}

bool
submission_parse_json(struct submission *submission, const char *body, size_t length, struct error *err)
{
	char *text;
	struct plan_node *root = body_read(&submission->arena, body, length, &text, err);

	return root != NULL && take_members(submission, text, root, err);
}
