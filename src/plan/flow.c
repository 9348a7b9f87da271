#include "plan/flow.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/rows.h"

#define THINK_TEXT_CEILING 64
#define THINK_SIGMA_MOST 3.0

struct plan_flow *
flow_new(struct plan_context *context, const struct plan_target *target, const struct plan_session *session)
{
	struct plan_flow *flow = arena_alloc(context->arena, sizeof(*flow));

	flow->host = target->url.host;
	flow->is_secure = strcmp(target->url.scheme, "https") == 0;
	flow->keeps_cookies = session->keeps_cookies;
	flow->history_bytes = session->history_bytes;
	flow->jumps_most = session->jumps;
	flow->goes_on = session->on_failure == SESSION_CONTINUES;
	flow->values = arena_alloc(context->arena, FLOW_VALUES_CEILING * sizeof(*flow->values));
	return flow;
}

static bool
parse_time(const char *text, size_t length, int64_t *ns)
{
	char time[THINK_TEXT_CEILING];

	if (length >= sizeof(time))
		return false;
	memcpy(time, text, length);
	time[length] = '\0';
	return units_parse_time_ns(time, ns) && *ns <= FLOW_THINK_CEILING_NS;
}

/* "1s..3s" */
static bool
parse_uniform(const char *text, struct plan_think *think)
{
	const char *dots = strstr(text, "..");

	return dots != NULL && parse_time(text, (size_t)(dots - text), &think->from_ns) &&
	       parse_time(dots + 2, strlen(dots + 2), &think->to_ns) && think->from_ns <= think->to_ns;
}

/* "1s:0.5" */
static bool
parse_lognormal(const char *text, struct plan_think *think)
{
	const char *colon = strchr(text, ':');
	char *end;

	if (colon == NULL || !parse_time(text, (size_t)(colon - text), &think->from_ns) ||
		!isdigit((unsigned char)colon[1]))
		return false;
	think->sigma = strtod(colon + 1, &end);
	return *end == '\0' && think->sigma <= THINK_SIGMA_MOST;
}

bool
flow_parse_think(const char *text, struct plan_think *think)
{
	static const char *const openings[] = {
		[THINK_UNIFORM] = "uniform:", [THINK_EXPONENTIAL] = "exponential:", [THINK_LOGNORMAL] = "lognormal:"};

	*think = (struct plan_think){.kind = THINK_CONSTANT};
	for (size_t i = THINK_UNIFORM; i < ARRAY_LEN(openings); i++)
		if (strncmp(text, openings[i], strlen(openings[i])) == 0) {
			think->kind = (enum plan_think_kind)i;
			text += strlen(openings[i]);
			break;
		}
	switch (think->kind) {
	case THINK_UNIFORM: return parse_uniform(text, think);
	case THINK_LOGNORMAL: return parse_lognormal(text, think);
	case THINK_CONSTANT:
	case THINK_EXPONENTIAL: break;
	}
	return parse_time(text, strlen(text), &think->from_ns);
}

bool
plan_parse_think(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	(void)context;
	return (node->kind == NODE_SCALAR && flow_parse_think(node->text, into)) ||
	       plan_error(node, err,
		       "think: '%.64s' is not a time to think; write 1s, uniform:1s..3s, exponential:1s (its mean) or "
		       "lognormal:1s:0.5 (median and sigma, %g at most), a day at most",
		       node->kind == NODE_SCALAR ? node->source : "a map or list", THINK_SIGMA_MOST);
}

/* [A-Za-z_][A-Za-z0-9_-]*: no dot, which is how a column of a data file is written. */
static bool
check_value_name(const struct plan_node *node, struct error *err)
{
	const char *name = node->key;
	bool is_good = isalpha((unsigned char)name[0]) || name[0] == '_';

	for (const char *p = name; is_good && *p != '\0'; p++)
		is_good = isalnum((unsigned char)*p) || *p == '_' || *p == '-';
	return is_good || plan_error(node, err,
				  "extract: '%.64s' is not a name to fill in as ${name}; write letters, digits, '_' or "
				  "'-', beginning with a letter",
				  name);
}

static bool
find_value(struct plan_flow *flow, const struct plan_node *node, uint32_t *value, struct error *err)
{
	for (size_t i = 0; i < flow->values_n; i++)
		if (strcmp(flow->values[i].name, node->key) == 0) {
			*value = (uint32_t)i;
			return true;
		}
	if (flow->values_n == FLOW_VALUES_CEILING)
		return plan_error(node, err, "extract: more than %zu values in one flow", FLOW_VALUES_CEILING);
	*value = (uint32_t)flow->values_n;
	flow->values[flow->values_n++] = (struct plan_value){.name = node->key, .step = flow->steps_n};
	return true;
}

/* RFC 6901 §3: every part begins with '/', and '~' only as ~0 or ~1. */
static bool
is_pointer(const char *text)
{
	if (text[0] != '\0' && text[0] != '/')
		return false;
	for (const char *p = text; (p = strchr(p, '~')) != NULL; p++)
		if (p[1] != '0' && p[1] != '1')
			return false;
	return true;
}

