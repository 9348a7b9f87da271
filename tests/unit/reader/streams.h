#pragma once

/* clang-format off */

#include "measure/exchange.h"

/* Answers as servers send them, and what is to be made of them. '\x01' in a body ends a write. */
struct stream {
	const char *reader, *content_type, *body;
	unsigned status;
	enum failure verdict; /* FAILURE_COUNT: a good answer */
	uint32_t events, chunks, coalesced;
	uint64_t completion, prompt, cached;
	enum token_basis basis;
	enum finish finish;
	int first_event, first_token, first_content, last_token; /* number of the write that brought it, from 1; 0: none */
	const char *text; /* NULL: not looked at */
};

#define SSE "text/event-stream; charset=utf-8"
#define NDJSON "application/x-ndjson"
#define JSON "application/json"
#define GOOD FAILURE_COUNT
#define DONE "data: [DONE]\n\n"

/* OpenAI chat */
#define CHAT(delta) "data: {\"id\":\"c-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{" delta "},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n"
#define CHAT_ROLE CHAT("\"role\":\"assistant\",\"content\":\"\"")
#define CHAT_TEXT(text) CHAT("\"content\":\"" text "\"")
#define CHAT_FINISH(reason) "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}],\"usage\":null}\n\n"
#define CHAT_USAGE(p, c) "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":" #p ",\"total_tokens\":0,\"completion_tokens\":" #c "}}\n\n"
#define CHAT_COUNTED(text, c) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":" #c ",\"prompt_tokens_details\":{\"cached_tokens\":3}}}\n\n"
#define CHAT_ERROR "data: {\"error\": {\"message\": \"boom\", \"type\": \"internal_error\", \"code\": 500}}\n\n"

/* OpenAI completions */
#define COMPLETION(text, finish) "data: {\"id\":\"c\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"" text "\",\"finish_reason\":" finish "}]}\n\n"

/* Anthropic */
#define ANTHROPIC(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define ANTHROPIC_START ANTHROPIC("message_start", ",\"message\":{\"id\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":2,\"cache_read_input_tokens\":7,\"output_tokens\":1}}")
#define ANTHROPIC_BLOCK ANTHROPIC("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
#define ANTHROPIC_PING ANTHROPIC("ping", "")
#define ANTHROPIC_DELTA(type, key, text) ANTHROPIC("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"" type "\",\"" key "\":\"" text "\"}")
#define ANTHROPIC_TEXT(text) ANTHROPIC_DELTA("text_delta", "text", text)
#define ANTHROPIC_END ANTHROPIC("content_block_stop", ",\"index\":0") ANTHROPIC("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":15}")
#define ANTHROPIC_STOP ANTHROPIC("message_stop", "")

/* Ollama */
#define OLLAMA(text) "{\"model\":\"m\",\"created_at\":\"2025\",\"response\":\"" text "\",\"done\":false}\n"
#define OLLAMA_CHAT(message) "{\"model\":\"m\",\"message\":{\"role\":\"assistant\"," message "},\"done\":false}\n"
#define OLLAMA_DONE "\"done\":true,\"done_reason\":\"length\",\"total_duration\":5,\"load_duration\":1,\"prompt_eval_count\":26,\"prompt_eval_duration\":1,\"eval_count\":4,\"eval_duration\":3}\n"

/* TGI */
#define TGI(text) "data:{\"index\":1,\"token\":{\"id\":5,\"text\":\"" text "\",\"logprob\":-0.5,\"special\":false},\"generated_text\":null,\"details\":null}\n\n"
#define TGI_LAST "data:{\"index\":3,\"token\":{\"id\":2,\"text\":\"</s>\",\"logprob\":-0.1,\"special\":true},\"generated_text\":\" a b\",\"details\":{\"finish_reason\":\"eos_token\",\"generated_tokens\":3,\"input_length\":8,\"seed\":null}}\n\n"

