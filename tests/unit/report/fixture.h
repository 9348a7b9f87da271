#pragma once

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "measure/recorder.h"
#include "report/reporter.h"

/* A stepped run of three levels, measured by measure/'s own code from exchanges that are the same every time: the third
 * level breaks with statuses 503 and timeouts. The verdict is written down here, as judge/ would find it. */

static struct plan_request fixture_requests[2] = {
	{.name = "browse", .method = "GET", .path = "/items"},
	{.name = "buy", .method = "POST", .path = "/orders"},
};
static struct plan_scenario fixture_scenarios[1] = {{.name = "default", .requests_n = 2}};
static const struct plan_metric fixture_p95 = {.name = "response", .unit = UNIT_TIME, .stats = STAT_DISTRIBUTION};
static const struct plan_metric fixture_rate = {.name = "max_sustainable_rate", .unit = UNIT_RATE};
static struct plan_slo fixture_slos[3];

static inline struct plan
fixture_plan(void)
{
	fixture_slos[0].expr = (struct expr){
		.text = "p95 <= 550ms (stretch 4ms)", .metric = &fixture_p95, .op = EXPR_LE, .value = 550e6};
	fixture_slos[1].expr = (struct expr){
		.text = "max_sustainable_rate >= 150/s", .metric = &fixture_rate, .op = EXPR_GE, .value = 150};
	fixture_slos[2].expr =
		(struct expr){.text = "buy.p99 < 1s", .metric = &fixture_p95, .op = EXPR_LT, .value = 1e9};
	return (struct plan){
		.name = "checkout",
		.path = "profiles/checkout.yaml",
		.target =
			{.url = {.text = "http://127.0.0.1:8080", .scheme = "http", .host = "127.0.0.1", .port = 8080},
				.timeout_ns = 5 * NS_PER_S},
		.scenarios = fixture_scenarios,
		.scenarios_n = 1,
		.requests = fixture_requests,
		.requests_n = 2,
		.slos = fixture_slos,
		.slos_n = 3,
		.generator = {.lateness_p99_ns = NS_PER_MS},
		.output = {.dir = "results", .interval_ns = NS_PER_S},
		.effective_yaml = "name: checkout\n",
		.effective_json = "{\"name\": \"checkout\", \"seed\": 9007199254740993}",
		.hash = "00112233aabbccdd",
	};
}

static const double fixture_rates[] = {100, 200, 240};
#define FIXTURE_LEVEL_S 4

/* Its answers are generated: an odd one reasons first, every fourth is cut by its limit of tokens. */
static bool fixture_generates;

static inline struct generation
fixture_generation(const struct exchange *x)
{
	int64_t first_ns = x->first_byte_ns + 5 * NS_PER_MS + (int64_t)(x->k % 50) * NS_PER_MS / 10;

	return (struct generation){
		.first_event_ns = x->first_byte_ns,
		.first_token_ns = first_ns,
		.first_content_ns = first_ns + (int64_t)(x->k % 2) * 8 * NS_PER_MS,
		.last_token_ns = first_ns + 38 * NS_PER_MS,
		.events = 22,
		.chunks = 20,
		.coalesced = x->k % 10 == 0 ? 2 : 0,
		.prompt_tokens = 100 + x->k % 100,
		.cached_tokens = x->k % 3 == 0 ? 64 : 0,
		.has_prompt_tokens = true,
		.completion_tokens = 20,
		.basis = TOKENS_BY_USAGE,
		.finish = x->k % 4 == 0 ? FINISH_LENGTH : FINISH_STOP,
	};
}

/* Where the events of the run go too; NULL: nowhere. */
static struct buf *fixture_events;

