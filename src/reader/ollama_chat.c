#include "reader/ollama.h"

/* A tool call comes whole, its arguments as an object: its name stands for it. */

static const struct json_want function[] = {
	JSON_WANT("name", LLM_TOOL),
	JSON_WANTS_END,
};

static const struct json_want tool_call[] = {
	JSON_WANT_IN("function", 0, function),
	JSON_WANTS_END,
};

static const struct json_want message[] = {
	JSON_WANT("content", LLM_CONTENT),
	JSON_WANT("thinking", LLM_REASONING),
	JSON_WANT_IN("tool_calls", 0, tool_call),
	JSON_WANTS_END,
};

static const struct json_want answer[] = {
	JSON_WANT_IN("message", 0, message),
	OLLAMA_WANTS,
	JSON_WANTS_END,
};

static void
compose(struct arena *arena, const struct plan_llm *llm, struct plan_node *body)
{
	llm_text(arena, body, "model", llm->model);
	llm_messages(arena, llm, body, true);
	ollama_compose_rest(arena, llm, body);
}

const struct llm_dialect ollama_chat_llm = {
	.api =
		{
			.name = "ollama-chat",
			.help = "POST /api/chat",
			.reader = &ollama_chat_reader.choice,
			.stream_path = "/api/chat",
			.whole_path = "/api/chat",
			.accept = "application/x-ndjson",
			.takes_messages = true,
			.takes_system = true,
			.needs_model = true,
			.answer_open = ",{\"role\":\"assistant\",\"content\":\"",
			.answer_close = "\"},",
			.compose = compose,
		},
	.framing = &ndjson_framing,
	.event = answer,
	.whole = answer,
	.has_end = true,
	.has_finish = true,
};
