#include "plan/llm.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "plan/compile.h"
#include "plan/emit.h"
#include "plan/names.h"

/* The slots of a conversation, as llm.h tells of them. */
#define HISTORY_SLOT "${history}"
#define TURN_SLOT "${turn}"

#define MODEL_MARK "{model}"

bool
plan_parse_llm_api(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	const struct plan_llm_api *const *apis = context->tables->llm_apis, **api = into;
	struct names names = {.n = 0};
	char advice[768];

	if (node->kind != NODE_SCALAR)
		return plan_error(node, err, "api: write one name");
	for (size_t i = 0; apis != NULL && apis[i] != NULL; i++) {
		if (apis[i]->name == NULL)
			continue;
		if (strcmp(apis[i]->name, node->text) == 0) {
			*api = apis[i];
			return true;
		}
		names_add(&names, apis[i]->name);
	}
	return plan_error(node, err, "api: there is no '%.64s' in this version%s", node->source,
		names_advice(&names, node->source, advice, sizeof(advice)));
}

static bool
is_slot(const char *text)
{
	size_t length = strlen(text);

	return length > 3 && strncmp(text, "${", 2) == 0 && text[length - 1] == '}';
}

/* A number that JSON writes the same way, or a slot. */
bool
plan_parse_number_or_slot(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	const char *text = node->kind == NODE_SCALAR ? node->text : "";

	if (!is_slot(text) && !emit_is_json_number(text))
		return plan_error(node, err, "%s: '%s' is not a number, nor a slot such as ${random(1,100)}", node->key,
			node->kind == NODE_SCALAR ? node->source : "a map or list");
	*(const char **)into = arena_strdup(context->arena, text);
	return true;
}

static struct plan_node *
add_scalar(struct arena *arena, struct plan_node *into, const char *key, const char *text, bool is_quoted)
{
	struct plan_node *node = arena_alloc(arena, sizeof(*node));

	*node = (struct plan_node){.kind = NODE_SCALAR,
		.text = text,
		.source = text,
		.is_quoted = is_quoted,
		.key = key,
		.file = into->file};
	node_add(into, node);
	return node;
}

void
llm_text(struct arena *arena, struct plan_node *into, const char *key, const char *text)
{
	if (text != NULL)
		add_scalar(arena, into, key, text, true);
}

/* A slot that is to be a number says so, as request/'s templates want it: ${…|json}. */
void
llm_value(struct arena *arena, struct plan_node *into, const char *key, const char *value)
{
	if (value == NULL)
		return;
	if (is_slot(value) && strchr(value, '|') == NULL)
		value = arena_printf(arena, "%.*s|json}", (int)strlen(value) - 1, value);
	add_scalar(arena, into, key, value, is_slot(value));
}

void
llm_bool(struct arena *arena, struct plan_node *into, const char *key, bool value)
{
	add_scalar(arena, into, key, value ? "true" : "false", false);
}

struct plan_node *
llm_map(struct arena *arena, struct plan_node *into, const char *key)
{
	struct plan_node *map = node_new_map(arena, into->file);

	map->key = key;
	node_add(into, map);
	return map;
}

static void
add_message(struct arena *arena, struct plan_node *messages, const char *role, const char *text)
{
	struct plan_node *message = llm_map(arena, messages, NULL);

	llm_text(arena, message, "role", role);
	llm_text(arena, message, "content", text);
}

static struct plan_node *
copy_of(struct arena *arena, const struct plan_node *node)
{
	struct plan_node *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *node;
	return copy;
}

void
llm_messages(struct arena *arena, const struct plan_llm *llm, struct plan_node *body, bool with_system)
{
	struct plan_node *messages = llm_map(arena, body, "messages");

	messages->kind = NODE_LIST;
	if (with_system && llm->system != NULL)
		add_message(arena, messages, "system", llm->system);
	if (llm->keeps_history)
		llm_text(arena, messages, NULL, HISTORY_SLOT);
	if (llm->messages != NULL)
		for (const struct plan_node *m = llm->messages->first; m != NULL; m = m->next)
			node_add(messages, copy_of(arena, m));
	else
		add_message(arena, messages, "user", llm->prompt);
	if (llm->keeps_history)
		llm_text(arena, messages, NULL, TURN_SLOT);
}

const char *
llm_prompt(struct arena *arena, const struct plan_llm *llm)
{
	return llm->keeps_history ? arena_printf(arena, HISTORY_SLOT "%s" TURN_SLOT, llm->prompt) : llm->prompt;
}

/* `over` wins: maps are merged, null takes a member out. */
static void
merge(struct arena *arena, struct plan_node *body, const struct plan_node *over)
{
	for (const struct plan_node *child = over->first; child != NULL; child = child->next) {
		struct plan_node *same = node_get(body, child->key);

		if (same != NULL && same->kind == NODE_MAP && child->kind == NODE_MAP)
			merge(arena, same, child);
		else if (same != NULL && node_is_null(child))
			node_remove(body, same);
		else if (same != NULL)
			node_replace(body, same, copy_of(arena, child));
		else if (!node_is_null(child))
			node_add(body, copy_of(arena, child));
	}
}

/* Takes `front` bytes off the beginning of every `mark` in the text, and `back` off its end. */
static void
strip(char *text, const char *mark, size_t front, size_t back)
{
	size_t kept = strlen(mark) - front - back;

	for (char *at = strstr(text, mark); at != NULL; at = strstr(at, mark)) {
		char *rest = at + front + kept + back;

		memmove(at, at + front, kept);
		at += kept;
		memmove(at, rest, strlen(rest) + 1);
	}
}