static inline void
fixture_add_exchange(struct recorder *recorder, uint32_t level, uint64_t k, int64_t due_ns)
{
	uint32_t request = k % 10 == 0;
	struct exchange x = {
		.k = k,
		.request = request,
		.level = level,
		.due_ns = due_ns,
		.taken_ns = due_ns + 2000 + (int64_t)(k * 37 % 29) * 1000,
		.connect_ns = k % 40 == 0 ? 150000 : -1,
		.outcome = OUTCOME_OK,
		.status = 200,
		.bytes_sent = 90,
		.bytes_received = 512,
	};

	recorder_add_scheduled(recorder, level, request, 1);
	if (level == 2 && k % 50 == 7) {
		recorder_add_lost(recorder, level, request, FAILURE_QUEUE_TIMEOUT, 1);
		return;
	}
	x.sent_ns = x.taken_ns + (level == 2 ? 900000 : 15000);
	x.first_byte_ns = x.sent_ns + 2 * NS_PER_MS + (int64_t)(k * 7919 % 1000) * 3000 * (level + 1);
	x.last_byte_ns = x.first_byte_ns + 40000 + (k % 97 == 0 ? 60 * NS_PER_MS : 0);
	if (level == 2 && k % 8 == 3) {
		x.outcome = OUTCOME_FAILURE;
		x.failure = k % 16 == 3 ? FAILURE_STATUS : FAILURE_RESPONSE_TIMEOUT;
		x.phase = k % 16 == 3 ? EXCHANGE_ANSWER : EXCHANGE_HEADERS;
		x.status = k % 16 == 3 ? 503 : 0;
	}
	struct generation generation = fixture_generation(&x);

	if (fixture_generates) {
		x.generation = &generation;
		x.wanted_prompt_tokens = 90 + k % 100;
		x.last_byte_ns = generation.last_token_ns + 100000;
		for (int gap = 1; gap < 20; gap++)
			recorder_add_gap(recorder, level, 2 * NS_PER_MS);
	}
	recorder_add_sent(recorder, level, request);
	recorder_add_exchange(recorder, &x, level);
}

static inline void
fixture_reading(struct recorder *recorder, uint32_t level, bool is_self, int64_t at_ns, struct reading *reading)
{
	reading->at_ns = at_ns;
	for (int g = 0; g < GAUGE_COUNT; g++)
		reading->values[g] = NAN;
	reading->values[GAUGE_CPU] = is_self ? 0.06 : 0.25 * (level + 1) + 0.01;
	reading->values[GAUGE_MEMORY] = is_self ? 12e6 : 64e6 + 8e6 * level;
	if (is_self) {
		reading->values[GAUGE_FDS] = 30 + level;
		reading->values[GAUGE_FDS_LIMIT] = 1024;
		reading->values[GAUGE_PORTS] = 23 + level;
		reading->values[GAUGE_PORTS_LIMIT] = 28232;
	} else {
		reading->values[GAUGE_THREADS] = 4;
	}
	recorder_add_reading(recorder, level, is_self, reading);
}

static inline void
fixture_add_interval(struct summary *summary, struct recorder *recorder, uint32_t level, int64_t start_ns)
{
	uint64_t n = (uint64_t)fixture_rates[level];
	struct reading target, self;

	recorder_in_flight(recorder, level, 3 + level * 20, start_ns);
	for (uint64_t k = 0; k < n; k++)
		fixture_add_exchange(recorder, level, k, start_ns + (int64_t)(k * NS_PER_S / n));
	fixture_reading(recorder, level, false, start_ns + NS_PER_S / 2, &target);
	fixture_reading(recorder, level, true, start_ns + NS_PER_S / 2, &self);
	recorder_add_loop_gap(recorder, level, 350000);
	recorder_in_flight(recorder, level, 3 + level * 20, start_ns + NS_PER_S);
	if (start_ns / NS_PER_S % FIXTURE_LEVEL_S == FIXTURE_LEVEL_S - 1)
		recorder_close_level(recorder, level);
	struct interval *interval = recorder_take_interval(recorder, start_ns + NS_PER_S);

	CHECK(interval != NULL);
	interval_add_up(interval);
	interval->in_flight = 3 + level * 20;
	interval->connections = 24;
	interval->offered = fixture_rates[level];
	interval->current_level = level;
	interval->target = target;
	interval->self = self;
	summary_add_interval(summary, interval);
	if (fixture_events != NULL)
		CHECK(event_encode_interval(fixture_events, interval, summary->plan));
	recorder_give_interval(recorder, interval);
}

static inline void
fixture_settle(struct summary *summary, uint32_t level)
{
	const struct level_verdict judged = {.level = level, .status = LEVEL_OK, .slo_holds = true};

	summary_settle_level(summary, level);
	if (fixture_events != NULL)
		CHECK(event_encode_judged(fixture_events, &judged));
}

/* `levels` of them have run; 0: nothing was sent. The last stays live. */
static inline struct summary *
fixture_summary(const struct plan *plan, uint32_t levels)
{
	const struct recorder_config config = {
		.requests_n = 2, .good_when = plan->good_when, .good_when_n = plan->good_when_n, .open_levels_max = 4};
	struct recorder *recorder = recorder_new(&config);
	struct summary *summary = summary_new(plan);

	for (uint32_t level = 0; level < levels; level++) {
		int64_t start_ns = (int64_t)level * FIXTURE_LEVEL_S * NS_PER_S;

		summary_add_level(
			summary, level, start_ns, start_ns + FIXTURE_LEVEL_S * NS_PER_S, fixture_rates[level]);
		if (fixture_events != NULL)
			CHECK(event_encode_level(fixture_events, level, start_ns, start_ns + FIXTURE_LEVEL_S * NS_PER_S,
				fixture_rates[level]));
		for (int64_t s = 0; s < FIXTURE_LEVEL_S; s++)
			fixture_add_interval(summary, recorder, level, start_ns + s * NS_PER_S);
		if (level + 1 < levels)
			fixture_settle(summary, level);
	}
	recorder_free(recorder);
	return summary;
}

