/* Levels of a simulated target, told to the judge as a run tells its own. Include after cmocka.h. */
#pragma once

#include "unit/judge/simulated_target.h"

struct simulated_run {
	struct scripted_run run;
	struct search goal;
	struct target target;
	struct pending {
		int64_t due_ns, ended_ns;
		int is;
	} * pending; /* under way */
	size_t pending_n, pending_capacity;
};

static inline void
simulated_begin(
	struct simulated_run *s, const struct target_nature *nature, double capacity, double from, uint64_t seed)
{
	double level_s = nature->per_level / capacity;

	memset(s, 0, sizeof(*s));
	s->target = (struct target){.nature = *nature, .capacity = capacity, .seed = seed, .speed = 1};
	run_init(&s->run, "search");
	s->run.plan.output.interval_ns = s_to_ns(level_s / WINDOWS_PER_LEVEL);
	s->run.plan.target.timeout_ns = s_to_ns(target_timeout_s(&s->target));
	s->goal = (struct search){.from = from,
		.max = 200 * capacity,
		.factor = 2,
		.width = 0.05,
		.every_ns = WINDOWS_PER_LEVEL * s->run.plan.output.interval_ns,
		.confirm_ns = CONFIRM_LEVELS * WINDOWS_PER_LEVEL * s->run.plan.output.interval_ns};
	s->run.scenario.load.shape.params = &s->goal;
	if (nature->kind == TARGET_FAILING)
		run_add_slo(&s->run, make_expr("error_rate", 0, EXPR_LE, FAILING_SHARE_AT_CAPACITY));
	else if (nature->kind != TARGET_SHEDDING)
		run_add_slo(&s->run, make_expr("response", nature->kind == TARGET_QUEUEING ? 0.95 : 0.99, EXPR_LE,
					     (double)s_to_ns(target_limit_s(&s->target))));
	s->run.judge = judge_new(&s->run.plan);
}

static inline void
simulated_end(struct simulated_run *s)
{
	free(s->pending);
	run_fini(&s->run);
}

static inline struct pending *
add_pending(struct simulated_run *s)
{
	if (s->pending_n == s->pending_capacity) {
		s->pending_capacity = s->pending_capacity * 2 + 1024;
		s->pending = must_realloc(s->pending, s->pending_capacity * sizeof(*s->pending));
	}
	return &s->pending[s->pending_n++];
}

static inline void
tell_answer(struct simulated_run *s, const struct pending *p, bool is_in_window)
{
	static const enum failure failures[] = {
		[ANSWER_ERROR] = FAILURE_STATUS, [ANSWER_TIMEOUT] = FAILURE_RESPONSE_TIMEOUT};
	struct exchange x = {.level = s->run.levels,
		.due_ns = p->due_ns,
		.taken_ns = p->due_ns,
		.sent_ns = p->due_ns,
		.connect_ns = -1,
		.first_byte_ns = p->is == ANSWER_OK ? p->ended_ns : -1,
		.last_byte_ns = p->ended_ns,
		.outcome = p->is == ANSWER_OK ? OUTCOME_OK : OUTCOME_FAILURE,
		.failure = p->is == ANSWER_OK ? 0 : failures[p->is]};

	recorder_add_exchange(s->run.recorder, &x, is_in_window ? s->run.levels : LEVEL_NONE);
}

/* What ended before until_ns is told; the others stay under way. */
static inline void
tell_ended(struct simulated_run *s, int64_t until_ns, bool is_in_window)
{
	size_t left = 0;

	for (size_t i = 0; i < s->pending_n; i++) {
		if (s->pending[i].ended_ns >= until_ns)
			s->pending[left++] = s->pending[i];
		else
			tell_answer(s, &s->pending[i], is_in_window);
	}
	s->pending_n = left;
}

static inline void
offer(struct simulated_run *s, double due_s, double rate)
{
	struct target_answer answer = target_ask(&s->target, due_s, rate);
	int64_t due_ns = s_to_ns(due_s);

	recorder_add_scheduled(s->run.recorder, s->run.levels, 0, 1);
	if (answer.is == ANSWER_REFUSED) {
		recorder_add_lost(s->run.recorder, s->run.levels, 0, FAILURE_CONNECT_REFUSED, 1);
		return;
	}
	recorder_add_sent(s->run.recorder, s->run.levels, 0);
	*add_pending(s) = (struct pending){
		due_ns, s_to_ns(answer.ended) > due_ns ? s_to_ns(answer.ended) : due_ns, (int)answer.is};
}

