/* A run that never happened: levels played through measure's own recorder and summary, second by second, and judged.
 * Include after cmocka.h. */
#pragma once

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "judge/judge.h"
#include "load/shape.h"
#include "measure/recorder.h"

#define TIMEOUT_NS (2 * NS_PER_S)
#define CONNECT_TIMEOUT_NS NS_PER_S
#define MEMORY_LIMIT 1e9
#define SLOS_MAX 4

struct bad {
	enum failure kind;
	uint32_t n;
	int from_s; /* the first of them is due in this second of the level */
};

/* One level; what is 0 is as it should be. */
struct step {
	double offered;
	uint32_t requests;  /* 0: offered × seconds */
	int seconds;        /* 0: 10 */
	int64_t latency_ns; /* 0: 5 ms */
	uint32_t slow;      /* how many of the last requests take slow_ns instead */
	int64_t slow_ns;
	int64_t lateness_ns;
	double capacity_per_s; /* from capacity_from_s on answers come one after the other, so many a second; 0: as they
				* will */
	int capacity_from_s;
	struct bad bad[3];
	uint32_t bad_one_in;     /* only every so many-th of them; 0: one after the other */
	uint32_t one_in_each[3]; /* the same of each `bad` by itself, where it is above 0 */
	int64_t gap_ns;
	double cpu; /* from cpu_from_s on */
	int cpu_from_s;
	double memory; /* share of the limit, from memory_from_s on */
	int memory_from_s;
	double memory_per_s;                            /* how much it grows */
	double throttled, memory_pressure, io_pressure; /* from stalled_from_s on */
	double stolen;                                  /* likewise */
	int stalled_from_s;
	double own_stolen;           /* of the generator's machine */
	int threads, threads_from_s; /* 0: 10 */
	int gone_at_s;               /* 1 …; 0: never */
	int back_at_s;               /* it is there again; 0: never */
	int kill_at_s;               /* the OOM counter rises; 1 …; 0: never */
	bool is_cut;
};

struct scripted_run {
	struct plan plan;
	struct plan_scenario scenario;
	struct plan_request request;
	struct plan_slo slos[SLOS_MAX];
	struct recorder *recorder;
	struct summary *summary;
	struct judge *judge;
	struct run_facts facts;
	int64_t now_ns;
	uint32_t levels;
	double kills;
	bool is_gone;
};

static inline const struct plan_metric *
metric_named(const char *name)
{
	for (size_t i = 0; judge_metrics[i] != NULL; i++)
		if (strcmp(judge_metrics[i]->name, name) == 0)
			return judge_metrics[i];
	fail_msg("no metric is named %s", name);
	return NULL;
}

static inline struct expr
make_expr(const char *metric, double quantile, enum expr_op op, double value)
{
	return (struct expr){.text = metric,
		.metric = metric_named(metric),
		.request = -1,
		.stat = quantile > 0 ? EXPR_PERCENTILE : EXPR_VALUE,
		.quantile = quantile,
		.op = op,
		.value = value};
}

static inline const struct plan_choice *
shape_named(const char *name)
{
	for (size_t i = 0; shape_choices[i] != NULL; i++)
		if (strcmp(shape_choices[i]->name, name) == 0)
			return shape_choices[i];
	fail_msg("there is no shape '%s'", name);
	return NULL;
}

/* The defaults of a profile. Add SLOs before the first level is played. */
static inline void
run_init(struct scripted_run *run, const char *shape)
{
	*run = (struct scripted_run){.request = {.name = "root"}};
	run->scenario =
		(struct plan_scenario){.name = "default", .load.shape.choice = shape_named(shape), .requests_n = 1};
	run->plan = (struct plan){
		.name = "test",
		.scenarios = &run->scenario,
		.scenarios_n = 1,
		.requests = &run->request,
		.requests_n = 1,
		.target = {.timeout_ns = TIMEOUT_NS, .connect_timeout_ns = CONNECT_TIMEOUT_NS},
		.break_when = {.error_rate = 0.1, .timeout_rate = 0.05, .memory = 0.9, .cpu = 0.95, .crash = true},
		.safe_share = 0.8,
		.slos = run->slos,
		.generator = {.lateness_p99_ns = NS_PER_MS,
			.lateness_share = 0.1,
			.taken_min = 0.99,
			.client_failures_max = 0.001,
			.loop_gap_ns = NS_PER_S},
		.output.interval_ns = NS_PER_S,
	};
	run->recorder = recorder_new(&(struct recorder_config){.requests_n = 1, .open_levels_max = 4});
	run->summary = summary_new(&run->plan);
}