/* A second of warm-up after the levels: its place in time matters to nobody here. */
static inline void
fixture_add_warmup(struct summary *summary)
{
	const struct recorder_config config = {.requests_n = 2, .open_levels_max = 4};
	struct recorder *recorder = recorder_new(&config);

	summary_add_level(summary, LEVEL_WARMUP, 20 * NS_PER_S, 21 * NS_PER_S, 50);
	for (uint64_t k = 0; k < 50; k++)
		fixture_add_exchange(recorder, LEVEL_WARMUP, k, 20 * NS_PER_S + (int64_t)k * 20 * NS_PER_MS);
	recorder_add_scheduled(recorder, LEVEL_WARMUP, 1, 1);
	recorder_add_lost(recorder, LEVEL_WARMUP, 1, FAILURE_QUEUE_TIMEOUT, 1);
	struct interval *interval = recorder_take_interval(recorder, 21 * NS_PER_S);

	CHECK(interval != NULL);
	interval_add_up(interval);
	summary_add_interval(summary, interval);
	recorder_give_interval(recorder, interval);
	recorder_free(recorder);
}

static struct level_verdict fixture_levels[3];
static struct slo_verdict fixture_slo_verdicts[3];

static inline void
fixture_finding(struct finding *finding, const char *rule, enum failure_mode mode, enum level_status weight,
	double measured, double threshold, const char *text)
{
	*finding = (struct finding){.rule = rule,
		.mode = mode,
		.weight = weight,
		.onset_ns = 8 * NS_PER_S + 200 * NS_PER_MS,
		.measured = measured,
		.threshold = threshold};
	snprintf(finding->text, sizeof(finding->text), "%s", text);
}

static const struct load_curve fixture_curve = {.is_known = true,
	.knee = {.level = 1, .load = 200, .p95_ns = 6.2e6, .difference = 0.48},
	.usl = {.points = 7,
		.lambda = 81.3,
		.sigma = 0.124,
		.kappa = 0.0021,
		.lambda_se = 2.1,
		.sigma_se = 0.011,
		.kappa_se = 0.0004,
		.r_squared = 0.994,
		.residual = 0.031,
		.peak_load = 20.4,
		.peak_per_s = 397,
		.limit_per_s = NAN},
	.memory = {.points = 4,
		.idle_bytes = 52e6,
		.per_load_bytes = 81920,
		.per_load_ci = {71000, 93000},
		.r_squared = 0.99,
		.residual_bytes = 900000,
		.measured_idle_bytes = 52.4e6,
		.most_bytes = 71e6,
		.most_load = 240,
		.above_idle_bytes = 18.6e6,
		.above_idle_share = 0.355},
	.little_checked = 3};

static struct plan_alert fixture_alerts[2];
static struct alert_record fixture_alert_records[2];

static inline void
fixture_add_alerts(struct plan *plan, struct verdict *verdict)
{
	fixture_alerts[0] = (struct plan_alert){.name = "slow",
		.when = {.text = "p95 > 1s", .metric = &fixture_p95, .op = EXPR_GT, .value = 1e9},
		.for_ns = 2 * NS_PER_S};
	fixture_alerts[1] = (struct plan_alert){.name = "very slow", .when = fixture_alerts[0].when};
	fixture_alert_records[0] = (struct alert_record){.alert = &fixture_alerts[0],
		.fired = 2,
		.first_ns = 8 * NS_PER_S,
		.last_ns = 12 * NS_PER_S,
		.held_ns = 3 * NS_PER_S,
		.worst = 1.4e9};
	fixture_alert_records[1] =
		(struct alert_record){.alert = &fixture_alerts[1], .first_ns = -1, .last_ns = -1, .worst = NAN};
	plan->alerts = fixture_alerts;
	plan->alerts_n = 2;
	verdict->alerts = fixture_alert_records;
}

