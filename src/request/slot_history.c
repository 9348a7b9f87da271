#include <string.h>

#include "base/check.h"
#include "request/session.h"
#include "request/slot.h"

/* A conversation: `[${history}{"role": "user", …}${turn}]`. plan/ writes it so for whoever asks for `history: true`:
 * the turns that are over come first, and what stands between the two slots is what this request adds to them. */

static bool
is_in_flow(const struct slot_text *text, const char *word, const struct slot_scope *scope)
{
	return slot_text_is(text, word) && scope->request != NULL && scope->request->step != NULL;
}

static size_t
nothing(const struct slot *slot)
{
	(void)slot;
	return 0;
}

static bool
history_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)slot;
	(void)err;
	return is_in_flow(text, "history", scope);
}

static size_t
history_more(const struct slot *slot, const struct render *render)
{
	(void)slot;
	return render->session->history_kept;
}

static char *
history_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	const struct session *session = rendering->render->session;

	(void)slot;
	if (session->history_kept > 0)
		memcpy(into, session->history.bytes, session->history_kept);
	rendering->turn = into + session->history_kept;
	return rendering->turn;
}

const struct slot_ops history_slot = {
	.name = "history",
	.form = NULL,
	.help = "in a flow: the turns of the conversation that are over",
	.parse = history_parse,
	.most = nothing,
	.more = history_more,
	.put = history_put,
};

static bool
turn_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)slot;
	(void)err;
	return is_in_flow(text, "turn", scope);
}

static char *
turn_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	(void)slot;
	if (rendering->turn != NULL)
		session_add_turn(rendering->render->session, rendering->turn, (size_t)(into - rendering->turn));
	rendering->turn = NULL;
	return into;
}

const struct slot_ops turn_slot = {
	.name = "turn",
	.form = NULL,
	.help = "in a flow: where what this request adds to the conversation ends",
	.parse = turn_parse,
	.most = nothing,
	.put = turn_put,
};