static inline void
run_add_slo(struct scripted_run *run, struct expr expr)
{
	assert_true(run->plan.slos_n < SLOS_MAX);
	run->slos[run->plan.slos_n++].expr = expr;
}

static inline void
run_fini(struct scripted_run *run)
{
	judge_free(run->judge);
	summary_free(run->summary);
	recorder_free(run->recorder);
}

static inline struct exchange
make_exchange(
	const struct step *step, uint32_t level, uint32_t i, uint32_t n, int64_t due_ns, int second, uint32_t *used)
{
	struct exchange x = {.k = i,
		.level = level,
		.due_ns = due_ns,
		.taken_ns = due_ns + step->lateness_ns,
		.sent_ns = due_ns + step->lateness_ns,
		.connect_ns = -1,
		.outcome = OUTCOME_OK,
		.status = 200};
	int64_t latency_ns = step->latency_ns > 0 ? step->latency_ns : 5 * NS_PER_MS;

	x.last_byte_ns = due_ns + (i >= n - step->slow ? step->slow_ns : latency_ns);
	x.first_byte_ns = x.last_byte_ns;
	for (size_t b = 0; b < ARRAY_LEN(step->bad); b++) {
		const struct bad *bad = &step->bad[b];
		uint32_t one_in = step->one_in_each[b] > 0 ? step->one_in_each[b] : step->bad_one_in;

		if (x.outcome == OUTCOME_FAILURE || used[b] >= bad->n || second < bad->from_s ||
			(one_in > 0 && i % one_in > 0))
			continue;
		bool is_timeout = bad->kind == FAILURE_RESPONSE_TIMEOUT || bad->kind == FAILURE_QUEUE_TIMEOUT;
		int64_t took_ns = bad->kind == FAILURE_CONNECT_TIMEOUT ? CONNECT_TIMEOUT_NS
				  : is_timeout                         ? TIMEOUT_NS
								       : NS_PER_MS;

		used[b]++;
		x.outcome = OUTCOME_FAILURE;
		x.failure = bad->kind;
		x.last_byte_ns = due_ns + took_ns;
		x.status = 0;
		x.first_byte_ns = -1;
		if (failure_rows[bad->kind].counts != COUNTS_FAILED)
			x.sent_ns = -1;
	}
	return x;
}

/* A server with one queue: what would be answered after the timeout no more is. */
static inline void
queue_exchanges(const struct step *step, struct exchange *all, uint32_t n, int64_t start_ns)
{
	int64_t free_ns = start_ns, from_ns = start_ns + step->capacity_from_s * NS_PER_S;

	for (uint32_t i = 0; i < n && step->capacity_per_s > 0; i++) {
		struct exchange *x = &all[i];

		if (x->due_ns < from_ns || x->outcome == OUTCOME_FAILURE)
			continue;
		free_ns = (free_ns > x->due_ns ? free_ns : x->due_ns) + (int64_t)(1e9 / step->capacity_per_s);
		x->last_byte_ns = x->first_byte_ns = free_ns > x->last_byte_ns ? free_ns : x->last_byte_ns;
		if (x->last_byte_ns - x->due_ns <= TIMEOUT_NS)
			continue;
		free_ns -= (int64_t)(1e9 / step->capacity_per_s); /* it is not worked on */
		x->outcome = OUTCOME_FAILURE;
		x->failure = FAILURE_RESPONSE_TIMEOUT;
		x->last_byte_ns = x->due_ns + TIMEOUT_NS;
		x->first_byte_ns = -1;
		x->status = 0;
	}
}

/* How many are under way at that time. */
static inline uint32_t
count_in_flight(const struct exchange *all, uint32_t n, int64_t at_ns)
{
	uint32_t in_flight = 0;

	for (uint32_t i = 0; i < n; i++)
		in_flight += all[i].taken_ns <= at_ns && all[i].last_byte_ns > at_ns;
	return in_flight;
}

struct turn {
	int64_t at_ns;
	int change;
};

static inline int
by_time(const void *a, const void *b)
{
	const struct turn *t = a, *u = b;

	return (t->at_ns > u->at_ns) - (t->at_ns < u->at_ns);
}

