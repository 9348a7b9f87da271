#pragma once

#include "base/error.h"
#include "plan/parse.h"
#include "plan/llm.h"
#include "plan/plan.h"

/* Small tables in place of those that load/, proto/, reader/ and judge/ own. */

struct fake_steady {
	double rate;
	int64_t for_ns;
	uint64_t count;
};

struct fake_ramp {
	double from, to;
	int64_t over_ns;
};

struct fake_steps {
	double from, by, to;
	int64_t every_ns;
};

struct fake_stages {
	struct plan_list list;
};

struct fake_users {
	double users;
	uint64_t iterations;
	int64_t for_ns;
};

struct fake_trace {
	const char *file;
	double speed;
	bool is_named;
};

static const struct plan_key fake_steady_keys[] = {
	{.name = "rate", .type = PLAN_LEVEL, .offset = offsetof(struct fake_steady, rate), .help = "how much"},
	{.name = "for",
		.type = PLAN_TIME,
		.offset = offsetof(struct fake_steady, for_ns),
		.default_text = "",
		.help = "how long"},
	{.name = "count",
		.type = PLAN_COUNT,
		.offset = offsetof(struct fake_steady, count),
		.default_text = "",
		.help = "how many"},
	PLAN_KEYS_END,
};

static const struct plan_key fake_ramp_keys[] = {
	{.name = "from",
		.type = PLAN_LEVEL,
		.offset = offsetof(struct fake_ramp, from),
		.default_text = "",
		.help = "level at the start"},
	{.name = "to", .type = PLAN_LEVEL, .offset = offsetof(struct fake_ramp, to), .help = "level at the end"},
	{.name = "over",
		.type = PLAN_TIME,
		.offset = offsetof(struct fake_ramp, over_ns),
		.min = 1e6,
		.help = "how long"},
	PLAN_KEYS_END,
};

static const struct plan_key fake_steps_keys[] = {
	{.name = "from",
		.type = PLAN_LEVEL,
		.offset = offsetof(struct fake_steps, from),
		.help = "first level",
		.is_above_0 = true},
	{.name = "by", .type = PLAN_LEVEL, .offset = offsetof(struct fake_steps, by), .help = "what each step adds"},
	{.name = "every",
		.type = PLAN_TIME,
		.offset = offsetof(struct fake_steps, every_ns),
		.help = "how long a level lasts"},
	{.name = "to", .type = PLAN_LEVEL, .offset = offsetof(struct fake_steps, to), .help = "last level"},
	PLAN_KEYS_END,
};

static const struct plan_key fake_stages_keys[] = {
	{.name = "stages",
		.type = PLAN_CUSTOM,
		.offset = offsetof(struct fake_stages, list),
		.parse = plan_parse_chosen_list,
		.form = "a list of shapes",
		.help = "one after the other"},
	PLAN_KEYS_END,
};

static const struct plan_key fake_users_keys[] = {
	{.name = "users", .type = PLAN_LEVEL, .offset = offsetof(struct fake_users, users), .help = "how many"},
	{.name = "iterations",
		.type = PLAN_COUNT,
		.offset = offsetof(struct fake_users, iterations),
		.default_text = "",
		.help = "requests in all"},
	{.name = "for",
		.type = PLAN_TIME,
		.offset = offsetof(struct fake_users, for_ns),
		.default_text = "",
		.help = "how long"},
	PLAN_KEYS_END,
};

static const struct plan_key fake_trace_keys[] = {
	{.name = "file",
		.type = PLAN_CUSTOM,
		.offset = offsetof(struct fake_trace, file),
		.parse = plan_parse_path,
		.form = "a file",
		.help = "timestamps"},
	{.name = "speed",
		.type = PLAN_NUMBER,
		.offset = offsetof(struct fake_trace, speed),
		.default_text = "1",
		.min = 1e-3,
		.max = 1e3,
		.help = "how many times faster"},
	{.name = "named",
		.type = PLAN_BOOL,
		.offset = offsetof(struct fake_trace, is_named),
		.default_text = "false",
		.help = "lines name requests"},
	PLAN_KEYS_END,
};

static inline bool
fake_steady_check(const void *params, struct error *err)
{
	const struct fake_steady *steady = params;

	if ((steady->for_ns > 0) == (steady->count > 0))
		return error_set(err, "write either 'for' or 'count'");
	return true;
}

static const struct plan_choice fake_steady = {.name = "steady",
	.help = "always the same",
	.keys = fake_steady_keys,
	.params_size = sizeof(struct fake_steady),
	.check = fake_steady_check,
	.flat_key = "rate",
	.example = "{rate: 1000/s, for: 30s}"};
static const struct plan_choice fake_ramp = {.name = "ramp",
	.help = "changes evenly",
	.keys = fake_ramp_keys,
	.params_size = sizeof(struct fake_ramp),
	.flat_key = "to"};
static const struct plan_choice fake_steps = {.name = "steps",
	.help = "rises step by step",
	.keys = fake_steps_keys,
	.params_size = sizeof(struct fake_steps)};
static const struct plan_choice fake_stages = {.name = "stages",
	.help = "a chain",
	.keys = fake_stages_keys,
	.params_size = sizeof(struct fake_stages),
	.example = "[{rate: 50/s, for: 10s}, {to: 200/s, over: 30s}]"};
static const struct plan_choice fake_concurrency = {.name = "concurrency",
	.help = "users, closed loop",
	.keys = fake_users_keys,
	.params_size = sizeof(struct fake_users)};