static bool
compose_body(struct plan_context *context, const struct plan_node *node, const struct plan_llm *llm,
	struct request_row *row, struct error *err)
{
	struct plan_node *body = node_new_map(context->arena, node->file);
	struct buf text;

	llm->api->compose(context->arena, llm, body);
	if (llm->extra != NULL)
		merge(context->arena, body, llm->extra);
	buf_init(&text, COMPILE_BODY_CEILING);
	emit_json(&text, body, true);
	if (text.overflowed) {
		buf_fini(&text);
		return plan_error(node, err, "llm: the body is larger than %zu bytes", COMPILE_BODY_CEILING);
	}
	/* In a list of messages both slots stand for whole items, with their commas. */
	strip(text.bytes, "\"" HISTORY_SLOT "\",", 1, 2);
	strip(text.bytes, ",\"" TURN_SLOT "\"", 2, 1);
	row->body = arena_strdup(context->arena, text.bytes);
	buf_fini(&text);
	return true;
}

/* What the API cannot do, and what a request cannot do without. */
static bool
check(const struct plan_node *node, const struct plan_llm *llm, struct error *err)
{
	const struct plan_llm_api *api = llm->api;

	if ((llm->prompt != NULL) + (llm->messages != NULL) != 1)
		return plan_error(
			node, err, "llm: write either 'prompt: text' or 'messages: [{role: user, content: text}]'");
	if (llm->messages != NULL && (llm->messages->kind != NODE_LIST || llm->messages->n == 0))
		return plan_error(llm->messages, err, "messages: write a list such as [{role: user, content: Hello}]");
	if (llm->messages != NULL && !api->takes_messages)
		return plan_error(llm->messages, err, "messages: '%s' takes one text; write 'prompt: text'", api->name);
	if (llm->system != NULL && !api->takes_system)
		return plan_error(node_get(node, "system"), err,
			"system: '%s' takes one text; write it at the beginning of the prompt", api->name);
	if (llm->ignores_eos && !api->takes_ignore_eos)
		return plan_error(node_get(node, "ignore_eos"), err, "ignore_eos: '%s' knows no such thing", api->name);
	if (llm->max_tokens == NULL && api->needs_max_tokens)
		return plan_error(node, err, "llm: '%s' demands 'max_tokens'", api->name);
	if (llm->model == NULL && api->needs_model)
		return plan_error(node, err, "llm: '%s' demands 'model'", api->name);
	if (llm->extra != NULL && llm->extra->kind != NODE_MAP)
		return plan_error(llm->extra, err, "extra: write a map of members of the body, such as {top_p: 0.9}");
	return true;
}

static bool
check_beside(const struct plan_node *item, const struct request_row *row, struct error *err)
{
	if (row->body != NULL || row->json != NULL || row->body_file != NULL)
		return plan_error(item, err, "'llm' makes the body; 'llm.extra' adds to it");
	if (row->reader != NULL)
		return plan_error(node_get(item, "read"), err, "read: who reads the answer follows from llm.api");
	return true;
}

static void
add_header(struct plan_context *context, struct plan_list *headers, const char *name, const char *value)
{
	const struct plan_pair *pairs = headers->items;

	for (size_t i = 0; i < headers->n; i++)
		if (strcasecmp(pairs[i].name, name) == 0)
			return; /* the profile says otherwise */
	struct plan_pair *more = arena_alloc(context->arena, (headers->n + 1) * sizeof(*more));

	if (headers->n > 0)
		memcpy(more, pairs, headers->n * sizeof(*more));
	more[headers->n] = (struct plan_pair){name, value};
	*headers = (struct plan_list){more, headers->n + 1};
}

static bool
has_method(const struct request_row *row)
{
	for (size_t i = 0; i < METHODS_N; i++)
		if (row->by_method[i] != NULL)
			return true;
	return row->method != NULL;
}

/* The API's own path. A target whose URL ends in /v1, as OpenAI's clients write it, is the same server. */
static const char *
path_of(struct plan_context *context, const struct plan_llm *llm, const struct plan_target *target)
{
	const char *path = llm->streams ? llm->api->stream_path : llm->api->whole_path;
	const char *mark = strstr(path, MODEL_MARK);
	size_t prefix = strlen(target->url.path);

	if (prefix >= 3 && strcmp(target->url.path + prefix - 3, "/v1") == 0 && strncmp(path, "/v1/", 4) == 0)
		return path + 3;
	if (mark == NULL)
		return path;
	return arena_printf(
		context->arena, "%.*s%s%s", (int)(mark - path), path, llm->model, mark + strlen(MODEL_MARK));
}

bool
llm_compile(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct request_row *row, const struct plan_llm **into, struct error *err)
{
	struct plan_llm *llm = arena_alloc(context->arena, sizeof(*llm));
	const struct plan_node *node = node_get(item, "llm");

	*llm = row->llm;
	if (!check(node, llm, err) || !check_beside(item, row, err) || !compose_body(context, node, llm, row, err))
		return false;
	llm->answer_open = llm->api->answer_open;
	llm->answer_close = llm->api->answer_close;
	row->reader = llm->api->reader;
	if (!has_method(row))
		row->by_method[METHOD_POST] = path_of(context, llm, target);
	add_header(context, &row->headers, "Content-Type", "application/json");
	add_header(context, &row->headers, "Accept", llm->streams ? llm->api->accept : "application/json");
	for (const struct plan_pair *h = llm->api->headers; h != NULL && h->name != NULL; h++)
		add_header(context, &row->headers, h->name, h->value);
	*into = llm;
	return true;
}
