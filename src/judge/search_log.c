#include "judge/search_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "judge/records.h"
#include "judge/rule.h"

/* What is offered is what the step said but for rounding. */
#define SAME_LEVEL 1e-6

struct search_log {
	const struct plan *plan;
	const struct search *goal;
	bool in_users;
	struct search_trial *trials;
	size_t n, capacity;
	uint64_t answered; /* by the target until the last level was judged, while it settled too */
	/* Of a level and of the one before it, which may be judged when the next one has begun: by their indices. */
	struct windows windows[2];
};

struct search_log *
search_log_new(const struct plan *plan)
{
	const struct plan_load *load = &plan->scenarios[0].load;

	if (!plan_is_search(plan))
		return NULL;
	struct search_log *log = must_alloc(sizeof(*log));

	*log = (struct search_log){.plan = plan, .goal = load->shape.params, .in_users = load->in_users};
	for (size_t i = 0; i < ARRAY_LEN(log->windows); i++)
		windows_init(&log->windows[i], plan);
	return log;
}

void
search_log_free(struct search_log *log)
{
	if (log == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(log->windows); i++)
		windows_fini(&log->windows[i], log->plan);
	free(log->trials);
	free(log);
}

/* In a drain: the later level's. */
static struct windows *
windows_running(struct search_log *log, uint32_t current)
{
	bool second_is_later = log->windows[1].level != LEVEL_NONE &&
			       (log->windows[0].level == LEVEL_NONE || log->windows[1].level > log->windows[0].level);

	return &log->windows[current == LEVEL_NONE || current == LEVEL_WARMUP ? second_is_later : current % 2];
}

void
search_log_interval(struct search_log *log, const struct summary *summary)
{
	windows_add(windows_running(log, summary->now.current_level), log->plan, summary);
}

/* A rate that its windows take back is an error, and no cause of a break. */
static void
soften(struct level_verdict *verdict)
{
	enum level_status status = LEVEL_OK;

	for (size_t i = 0; i < verdict->findings_n; i++) {
		struct finding *finding = &verdict->findings[i];

		if (finding->weight == LEVEL_BROKEN) {
			finding->weight = LEVEL_ERR;
			finding->mode = FAILURE_MODE_NONE;
		}
		status = finding->weight > status ? finding->weight : status;
	}
	verdict->status = status;
}

/* The objective that ends it is the cause where there is no other. */
static void
name_cause(struct level_verdict *verdict)
{
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (verdict->findings[i].mode != FAILURE_MODE_NONE)
			return;
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (strcmp(verdict->findings[i].rule, "slo") == 0)
			verdict->findings[i].mode = FAILURE_MODE_OBJECTIVE_MISSED;
}

/* It crashed in an earlier level, which held until then or broke by it, and answered nothing since. What died while it
 * settled at this level's load broke by that. */
static bool
is_gone(const struct search_log *log, const struct level_verdict *verdict, const struct summary *summary)
{
	bool has_crashed = false;

	for (size_t i = 0; i < verdict->findings_n; i++)
		has_crashed = has_crashed || verdict->findings[i].mode == FAILURE_MODE_CRASH;
	return has_crashed && log->answered > 0 && summary->everything.counts.ok == log->answered;
}

void
search_log_level(
	struct search_log *log, struct level_verdict *verdict, const struct summary *summary, const double *slo_values)
{
	double offered = summary->levels[verdict->level].offered;
	struct windows *windows = &log->windows[verdict->level % 2];
	/* The same as the load was told: a search is a function of its trials. */
	struct search_step step = search_log_next(log, INT64_MAX);
	bool is_as_said = fabs(offered - step.level) <= SAME_LEVEL * offered;

	if (windows->level != verdict->level) /* it was over within an interval, or nobody showed any */
		windows_begin(windows, log->plan, verdict->level);
	struct search_trial trial = {.level = is_as_said ? step.level : offered,
		.outcome = windows_decide(windows, log->plan, verdict, slo_values),
		.is_confirmation = is_as_said && step.is_confirmation};
	struct window_count worst = windows_worst(windows, log->plan);

	trial.doubt = windows_doubt(windows, log->plan, verdict, trial.outcome);
	trial.is_gone = is_gone(log, verdict, summary);
	if (trial.is_gone)
		trial.outcome = SEARCH_VOID;
	log->answered = summary->everything.counts.ok;
	trial.windows = worst.told;
	trial.windows_bad = worst.bad;
	if (log->n == log->capacity) {
		log->capacity = log->capacity * 2 + 32;
		log->trials = must_realloc(log->trials, log->capacity * sizeof(*log->trials));
	}
	log->trials[log->n++] = trial;
	verdict->is_trial = true;
	verdict->trial = trial.outcome;
	if (trial.outcome == SEARCH_BROKE)
		name_cause(verdict);
	if (trial.outcome == SEARCH_HELD && verdict->status == LEVEL_BROKEN)
		soften(verdict);
}

size_t
search_log_trials(const struct search_log *log)
{
	return log->n;
}

const struct search_trial *
search_log_trial(const struct search_log *log, size_t i)
{
	CHECK_OP(i, <, log->n);
	return &log->trials[i];
}

struct search_step
search_log_next(const struct search_log *log, int64_t left_ns)
{
	return search_next(log->goal, log->in_users, log->trials, log->n, left_ns);
}

struct search_answer
search_log_answer(const struct search_log *log)
{
	return search_answer(log->goal, log->in_users, log->trials, log->n);
}

enum search_end
search_log_end(const struct search_log *log)
{
	struct search_step step = search_log_next(log, INT64_MAX);

	return step.state == SEARCH_DONE ? step.end : SEARCH_END_LIMIT;
}