/* Each beginning and end of this second, in order. */
static inline void
tell_in_flight(struct scripted_run *run, const struct exchange *all, uint32_t n, int64_t end_ns)
{
	int64_t from_ns = run->now_ns, to_ns = run->now_ns + NS_PER_S;
	struct turn *turns = must_calloc(2 * (size_t)n + 2, sizeof(*turns));
	uint32_t in_flight = count_in_flight(all, n, from_ns);
	size_t turns_n = 0;

	turns[turns_n++] = (struct turn){from_ns, 0};
	if (end_ns > from_ns && end_ns < to_ns)
		turns[turns_n++] = (struct turn){end_ns, 0};
	for (uint32_t i = 0; i < n; i++) {
		if (all[i].taken_ns > from_ns && all[i].taken_ns < to_ns)
			turns[turns_n++] = (struct turn){all[i].taken_ns, +1};
		if (all[i].last_byte_ns > from_ns && all[i].last_byte_ns < to_ns)
			turns[turns_n++] = (struct turn){all[i].last_byte_ns, -1};
	}
	qsort(turns, turns_n, sizeof(*turns), by_time);
	for (size_t i = 0; i < turns_n; i++) {
		in_flight += (uint32_t)turns[i].change;
		recorder_in_flight(
			run->recorder, turns[i].at_ns < end_ns ? run->levels : LEVEL_NONE, in_flight, turns[i].at_ns);
	}
	free(turns);
}

static inline struct reading
make_reading(struct scripted_run *run, const struct step *step, int second)
{
	struct reading r = {.at_ns = run->now_ns + NS_PER_S / 2};

	for (int i = 0; i < GAUGE_COUNT; i++)
		r.values[i] = NAN;
	run->kills += step->kill_at_s > 0 && second == step->kill_at_s;
	run->is_gone = run->is_gone || (step->gone_at_s > 0 && second >= step->gone_at_s);
	run->is_gone = run->is_gone && !(step->back_at_s > 0 && second >= step->back_at_s);
	r.values[GAUGE_OOM_KILLS] = run->kills;
	r.values[GAUGE_PROCESSES] = run->is_gone ? 0 : 1;
	if (run->is_gone)
		return r;
	r.values[GAUGE_CPU] = r.values[GAUGE_CPU_THREAD] = second >= step->cpu_from_s ? step->cpu : 0.2;
	r.values[GAUGE_CPU_CORES] = r.values[GAUGE_CPU];
	r.values[GAUGE_CPU_ALLOWED] = 1;
	r.values[GAUGE_MEMORY] =
		MEMORY_LIMIT * ((second >= step->memory_from_s ? step->memory : 0.1) + step->memory_per_s * second);
	r.values[GAUGE_MEMORY_LIMIT] = MEMORY_LIMIT;
	r.values[GAUGE_THREADS] = step->threads > 0 && second >= step->threads_from_s ? step->threads : 10;
	r.values[GAUGE_THROTTLED] = second >= step->stalled_from_s ? step->throttled : 0;
	r.values[GAUGE_MEMORY_PRESSURE] = second >= step->stalled_from_s ? step->memory_pressure : 0;
	r.values[GAUGE_IO_PRESSURE] = second >= step->stalled_from_s ? step->io_pressure : 0;
	r.values[GAUGE_STOLEN] = second >= step->stalled_from_s ? step->stolen : 0;
	return r;
}

static inline void
add_own_reading(struct scripted_run *run, const struct step *step, uint32_t level)
{
	struct reading r = {.at_ns = run->now_ns + NS_PER_S / 2};

	for (int i = 0; i < GAUGE_COUNT; i++)
		r.values[i] = NAN;
	r.values[GAUGE_STOLEN] = step->own_stolen;
	recorder_add_reading(run->recorder, level, true, &r);
}

static inline void
end_interval(struct scripted_run *run, uint32_t level, const struct reading *reading, uint32_t in_flight)
{
	run->now_ns += NS_PER_S;
	struct interval *interval = recorder_take_interval(run->recorder, run->now_ns);

	assert_non_null(interval);
	interval_add_up(interval);
	interval->current_level = level;
	interval->target = *reading;
	interval->in_flight = in_flight;
	summary_add_interval(run->summary, interval);
	if (run->judge != NULL)
		judge_interval(run->judge, run->summary);
	recorder_give_interval(run->recorder, interval);
}

/* A second without load, as the baseline before it. */
static inline void
run_idle(struct scripted_run *run, double cpu)
{
	struct reading r = make_reading(run, &(struct step){.cpu = cpu, .memory_from_s = 1}, 0);

	recorder_add_reading(run->recorder, LEVEL_NONE, false, &r);
	end_interval(run, LEVEL_NONE, &r, 0);
}