/* Triton, SGLang */
#define TRITON(text) "data: {\"model_name\":\"m\",\"model_version\":\"1\",\"text_output\":\"" text "\"}\n\n"
#define SGLANG(text, c, finish) "data: {\"text\": \"" text "\", \"meta_info\": {\"id\": \"x\", \"finish_reason\": " finish ", \"prompt_tokens\": 9, \"completion_tokens\": " #c ", \"cached_tokens\": 4}}\n\n"

static const struct stream streams[] = {
	/* The role is an event and no token; usage comes last. */
	{"openai-chat", SSE, CHAT_ROLE "\1" CHAT_TEXT("Hello") "\1" CHAT_TEXT(" wor\\u006cd") CHAT_TEXT("\xc3\xa9") "\1" CHAT_FINISH("stop") CHAT_USAGE(9, 4) DONE,
		200, GOOD, 7, 3, 1, 4, 9, 0, TOKENS_BY_USAGE, FINISH_STOP, 1, 2, 2, 3, "Hello wor\\u006cd\xc3\xa9"},
	/* Nobody counts: as many tokens as chunks. CRLF, comments, no space after the colon. */
	{"openai-chat", SSE, ": ping\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n\1: keep-alive\r\n\r\n\1data:{\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"length\"}]}\r\n\r\ndata:[DONE]\r\n\r\n",
		200, GOOD, 3, 2, 0, 2, 0, 0, TOKENS_BY_CHUNKS, FINISH_LENGTH, 1, 1, 1, 3, "ab"},
	/* Usage in every chunk: several tokens in one, cached ones of the prompt. */
	{"openai-chat", SSE, CHAT_COUNTED("a", 1) "\1" CHAT_COUNTED("bcd", 4) "\1" CHAT_FINISH("stop") CHAT_COUNTED("", 5) DONE,
		200, GOOD, 5, 2, 0, 5, 5, 3, TOKENS_BY_CHUNK_USAGE, FINISH_STOP, 1, 1, 1, 2, "abcd"},
	/* Reasoning first, by either name. */
	{"openai-chat", SSE, CHAT_ROLE "\1" CHAT("\"reasoning_content\":\"hm\"") "\1" CHAT("\"reasoning\":\"so\",\"content\":null") "\1" CHAT_TEXT("yes") "\1" CHAT_FINISH("stop") DONE,
		200, GOOD, 6, 3, 0, 3, 0, 0, TOKENS_BY_CHUNKS, FINISH_STOP, 1, 2, 4, 4, "yes"},
	{"openai-chat", SSE, CHAT_ROLE "\1" CHAT("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]") "\1" CHAT("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]") "\1" CHAT_FINISH("tool_calls") DONE,
		200, GOOD, 5, 2, 0, 2, 0, 0, TOKENS_BY_CHUNKS, FINISH_TOOL, 1, 2, 0, 3, ""},
	/* Several data lines are one event. */
	{"openai-chat", SSE, "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"a\"},\ndata:\ndata:\"finish_reason\":\"stop\"}]}\n\n\1" DONE,
		200, GOOD, 2, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_STOP, 1, 1, 1, 1, "a"},
	{"openai-chat", SSE, CHAT_ROLE "\1" CHAT_FINISH("stop") DONE, 200, FAILURE_NO_TOKEN, 3, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_STOP, 1, 0, 0, 0, ""},
	{"openai-chat", SSE, CHAT_ROLE "\1" CHAT_FINISH("content_filter") DONE, 200, GOOD, 3, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_FILTER, 1, 0, 0, 0, ""},
	{"openai-chat", SSE, CHAT_TEXT("a") "\1" CHAT_ERROR DONE, 200, FAILURE_STREAM_ERROR, 3, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, "a"},
	{"openai-chat", SSE, CHAT_TEXT("a") "\1event: error\ndata: {\"message\":\"boom\"}\n\n" DONE, 200, FAILURE_STREAM_ERROR, 3, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, "a"},
	{"openai-chat", SSE, CHAT_TEXT("a") "\1" CHAT_FINISH("abort") DONE, 200, FAILURE_STREAM_ERROR, 3, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_OTHER, 1, 1, 1, 1, "a"},
	{"openai-chat", SSE, CHAT_TEXT("a") "\1" CHAT_FINISH("stop"), 200, FAILURE_TRUNCATED, 2, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_STOP, 1, 1, 1, 1, "a"},
	{"openai-chat", SSE, CHAT_TEXT("a") "\1" DONE, 200, FAILURE_TRUNCATED, 2, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, "a"},
	{"openai-chat", SSE, CHAT_TEXT("a") "\1" CHAT_FINISH("stop") DONE CHAT_TEXT("b"), 200, FAILURE_MALFORMED, 4, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_STOP, 1, 1, 1, 1, NULL},
	{"openai-chat", SSE, CHAT_TEXT("a") "\1data: {\"choices\":[{]}\n\n" CHAT_TEXT("b") DONE, 200, FAILURE_MALFORMED, 2, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, "a"},
	{"openai-chat", SSE, "data: {\"choices\":[{\"delta\":{\"content\":7}}]}\n\n" DONE, 200, FAILURE_MALFORMED, 1, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 1, 0, 0, 0, ""},
	{"openai-chat", SSE, CHAT_TEXT("\xff"), 200, FAILURE_MALFORMED, 1, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 1, 0, 0, 0, ""},
	{"openai-chat", SSE, "", 200, FAILURE_TRUNCATED, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, ""},
	{"openai-chat", "text/html", "<html>", 200, FAILURE_CONTENT_TYPE, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, ""},
	{"openai-chat", NULL, CHAT_TEXT("a") CHAT_FINISH("stop") DONE, 200, FAILURE_CONTENT_TYPE, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, ""},
	{"openai-chat", "text/html", "<html>", 502, GOOD, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, ""},
	{"openai-chat", JSON, "{\"error\":{\"message\":\"x\",\"type\":\"overloaded\",\"code\":null}}", 503, GOOD, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, ""},
	{"openai-chat", JSON, "{\"error\":{\"message\":\"x\"}}", 200, FAILURE_STREAM_ERROR, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, ""},
	/* The answer as one JSON has tokens, and no times of theirs. */
	{"openai-chat", JSON, "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}",
		200, GOOD, 0, 0, 0, 2, 9, 0, TOKENS_BY_USAGE, FINISH_STOP, 0, 0, 0, 0, "Hello"},
	{"openai-chat", JSON, "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Hel", 200, FAILURE_MALFORMED, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, NULL},

	{"openai-completions", SSE, COMPLETION("", "null") "\1" COMPLETION("a", "null") "\1" COMPLETION(" b", "null") "\1" COMPLETION("", "\"length\"") CHAT_USAGE(3, 2) DONE,
		200, GOOD, 6, 2, 0, 2, 3, 0, TOKENS_BY_USAGE, FINISH_LENGTH, 1, 2, 2, 3, "a b"},
	{"openai-completions", JSON, "{\"choices\":[{\"text\":\"ab\",\"finish_reason\":\"length\"}]}", 200, GOOD, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_LENGTH, 0, 0, 0, 0, "ab"},

	{"anthropic", SSE, ANTHROPIC_START ANTHROPIC_PING "\1" ANTHROPIC_BLOCK "\1" ANTHROPIC_TEXT("Hel") "\1" ANTHROPIC_PING ANTHROPIC_TEXT("lo") "\1" ANTHROPIC_END ANTHROPIC_STOP,
		200, GOOD, 7, 2, 0, 15, 19, 7, TOKENS_BY_USAGE, FINISH_STOP, 1, 3, 3, 4, "Hello"},
	{"anthropic", SSE, ANTHROPIC_START "\1" ANTHROPIC_DELTA("thinking_delta", "thinking", "hm") "\1" ANTHROPIC_DELTA("signature_delta", "signature", "xx") "\1" ANTHROPIC_DELTA("input_json_delta", "partial_json", "{}") "\1" ANTHROPIC_TEXT("a") ANTHROPIC_END ANTHROPIC_STOP,
		200, GOOD, 8, 3, 0, 15, 19, 7, TOKENS_BY_USAGE, FINISH_STOP, 1, 2, 5, 5, "a"},
	{"anthropic", SSE, ANTHROPIC_PING "\1" ANTHROPIC_START ANTHROPIC_TEXT("a") "\1event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n",
		200, FAILURE_STREAM_ERROR, 3, 1, 0, 1, 19, 7, TOKENS_BY_CHUNKS, FINISH_NONE, 2, 2, 2, 2, "a"},
	{"anthropic", SSE, ANTHROPIC_START ANTHROPIC_TEXT("a") ANTHROPIC_END, 200, FAILURE_TRUNCATED, 4, 1, 0, 15, 19, 7, TOKENS_BY_USAGE, FINISH_STOP, 1, 1, 1, 1, "a"},
	{"anthropic", JSON, "{\"type\":\"message\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}],\"stop_reason\":\"max_tokens\",\"usage\":{\"input_tokens\":3,\"output_tokens\":6}}",
		200, GOOD, 0, 0, 0, 6, 3, 0, TOKENS_BY_USAGE, FINISH_LENGTH, 0, 0, 0, 0, "ab"},

	{"ollama-generate", NDJSON, OLLAMA("a") "\1" OLLAMA("") OLLAMA(" b") "\1{\"model\":\"m\",\"response\":\"\"," OLLAMA_DONE,
		200, GOOD, 4, 2, 0, 4, 26, 0, TOKENS_BY_USAGE, FINISH_LENGTH, 1, 1, 1, 2, "a b"},
	{"ollama-generate", NDJSON, OLLAMA("a") "\1{\"error\":\"out of memory\"}\n", 200, FAILURE_STREAM_ERROR, 2, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, "a"},
	{"ollama-generate", NDJSON, OLLAMA("a") "\1" OLLAMA("b"), 200, FAILURE_TRUNCATED, 2, 2, 0, 2, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 2, "ab"},
	{"ollama-chat", NDJSON, OLLAMA_CHAT("\"content\":\"\",\"thinking\":\"hm\"") "\1" OLLAMA_CHAT("\"content\":\"a\"") "\1" OLLAMA_CHAT("\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1}}}]") "\1{\"message\":{\"content\":\"\"}," OLLAMA_DONE,
		200, GOOD, 4, 3, 0, 4, 26, 0, TOKENS_BY_USAGE, FINISH_LENGTH, 1, 1, 2, 3, "a"},
	{"ollama-chat", JSON, "{\"message\":{\"role\":\"assistant\",\"content\":\"ab\"}," OLLAMA_DONE, 200, GOOD, 0, 0, 0, 4, 26, 0, TOKENS_BY_USAGE, FINISH_LENGTH, 0, 0, 0, 0, "ab"},

	/* The special token is an event; the whole text at the end is none of its own. */
	{"tgi", "text/event-stream", TGI(" a") "\1" TGI(" b") "\1" TGI_LAST, 200, GOOD, 3, 2, 0, 3, 8, 0, TOKENS_BY_USAGE, FINISH_STOP, 1, 1, 1, 2, " a b"},
	{"tgi", "text/event-stream", TGI(" a") "\1data:{\"error\":\"Request failed\",\"error_type\":\"generation\"}\n\n", 200, FAILURE_STREAM_ERROR, 2, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, " a"},
	{"tgi", "text/event-stream", TGI(" a") "\1" TGI(" b"), 200, FAILURE_TRUNCATED, 2, 2, 0, 2, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 2, " a b"},
	{"tgi", JSON, "{\"generated_text\":\"ab\",\"details\":{\"finish_reason\":\"length\",\"generated_tokens\":2}}", 200, GOOD, 0, 0, 0, 2, 0, 0, TOKENS_BY_USAGE, FINISH_LENGTH, 0, 0, 0, 0, "ab"},

	{"triton-generate", SSE, TRITON("a") "\1" TRITON(" b") "\1" TRITON(""), 200, GOOD, 3, 2, 0, 2, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 2, "a b"},
	{"triton-generate", SSE, TRITON("a") "\1data: {\"error\":\"failed\"}\n\n", 200, FAILURE_STREAM_ERROR, 2, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, "a"},
	{"triton-generate", SSE, TRITON("a") "\1data: {\"text_output\":\"b\"}", 200, FAILURE_TRUNCATED, 1, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, "a"},

	/* Each event repeats the text so far. */
	{"sglang", SSE, SGLANG("a", 1, "null") "\1" SGLANG("a bc", 3, "null") "\1" SGLANG("a bc", 4, "null") "\1" SGLANG("a bcd", 5, "{\"type\":\"length\",\"length\":5}") DONE,
		200, GOOD, 5, 3, 0, 5, 9, 4, TOKENS_BY_CHUNK_USAGE, FINISH_LENGTH, 1, 1, 1, 4, "a bcd"},
	{"sglang", SSE, SGLANG("abc", 1, "null") "\1" SGLANG("d", 2, "null") DONE, 200, FAILURE_MALFORMED, 2, 1, 0, 1, 9, 4, TOKENS_BY_CHUNK_USAGE, FINISH_NONE, 1, 1, 1, 1, "abc"},
	{"sglang", SSE, SGLANG("a", 1, "null") "\1data: {\"error\":{\"message\":\"x\"}}\n\n" DONE, 200, FAILURE_STREAM_ERROR, 3, 1, 0, 1, 9, 4, TOKENS_BY_CHUNK_USAGE, FINISH_NONE, 1, 1, 1, 1, "a"},

	{"json", JSON, "{\"data\":[{\"embedding\":[0.1,-2e-3]}],\"usage\":{\"prompt_tokens\":7}}", 200, GOOD, 0, 0, 0, 0, 7, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, NULL},
	{"json", "application/problem+json", "[[0.1, 0.2]]\n", 200, GOOD, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, NULL},
	{"json", JSON, "{\"results\":[{\"relevance_score\":0.5},]}", 200, FAILURE_MALFORMED, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, NULL},
	{"json", JSON, "{\"error\":\"no model\"}", 200, FAILURE_STREAM_ERROR, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, NULL},
	{"json", "text/plain", "{}", 200, FAILURE_CONTENT_TYPE, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, NULL},

	/* Events that are nothing more: each counts as a token. */
	{"sse", SSE, "\xef\xbb\xbf" "data: a\n\n\1event: x\rid: 7\rdata\r\r" "data: b\n\n\1retry: 5\n\n:c\n\nid\n\ndata\n\n", 200, GOOD, 4, 4, 1, 4, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 3, NULL},
	{"sse", SSE, "data: a\n\ndata: b\n", 200, FAILURE_TRUNCATED, 1, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, NULL},
	{"sse", "text/plain", "data: a\n\n", 200, FAILURE_CONTENT_TYPE, 0, 0, 0, 0, 0, 0, TOKENS_UNKNOWN, FINISH_NONE, 0, 0, 0, 0, NULL},
	{"ndjson", NDJSON, "{}\n\n \r\n[1]\r\n\1\"\xe2\x80\xa8\"\n", 200, GOOD, 3, 3, 1, 3, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 2, NULL},
	{"ndjson", NDJSON, "{}\n{\"a\":", 200, FAILURE_TRUNCATED, 1, 1, 0, 1, 0, 0, TOKENS_BY_CHUNKS, FINISH_NONE, 1, 1, 1, 1, NULL},
};