static const struct plan_choice fake_trace = {
	.name = "trace", .help = "from a file", .keys = fake_trace_keys, .params_size = sizeof(struct fake_trace)};

static const struct plan_key no_keys[] = {PLAN_KEYS_END};
static const struct plan_choice fake_http1 = {.name = "1", .help = "HTTP/1.1", .keys = no_keys};
static const struct plan_choice fake_null = {
	.name = "null", .help = "sends nothing", .keys = no_keys, .is_for_tests = true};
static const struct plan_choice fake_http2 = {
	.name = "2", .help = "HTTP/2", .keys = no_keys, .is_multiplexed = true, .is_for_tests = true};
static const struct plan_choice fake_websocket = {
	.name = "websocket", .help = "WebSocket", .keys = no_keys, .scheme = "ws", .is_for_tests = true};
static const struct plan_choice fake_messages = {
	.name = "messages", .help = "messages", .keys = no_keys, .searches_body = true, .is_for_tests = true};
static const struct plan_choice fake_grpc = {.name = "grpc", .help = "calls", .keys = no_keys, .is_for_tests = true};
static const struct plan_choice fake_discard = {.name = "discard", .help = "counts bytes", .keys = no_keys};
static const struct plan_choice fake_text = {
	.name = "text", .help = "must hold expect.body", .keys = no_keys, .searches_body = true};
static const struct plan_choice fake_json = {.name = "json", .help = "must be JSON", .keys = no_keys};

static const struct plan_metric fake_response = {.name = "response",
	.unit = UNIT_TIME,
	.stats = STAT_DISTRIBUTION,
	.is_per_request = true,
	.help = "from due",
	.is_of_an_answer = true};
static const struct plan_metric fake_service = {.name = "service",
	.unit = UNIT_TIME,
	.stats = STAT_DISTRIBUTION,
	.is_per_request = true,
	.help = "the server's",
	.is_of_an_answer = true};
static const struct plan_metric fake_error_rate = {
	.name = "error_rate", .unit = UNIT_RATIO, .stats = STAT_NONE, .is_per_request = true, .help = "errors"};
static const struct plan_metric fake_max_rate = {.name = "max_sustainable_rate",
	.unit = UNIT_RATE,
	.stats = STAT_NONE,
	.is_higher_better = true,
	.help = "the answer",
	.is_of_the_run = true};
static const struct plan_metric fake_spike_rate = {
	.name = "spike_rate", .unit = UNIT_RATIO, .stats = STAT_NONE, .help = "outliers"};
static const struct plan_metric fake_cpu = {
	.name = "cpu", .unit = UNIT_RATIO, .stats = STAT_GAUGE, .help = "CPU of the target", .is_of_the_target = true};
static const struct plan_metric fake_memory = {.name = "memory",
	.unit = UNIT_BYTES,
	.stats = STAT_GAUGE,
	.help = "memory of the target",
	.is_of_the_target = true};
static const struct plan_metric fake_threads = {
	.name = "threads", .unit = UNIT_COUNT, .stats = STAT_GAUGE, .help = "threads", .is_of_the_target = true};

static const struct plan_choice *const fake_shapes[] = {
	&fake_steady, &fake_ramp, &fake_steps, &fake_stages, &fake_concurrency, &fake_trace, NULL};
static const struct plan_choice *const fake_protocols[] = {&fake_http1, &fake_http2, &fake_null, &fake_websocket, NULL};
static const struct plan_choice *const fake_readers[] = {
	&fake_discard, &fake_text, &fake_json, &fake_grpc, &fake_messages, NULL};
static const struct plan_metric *const fake_metrics[] = {&fake_response, &fake_service, &fake_error_rate,
	&fake_max_rate, &fake_spike_rate, &fake_cpu, &fake_memory, &fake_threads, NULL};

/* An API that takes messages, demands a model and has its name in its path; and one that takes a text. */
static void
fake_compose_chat(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "model", llm->model);
	llm_messages(arena, llm, body, true);
	llm_value(arena, body, "max_tokens", llm->max_tokens);
	llm_bool(arena, body, "stream", llm->streams);
}

static void
fake_compose_text(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "prompt", llm_prompt(arena, llm));
	llm_value(arena, llm_map(arena, body, "options"), "n", llm->max_tokens);
}

static const struct plan_pair fake_headers[] = {{"x-version", "3"}, {NULL, NULL}};
static const struct plan_llm_api fake_chat_api = {.name = "chat",
	.help = "chat",
	.reader = &fake_json,
	.stream_path = "/v1/{model}/stream",
	.whole_path = "/v1/whole",
	.headers = fake_headers,
	.accept = "text/event-stream",
	.takes_messages = true,
	.takes_system = true,
	.takes_ignore_eos = true,
	.needs_model = true,
	.answer_open = "<",
	.answer_close = ">",
	.compose = fake_compose_chat};
static const struct plan_llm_api fake_text_api = {.name = "text",
	.help = "text",
	.reader = &fake_json,
	.stream_path = "/text",
	.whole_path = "/text",
	.accept = "text/event-stream",
	.needs_max_tokens = true,
	.compose = fake_compose_text};
static const struct plan_llm_api fake_mute_api = {.name = NULL};
static const struct plan_llm_api *const fake_apis[] = {&fake_chat_api, &fake_text_api, &fake_mute_api, NULL};

static const struct plan_tables fake_tables = {.shapes = fake_shapes,
	.protocols = fake_protocols,
	.readers = fake_readers,
	.llm_apis = fake_apis,
	.metrics = fake_metrics};
