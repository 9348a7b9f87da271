#include <inttypes.h>

#include "judge/refusals.h"

static int64_t
find_death_ns(const struct level_verdict *verdict)
{
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (verdict->findings[i].mode == FAILURE_MODE_CRASH)
			return verdict->findings[i].onset_ns;
	return -1;
}

/* Refusals and connects without an answer, while whoever has a connection is served: an accept queue that is full, or a
 * limit of connections or descriptors. What such a level amounts to is told by its error rate. */
static void
connection_limit_look(const struct rule_context *context, struct level_verdict *verdict)
{
	struct refusals refusals = refusals_of(context, find_death_ns(verdict));
	uint64_t requests = rule_errors_of(context->level).requests;

	if (refusals.beside < REFUSALS_MIN || !refusals.is_answering_beside ||
		!((double)refusals.beside > RULE_ERR_ERROR_RATE * (double)requests))
		return;
	struct finding finding = {.rule = "connection_limit",
		.mode = FAILURE_MODE_CONNECTION_LIMIT,
		.weight = LEVEL_ERR,
		.onset_ns = refusals.beside_onset_ns,
		.measured = (double)refusals.beside / (double)requests,
		.threshold = RULE_ERR_ERROR_RATE};

	rule_say(rule_add(verdict, &finding),
		"%.1f%% of the requests (> %.1f%%) got no connection while others were answered; in all: %" PRIu64
		" refused, %" PRIu64 " without an answer to the connect, %" PRIu64 " reset",
		finding.measured * 100, RULE_ERR_ERROR_RATE * 100, refusals.refused, refusals.timed_out,
		refusals.reset);
}

const struct rule connection_limit_rule = {
	.name = "connection_limit",
	.help = "the target turns connections away while it answers others",
	.look = connection_limit_look,
};