static bool
is_header_name(const char *text)
{
	if (text[0] == '\0')
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("!#$%&'*+-.^_`|~", *p) == NULL)
			return false;
	return true;
}

/* Where it is taken from, of the map's keys; NULL: of several, or of none. */
static const struct plan_node *
find_source(const struct plan_node *map, struct plan_extract *extract)
{
	static const char *const kinds[] = {[EXTRACT_JSON] = "json",
		[EXTRACT_HEADER] = "header",
		[EXTRACT_REGEX] = "regex",
		[EXTRACT_COOKIE] = "cookie"};
	const struct plan_node *source = NULL, *otherwise = node_get(map, "default");
	size_t expected = otherwise != NULL ? 2 : 1;

	if (map->kind != NODE_MAP || map->n != expected || (otherwise != NULL && otherwise->kind != NODE_SCALAR))
		return NULL;
	extract->otherwise = otherwise != NULL ? otherwise->text : NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct plan_node *node = node_get(map, kinds[i]);

		if (node == NULL || node->kind != NODE_SCALAR)
			continue;
		extract->kind = (enum plan_extract_kind)i;
		extract->what = node->text;
		source = node;
	}
	return source;
}

/* {json: /pointer}, {header: Name}, {cookie: NAME} or {regex: '…(…)…'}, with a default or without. Whether it is a
 * regular expression is found out by whoever compiles it. */
static bool
parse_extract(const struct plan_node *node, struct plan_extract *extract, struct error *err)
{
	const struct plan_node *only = find_source(node, extract);

	if (only == NULL)
		return plan_error(node, err,
			"extract: '%.64s' wants one of {json: /a/b}, {header: X-Name}, {cookie: NAME} or {regex: "
			"'id=([0-9]+)'}, and beside it at most a default: {json: /next, default: \"\"}",
			node->key);
	if (extract->kind == EXTRACT_JSON && !is_pointer(extract->what))
		return plan_error(only, err,
			"json: '%.100s' is not a JSON pointer (RFC 6901); write /token or /choices/0/text",
			only->source);
	if ((extract->kind == EXTRACT_HEADER || extract->kind == EXTRACT_COOKIE) && !is_header_name(extract->what))
		return plan_error(only, err, "%s: '%.100s' is not a %s's name", only->key, only->source, only->key);
	return true;
}

static bool
add_extracts(struct plan_context *context, struct plan_flow *flow, const struct plan_node *map, struct plan_step *step,
	struct error *err)
{
	if (map->kind != NODE_MAP || map->n == 0)
		return plan_error(map, err, "extract: write a map such as {token: {json: /token}}");
	step->extracts = arena_alloc(context->arena, map->n * sizeof(*step->extracts));
	for (const struct plan_node *item = map->first; item != NULL; item = item->next) {
		struct plan_extract *extract = &step->extracts[step->extracts_n++];

		if (!check_value_name(item, err) || !find_value(flow, item, &extract->value, err) ||
			!parse_extract(item, extract, err))
			return false;
	}
	return true;
}

/* The user's own Cookie header would be a second one, which RFC 6265 §5.4 forbids. */
static bool
check_cookie_header(const struct plan_flow *flow, const struct plan_node *item, struct error *err)
{
	const struct plan_node *headers = node_get(item, "headers");

	for (const struct plan_node *header = headers ? headers->first : NULL; header != NULL && flow->keeps_cookies;
		header = header->next)
		if (strcasecmp(header->key, "cookie") == 0)
			return plan_error(header, err,
				"headers: with session.cookies brunt writes '%s' itself; leave one of them out",
				header->key);
	return true;
}

bool
flow_add_step(struct plan_context *context, struct plan_flow *flow, const struct plan_node *item,
	const struct request_row *row, struct plan_request *request, struct error *err)
{
	struct plan_step *step = arena_alloc(context->arena, sizeof(*step));

	if (node_get(item, "weight") != NULL)
		return plan_error(node_get(item, "weight"), err,
			"weight: the steps of a flow are all performed, in order; leave it out, or write 'requests'");
	if (!check_cookie_header(flow, item, err))
		return false;
	step->repeat = row->repeat;
	step->think = row->think;
	request->step = step;
	if (row->extract != NULL && !add_extracts(context, flow, row->extract, step, err))
		return false;
	flow->session_steps += step->repeat;
	flow->steps_n++;
	return true;
}

bool
flow_check_no_step(const struct plan_node *item, struct error *err)
{
	static const char *const keys[] = {"repeat", "think", "extract", "if", "until", "then"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (node_get(item, keys[i]) != NULL)
			return plan_error(node_get(item, keys[i]), err,
				"%s: only a step of a flow has this; write 'flow' in place of 'requests'", keys[i]);
	return true;
}
