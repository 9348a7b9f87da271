#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "plan/emit.h"
#include "reader/dialect.h"

/* How each API is asked. The bodies are those of the servers' own documentation. */

struct asked {
	const char *api;
	struct plan_llm llm;
	const char *body;
};

#define FULL                                                                                                           \
	{                                                                                                              \
		.model = "m", .prompt = "Hi", .max_tokens = "50", .temperature = "0.7", .streams = true,               \
		.wants_usage = true                                                                                    \
	}
#define LEAST                                                                                                          \
	{                                                                                                              \
		.model = "m", .prompt = "Hi"                                                                           \
	}

/* clang-format off */
static const struct asked asked[] = {
	{"openai-chat", FULL, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":50,\"temperature\":0.7,\"stream\":true,\"stream_options\":{\"include_usage\":true}}"},
	{"openai-chat", LEAST, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":false}"},
	{"openai-chat", {.model = "m", .prompt = "Hi", .system = "S", .ignores_eos = true, .wants_usage = true}, "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"Hi\"}],\"ignore_eos\":true,\"stream\":false}"},
	{"openai-completions", FULL, "{\"model\":\"m\",\"prompt\":\"Hi\",\"max_tokens\":50,\"temperature\":0.7,\"stream\":true,\"stream_options\":{\"include_usage\":true}}"},
	{"anthropic", FULL, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":50,\"temperature\":0.7,\"stream\":true}"},
	{"anthropic", {.model = "m", .prompt = "Hi", .system = "S", .max_tokens = "5"}, "{\"model\":\"m\",\"system\":\"S\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":5,\"stream\":false}"},
	{"ollama-chat", FULL, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":true,\"options\":{\"num_predict\":50,\"temperature\":0.7}}"},
	{"ollama-generate", {.model = "m", .prompt = "Hi", .system = "S"}, "{\"model\":\"m\",\"system\":\"S\",\"prompt\":\"Hi\",\"stream\":false}"},
	{"tgi", FULL, "{\"inputs\":\"Hi\",\"parameters\":{\"max_new_tokens\":50,\"temperature\":0.7,\"details\":true}}"},
	{"triton-generate", FULL, "{\"text_input\":\"Hi\",\"max_tokens\":50,\"temperature\":0.7,\"stream\":true}"},
	{"sglang", FULL, "{\"text\":\"Hi\",\"sampling_params\":{\"max_new_tokens\":50,\"temperature\":0.7},\"stream\":true}"},
	{"sglang", {.prompt = "Hi", .max_tokens = "${random(1,9)}", .ignores_eos = true}, "{\"text\":\"Hi\",\"sampling_params\":{\"max_new_tokens\":\"${random(1,9)|json}\",\"ignore_eos\":true},\"stream\":false}"},
	{"openai-chat", {.model = "m", .prompt = "Hi", .system = "S", .keeps_history = true}, "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"S\"},\"${history}\",{\"role\":\"user\",\"content\":\"Hi\"},\"${turn}\"],\"stream\":false}"},
	{"ollama-generate", {.model = "m", .prompt = "Hi", .keeps_history = true}, "{\"model\":\"m\",\"prompt\":\"${history}Hi${turn}\",\"stream\":false}"},
};
/* clang-format on */

static const struct plan_llm_api *
api_named(const char *name)
{
	for (size_t i = 0; llm_apis[i] != NULL; i++)
		if (llm_apis[i]->name != NULL && strcmp(llm_apis[i]->name, name) == 0)
			return llm_apis[i];
	fail_msg("no API is called %s", name);
	return NULL;
}

static void
test_each_api_is_asked_in_its_own_words(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		struct arena arena;
		struct buf text;

		arena_init(&arena);
		buf_init(&text, 4096);
		struct plan_node *body = node_new_map(&arena, "test");

		api_named(asked[i].api)->compose(&arena, &asked[i].llm, body);
		emit_json(&text, body, true);
		assert_string_equal(text.bytes, asked[i].body);
		buf_fini(&text);
		arena_fini(&arena);
	}
}

/* What llm.c of plan/ relies on. */
static void
test_every_row_is_whole(void **context)
{
	(void)context;
	size_t n = 0;

	for (size_t i = 0; llm_apis[i] != NULL; i++) {
		const struct plan_llm_api *api = llm_apis[i];

		if (api->name == NULL)
			continue;
		n++;
		assert_non_null(api->help);
		assert_non_null(api->compose);
		assert_non_null(api->accept);
		assert_int_equal(api->stream_path[0], '/');
		assert_int_equal(api->whole_path[0], '/');
		assert_non_null(api->answer_open);
		assert_non_null(api->answer_close);
		assert_string_equal(api->reader->name, api->name); /* `read` and `llm.api` call it the same */
	}
	assert_int_equal(n, 8);
}

/* {"role": …} of a chat, or a line of a text: glue and answer make the JSON whole again. */
static void
test_an_answer_fits_between_its_glue(void **context)
{
	(void)context;
	static const struct json_want none[] = {JSON_WANTS_END};

	for (size_t i = 0; llm_apis[i] != NULL; i++) {
		const struct plan_llm_api *api = llm_apis[i];
		char text[256];

		if (api->name == NULL)
			continue;
		int length =
			api->takes_messages
				? snprintf(text, sizeof(text), "[{}%sa\\nb%s{}]", api->answer_open, api->answer_close)
				: snprintf(text, sizeof(text), "\"p%sa\\nb%sq\"", api->answer_open, api->answer_close);

		assert_true(json_scan(text, (size_t)length, none, NULL, NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_api_is_asked_in_its_own_words),
		cmocka_unit_test(test_every_row_is_whole),
		cmocka_unit_test(test_an_answer_fits_between_its_glue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