static inline void
play_second(struct scripted_run *run, const struct step *step, const struct exchange *all, uint32_t n, int64_t end_ns)
{
	uint32_t level = run->levels;

	for (uint32_t i = 0; i < n; i++) {
		const struct exchange *x = &all[i];
		bool ends = x->last_byte_ns >= run->now_ns && x->last_byte_ns < run->now_ns + NS_PER_S;
		bool is_lost = x->outcome == OUTCOME_FAILURE &&
			       (x->failure == FAILURE_LOOP_GAP || x->failure == FAILURE_CANCELLED ||
				       x->failure == FAILURE_IN_FLIGHT_FULL);

		if (x->due_ns >= run->now_ns && x->due_ns < run->now_ns + NS_PER_S) {
			recorder_add_scheduled(run->recorder, level, 0, 1);
			if (x->sent_ns >= 0)
				recorder_add_sent(run->recorder, level, 0);
		}
		if (ends && is_lost)
			recorder_add_lost(run->recorder, level, 0, x->failure, 1);
		else if (ends)
			recorder_add_exchange(run->recorder, x, x->last_byte_ns < end_ns ? level : LEVEL_NONE);
	}
	tell_in_flight(run, all, n, end_ns);
	if (step->gap_ns > 0)
		recorder_add_loop_gap(run->recorder, level, step->gap_ns);
}

/* Plays what became of a level's requests, to the end of the last, and has it judged. */
static inline const struct level_verdict *
run_play_exchanges(
	struct scripted_run *run, const struct step *step, int seconds, const struct exchange *all, uint32_t n)
{
	int64_t start_ns = run->now_ns, end_ns = start_ns + seconds * NS_PER_S, last_ns = end_ns;

	if (run->judge == NULL)
		run->judge = judge_new(&run->plan);
	summary_add_level(run->summary, run->levels, start_ns, end_ns + (step->is_cut ? 1 : 0), step->offered);
	for (uint32_t i = 0; i < n; i++)
		last_ns = all[i].last_byte_ns >= last_ns ? all[i].last_byte_ns + 1 : last_ns;
	for (int second = 0; run->now_ns < last_ns; second++) {
		uint32_t current = second < seconds ? run->levels : LEVEL_NONE;
		struct reading r = make_reading(run, step, second);

		play_second(run, step, all, n, end_ns);
		recorder_add_reading(run->recorder, current, false, &r);
		add_own_reading(run, step, current);
		if (run->now_ns + NS_PER_S >= last_ns)
			recorder_close_level(run->recorder, run->levels);
		end_interval(run, current, &r, count_in_flight(all, n, run->now_ns + NS_PER_S - 1));
	}
	if (step->is_cut)
		summary_cut(run->summary, end_ns);
	return judge_level(run->judge, run->summary, summary_level(run->summary, run->levels++), &run->facts);
}

/* The same as the step says that it went. */
static inline const struct level_verdict *
run_play(struct scripted_run *run, struct step step)
{
	int seconds = step.seconds > 0 ? step.seconds : 10;
	uint32_t n = step.requests > 0 ? step.requests : (uint32_t)lround(step.offered * seconds), used[3] = {0};
	struct exchange *all = must_calloc(n, sizeof(*all));
	int64_t start_ns = run->now_ns;

	for (uint32_t i = 0; i < n; i++) {
		int64_t due_ns = start_ns + (int64_t)((double)i / n * seconds * (double)NS_PER_S);

		all[i] = make_exchange(&step, run->levels, i, n, due_ns, (int)((due_ns - start_ns) / NS_PER_S), used);
	}
	queue_exchanges(&step, all, n, start_ns);
	const struct level_verdict *verdict = run_play_exchanges(run, &step, seconds, all, n);

	free(all);
	return verdict;
}

/* Plays and forgets the level's histograms, as a run does. */
static inline enum level_status
run_play_on(struct scripted_run *run, struct step step)
{
	enum level_status status = run_play(run, step)->status;

	summary_settle_level(run->summary, run->levels - 1);
	return status;
}

static inline const struct finding *
find_rule(const struct level_verdict *verdict, const char *rule)
{
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (strcmp(verdict->findings[i].rule, rule) == 0)
			return &verdict->findings[i];
	return NULL;
}

/* A level's `bad` that breaks it. */
#define BREAKING                                                                                                       \
	{                                                                                                              \
		{                                                                                                      \
			FAILURE_STATUS, 1000, 0                                                                        \
		}                                                                                                      \
	}

static inline const struct verdict *
conclude(struct scripted_run *run)
{
	return judge_run(run->judge, run->summary, &run->facts);
}

static inline bool
has_reason(const struct verdict *v, const char *text)
{
	for (size_t i = 0; i < v->reasons_n; i++)
		if (strstr(v->reasons[i], text) != NULL)
			return true;
	return false;
}