static inline struct reading
simulated_reading(struct simulated_run *s)
{
	struct reading r = {.at_ns = s->run.now_ns + 1};

	for (int i = 0; i < GAUGE_COUNT; i++)
		r.values[i] = NAN;
	r.values[GAUGE_OOM_KILLS] = s->target.kills;
	r.values[GAUGE_PROCESSES] = s->target.is_dead ? 0 : 1;
	return r;
}

static inline void
end_window(struct simulated_run *s, uint32_t current, int64_t interval_ns)
{
	struct reading r = simulated_reading(s);

	recorder_add_reading(s->run.recorder, current, false, &r);
	s->run.now_ns += interval_ns;
	struct interval *interval = recorder_take_interval(s->run.recorder, s->run.now_ns);

	interval_add_up(interval);
	interval->current_level = current;
	interval->target = r;
	summary_add_interval(s->run.summary, interval);
	judge_interval(s->run.judge, s->run.summary);
	recorder_give_interval(s->run.recorder, interval);
}

/* The first answer is all that is told of the time in which the target settles: that somebody was there. */
static inline void
tell_settling(struct simulated_run *s, double due_s, const struct target_answer *answer)
{
	struct exchange x = {.level = LEVEL_WARMUP,
		.due_ns = s_to_ns(due_s),
		.taken_ns = s_to_ns(due_s),
		.sent_ns = s_to_ns(due_s),
		.connect_ns = -1,
		.first_byte_ns = s_to_ns(answer->ended),
		.last_byte_ns = s_to_ns(answer->ended),
		.outcome = OUTCOME_OK};

	recorder_add_scheduled(s->run.recorder, LEVEL_WARMUP, 0, 1);
	recorder_add_sent(s->run.recorder, LEVEL_WARMUP, 0);
	recorder_add_exchange(s->run.recorder, &x, LEVEL_NONE);
}

static inline void
settle(struct simulated_run *s, double rate)
{
	double start_s = ns_to_s(s->run.now_ns), settle_s = SETTLE_SHARE * ns_to_s(s->goal.every_ns);
	bool is_told = false;

	for (double due_s = start_s; due_s < start_s + settle_s; due_s += target_gap(&s->target, rate)) {
		struct target_answer answer = target_ask(&s->target, due_s, rate);

		if (!is_told)
			tell_settling(s, due_s, &answer);
		is_told = true;
	}
	end_window(s, LEVEL_WARMUP, s_to_ns(settle_s));
}

/* A level from its begin to the end of its last exchange, and what it came to. */
static inline enum search_outcome
simulated_play(struct simulated_run *s, double rate, int64_t measure_ns)
{
	settle(s, rate);
	struct scripted_run *run = &s->run;
	int64_t interval_ns = run->plan.output.interval_ns, start_ns = run->now_ns, end_ns = start_ns + measure_ns;
	double due_s = ns_to_s(start_ns);

	summary_add_level(run->summary, run->levels, start_ns, end_ns, rate);
	while (run->now_ns < end_ns || s->pending_n > 0) {
		bool is_running = run->now_ns < end_ns;
		double until_s = ns_to_s(run->now_ns + interval_ns);

		for (; is_running && due_s < until_s; due_s += target_gap(&s->target, rate))
			offer(s, due_s, rate);
		tell_ended(s, run->now_ns + interval_ns, is_running);
		if (run->now_ns + interval_ns >= end_ns && s->pending_n == 0)
			recorder_close_level(run->recorder, run->levels);
		end_window(s, is_running ? run->levels : LEVEL_NONE, interval_ns);
	}
	judge_level(run->judge, run->summary, summary_level(run->summary, run->levels++), &run->facts);
	enum search_outcome outcome = judge_search_trial(run->judge)->outcome;

	s->target.now = ns_to_s(run->now_ns);
	target_rest(&s->target, outcome == SEARCH_BROKE);
	return outcome;
}
