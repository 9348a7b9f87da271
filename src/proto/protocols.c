#include "proto/protocol.h"

#include <string.h>

#include "base/check.h"

const struct protocol_ops *const protocols[] = {
#define PROTOCOL(name) &name##_protocol,
#include "proto/protocols.def"
#undef PROTOCOL
	NULL,
};

const struct plan_choice *const protocol_choices[] = {
#define PROTOCOL(name) &name##_protocol.choice,
#include "proto/protocols.def"
#undef PROTOCOL
	NULL,
};

const struct protocol_ops *
protocol_of(const struct plan_choice *choice)
{
	return container_of(choice, const struct protocol_ops, choice);
}

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

size_t
protocol_state_size(const struct protocol_ops *ops)
{
	size_t size = 0;

	for (size_t i = 0; protocols[i] != NULL; i++)
		size = larger(size, protocols[i]->state_size);
	return ops->state_size > 0 ? ops->state_size : size;
}

size_t
protocol_exchange_size(const struct protocol_ops *ops)
{
	size_t size = 0;

	for (size_t i = 0; protocols[i] != NULL; i++)
		size = larger(size, protocols[i]->exchange_size);
	return ops->exchange_size > 0 ? ops->exchange_size : size;
}

void
protocol_state_init(struct protocol_state *state)
{
	*state = (struct protocol_state){.fate = PROTOCOL_OPEN, .failure = FAILURE_COUNT};
	list_init(&state->unsent);
	list_init(&state->news);
}

void
protocol_exchange_begin(struct protocol_exchange *x, const struct protocol_ear *ear)
{
	x->ear = *ear;
	x->has_ended = x->is_refused = x->is_sent_whole = false;
	x->failure = FAILURE_COUNT;
	x->words = NULL;
	x->status = 0;
	x->bytes_sent = x->bytes_received = 0;
	x->begins_at = 0;
	list_init(&x->unsent);
	list_init(&x->news);
	if (ear->field != NULL)
		buf_clear(ear->field);
}

void
protocol_end(struct protocol_state *state, struct protocol_exchange *x, enum failure failure)
{
	x->has_ended = true;
	x->failure = failure;
	protocol_note_news(state, x);
}

bool
protocol_method_is_idempotent(const char *method)
{
	static const char *const idempotent[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < ARRAY_LEN(idempotent); i++)
		if (strcmp(method, idempotent[i]) == 0)
			return true;
	return false;
}
