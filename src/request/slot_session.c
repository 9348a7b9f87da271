#include <string.h>

#include "request/session.h"
#include "request/slot.h"
#include "request/slot_escape.h"

/* What a step of a flow fills in from its session. Outside of a flow there is no session: none of the rows takes the
 * text there, but for a sentence about what only a flow has. */

static const struct plan_flow *
flow_of(const struct slot_scope *scope)
{
	return scope->request == NULL || scope->request->step == NULL
		       ? NULL
		       : scope->plan->scenarios[scope->request->scenario].flow;
}

static bool
is_of_flow(const struct slot_text *text, const char *word, const struct slot_scope *scope, struct error *err)
{
	if (!slot_text_is(text, word))
		return false;
	return flow_of(scope) != NULL ||
	       error_set(err,
		       "'${%s}' is a session's, and only a flow has sessions; write 'flow' in place of "
		       "'requests'",
		       word);
}

static bool
session_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)slot;
	return is_of_flow(text, "session", scope, err);
}

/* Hexadecimal digits and '-' need no escaping anywhere, but a JSON value is a text. */
static size_t
session_most(const struct slot *slot)
{
	return slot_escape_most(slot->context, SESSION_ID_LENGTH);
}

static char *
session_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	return slot_escape_put(slot->context, rendering->render->session->id, SESSION_ID_LENGTH, into);
}

const struct slot_ops session_slot = {
	.name = "session",
	.form = NULL,
	.help = "in a flow: the session's own name, of the form of a UUID",
	.is_text = true,
	.parse = session_parse,
	.most = session_most,
	.put = session_put,
};

static bool
turn_number_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)slot;
	return is_of_flow(text, "turn_number", scope, err);
}

static size_t
turn_number_most(const struct slot *slot)
{
	(void)slot;
	return SLOT_NUMBER_MOST;
}

static char *
turn_number_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	(void)slot;
	return slot_put_number(into, rendering->render->session->repetition + 1);
}

const struct slot_ops turn_number_slot = {
	.name = "turn_number",
	.form = NULL,
	.help = "in a flow: which repetition of its step this is, from 1",
	.parse = turn_number_parse,
	.most = turn_number_most,
	.put = turn_number_put,
};

/* Of this step only where it comes around again; where the session may go back, of any. */
static bool
is_known(const struct plan_value *value, const struct slot_scope *scope)
{
	const struct plan_scenario *scenario = &scope->plan->scenarios[scope->request->scenario];
	size_t step = (size_t)(scope->request - scope->plan->requests) - scenario->first_request;

	return scenario->flow->goes_back || value->step < step ||
	       (value->step == step && scope->request->step->repeat > 1);
}

static bool
value_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	const struct plan_flow *flow = flow_of(scope);

	for (size_t i = 0; flow != NULL && i < flow->values_n; i++) {
		if (!slot_text_is(text, flow->values[i].name))
			continue;
		slot->of.index = i;
		return is_known(&flow->values[i], scope) ||
		       error_set(err, "'${%s}' is not extracted before it is used here; an earlier step must do that",
			       flow->values[i].name);
	}
	return false;
}

static size_t
value_most(const struct slot *slot)
{
	return slot_escape_most(slot->context, SESSION_VALUE_MAX);
}

/* A server said it, so that nobody vouches for it: a request line stays one, and a header too. */
static char *
put_raw(enum slot_context context, const char *value, size_t length, char *into)
{
	for (size_t i = 0; i < length; i++)
		if (context == SLOT_IN_HEADER || (context == SLOT_IN_TARGET && (value[i] <= ' ' || value[i] > '~')))
			into = slot_escape_put(context, &value[i], 1, into);
		else
			*into++ = value[i];
	return into;
}

static char *
value_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	size_t length;
	const char *value = session_value(rendering->render->session, slot->of.index, &length);

	return slot->is_raw ? put_raw(slot->context, value, length, into)
			    : slot_escape_put(slot->context, value, length, into);
}

const struct slot_ops value_slot = {
	.name = "NAME",
	.form = NULL,
	.help = "in a flow: what an earlier step extracted under this name",
	.is_text = true,
	.parse = value_parse,
	.most = value_most,
	.put = value_put,
};