static inline struct verdict
fixture_verdict(void)
{
	for (uint32_t i = 0; i < 3; i++)
		fixture_levels[i] = (struct level_verdict){
			.level = i, .status = i == 2 ? LEVEL_BROKEN : LEVEL_OK, .slo_holds = i < 2};
	fixture_finding(&fixture_levels[2].findings[0], "error_rate", FAILURE_MODE_HIGH_ERROR_RATE, LEVEL_BROKEN,
		0.1458, 0.10, "14.6% of the requests did not end well, over 10%");
	fixture_finding(&fixture_levels[2].findings[1], "timeout_rate", FAILURE_MODE_TIMEOUT, LEVEL_BROKEN, 0.0833,
		0.05, "8.33% of the requests had no complete answer in time, over 5%");
	fixture_levels[2].findings_n = 2;
	fixture_levels[2].findings[0].excerpt = (struct excerpt){.of = "failed",
		.unit = UNIT_RATIO,
		.from_ns = 6 * NS_PER_S,
		.step_ns = NS_PER_S,
		.values = {0, NAN, 0.125, 0.4},
		.n = 4,
		.onset = 2};
	for (size_t i = 0; i < 3; i++)
		fixture_slo_verdicts[i] = (struct slo_verdict){.expr = &fixture_slos[i].expr};
	fixture_slo_verdicts[0] = (struct slo_verdict){&fixture_slos[0].expr, 6.2e6, SLO_STRETCH_MISSED};
	fixture_slo_verdicts[1] = (struct slo_verdict){&fixture_slos[1].expr, 200, SLO_PASS};
	fixture_slo_verdicts[2] = (struct slo_verdict){&fixture_slos[2].expr, INFINITY, SLO_FAIL};
	return (struct verdict){
		.status = VERDICT_PASS,
		.levels = fixture_levels,
		.levels_n = 3,
		.slos = fixture_slo_verdicts,
		.breaking_point = {.is_stepped = true,
			.is_found = true,
			.max_sustainable_level = 1,
			.first_broken_level = 2,
			.max_sustainable = 200,
			.first_broken = 240,
			.safe = 160,
			.interval = {200, 240},
			.max_goodput_per_s = 205,
			.memory_before = 310e6,
			.memory_after = 455e6,
			.error_rate_at_break = 0.1458,
			.is_sudden = false,
			.levels_tested = 3,
			.recovered_after_ns = 1200 * NS_PER_MS,
			.confidence = {.level = 0.95,
				.rests_on = FAILURE_MODE_HIGH_ERROR_RATE,
				.threshold = 0.1,
				.sustained_errors = {0, 0.003},
				.broken_errors = {0.127, 0.164},
				.sustained_timeouts = {0, 0.002},
				.broken_timeouts = {0.07, 0.09},
				.is_separated = true}},
		.curve = fixture_curve,
		.failure_mode = FAILURE_MODE_HIGH_ERROR_RATE,
		.causes = {FAILURE_MODE_HIGH_ERROR_RATE, FAILURE_MODE_TIMEOUT},
		.causes_n = 2,
		.evidence = {&fixture_levels[2].findings[0], &fixture_levels[2].findings[1]},
		.evidence_n = 2,
		.onset_ns = 8200 * NS_PER_MS,
		.score = {.grade = GRADE_ACCEPTABLE, .met = 2, .judged = 3},
		.advice = {{.name = "high_error_rate",
			.text = "look at what the failing answers say",
			.evidence = "14.6% of the requests did not end well, over 10%"}},
		.advice_n = 1,
	};
}

static inline struct report
fixture_report(const struct plan *plan, const struct summary *summary, const struct verdict *verdict)
{
	return (struct report){
		.plan = plan,
		.summary = summary,
		.verdict = verdict,
		.identity = {.id = "20261122T020000Z-1a2b3c",
			.started_wall_ns = INT64_C(1795312800) * NS_PER_S,
			.shards = 1},
		.duration_ns = 12400 * NS_PER_MS,
		.workers = 3,
		.pacing = "precise",
		.results_dir = "results/checkout/20261122T020000Z-1a2b3c",
		.target_address = "127.0.0.1:8080",
	};
}

/* A run that never sent anything, and what can be said of it. */
static inline struct verdict
fixture_unreachable(void)
{
	struct verdict verdict = {.status = VERDICT_UNREACHABLE,
		.exit_code = 4,
		.reasons_n = 1,
		.onset_ns = -1,
		.breaking_point = {.max_sustainable_level = -1,
			.first_broken_level = -1,
			.max_sustainable = NAN,
			.first_broken = NAN,
			.safe = NAN,
			.interval = {NAN, NAN},
			.memory_before = NAN,
			.memory_after = NAN,
			.max_goodput_per_s = NAN,
			.error_rate_at_break = NAN,
			.recovered_after_ns = -2}};

	snprintf(verdict.reasons[0], sizeof(verdict.reasons[0]), "127.0.0.1:8080 refused the connection");
	return verdict;
}
