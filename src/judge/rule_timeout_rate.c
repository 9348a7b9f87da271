#include <inttypes.h>

#include "base/units.h"
#include "judge/rule.h"

static bool
row_times_out(const struct series_row *row, double threshold)
{
	return (double)row->timeouts > threshold * (double)(row->ok + row->failed + row->unsent);
}

/* No request of a level can time out before its timeout has passed: what did before is of the level before. */
static int64_t
find_onset_ns(const struct rule_context *context, double threshold)
{
	const struct plan_target *target = &context->plan->target;
	const struct counts *c = &context->level->counts;
	bool is_connecting = (c->by_failure[FAILURE_CONNECT_TIMEOUT] + c->by_failure[FAILURE_TLS_TIMEOUT]) * 2 >
			     rule_errors_of(context->level).timeouts;
	int64_t earliest_ns =
		context->level->start_ns + (is_connecting ? target->connect_timeout_ns : target->timeout_ns);
	int64_t onset_ns = rule_onset_ns(context, row_times_out, threshold);

	return onset_ns < 0 || onset_ns > earliest_ns ? onset_ns : earliest_ns;
}

static void
timeout_rate_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct counts *c = &context->level->counts;
	struct rule_errors errors = rule_errors_of(context->level);
	double threshold = context->plan->break_when.timeout_rate;
	char timeout_text[32];

	if (!(errors.timeout_rate > threshold) || !rule_is_enough(&errors, errors.timeouts, context->level))
		return;
	struct finding finding = {
		.rule = "timeout_rate",
		.mode = FAILURE_MODE_TIMEOUT,
		.weight = LEVEL_BROKEN,
		.onset_ns = find_onset_ns(context, threshold),
		.measured = errors.timeout_rate,
		.threshold = threshold,
	};

	rule_say(rule_add(verdict, &finding),
		"%.1f%% of the requests timed out (> %.1f%%): %" PRIu64 " without an answer within %s, %" PRIu64
		" while waiting for a connection, %" PRIu64 " while connecting",
		errors.timeout_rate * 100, threshold * 100, c->by_failure[FAILURE_RESPONSE_TIMEOUT],
		units_time_text(context->plan->target.timeout_ns, timeout_text, sizeof(timeout_text)),
		c->by_failure[FAILURE_QUEUE_TIMEOUT],
		c->by_failure[FAILURE_CONNECT_TIMEOUT] + c->by_failure[FAILURE_TLS_TIMEOUT]);
}

const struct rule timeout_rate_rule = {
	.name = "timeout_rate",
	.help = "too many requests got no complete answer in time",
	.look = timeout_rate_look,
};
