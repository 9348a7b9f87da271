#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "target/llm_dialect.h"

/* What every row must do, whatever it speaks. A body that all of them understand: each takes its own fields. */
static const char body_text[] =
	"{\"model\": \"m/1\", \"stream\": true, \"max_tokens\": 7, \"max_new_tokens\": 7, \"prompt\": \"one two\","
	"\"messages\": [{\"role\": \"user\", \"content\": \"one two\"}], \"options\": {\"num_predict\": 7},"
	"\"inputs\": \"one two\", \"parameters\": {\"max_new_tokens\": 7, \"max_tokens\": 7}, \"text\": \"one two\","
	"\"sampling_params\": {\"max_new_tokens\": 7}, \"text_input\": \"one two\", \"input\": \"one two\","
	"\"query\": \"one\", \"documents\": [\"two\"]}";

static bool
read_text(const struct dialect *d, const char *text, struct ask *ask, struct prompt *prompt, struct error *err)
{
	cJSON *body = cJSON_Parse(text);

	*err = (struct error){0};
	*ask = (struct ask){.is_stream = d->streams_unasked};
	assert_non_null(body);
	prompt_begin(prompt, 0);
	bool is_good = d->read(body, ask, prompt, err);

	cJSON_Delete(body);
	return is_good;
}

static struct answer
answer_of(const struct ask *ask)
{
	return (struct answer){.ask = *ask,
		.number = 42,
		.model = "m/1",
		.canary = "canary-7",
		.prompt_tokens = 2,
		.wanted_tokens = 4,
		.finish = FINISH_LENGTH,
		.makes_tokens = true};
}

/* Each line that carries JSON is JSON; returns how many did. */
static size_t
check_json_lines(const char *name, const char *text)
{
	size_t count = 0;

	for (const char *line = text, *end; *line != '\0'; line = *end == '\0' ? end : end + 1) {
		const char *brace = strchr(line, '{');

		end = line + strcspn(line, "\n");
		if (brace == NULL || brace >= end)
			continue;
		cJSON *json = cJSON_ParseWithLength(brace, (size_t)(end - brace));

		if (json == NULL)
			fail_msg("%s: not JSON: %.*s", name, (int)(end - line), line);
		cJSON_Delete(json);
		count++;
	}
	return count;
}

static void
test_every_dialect_has_what_a_row_needs(void **state)
{
	(void)state;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		const struct dialect *d = dialects[i];

		assert_non_null(d->name);
		assert_non_null(d->paths[0].pattern);
		assert_true(d->read != NULL && d->whole != NULL && d->refuse != NULL);
		if (d->is_generating)
			assert_true(d->begin != NULL && d->tokens != NULL && d->finish != NULL && d->fail != NULL &&
				    d->content_type != NULL);
	}
}

static void
test_every_dialect_reads_prompt_and_limit(void **state)
{
	(void)state;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		const struct dialect *d = dialects[i];
		struct prompt prompt = {0};
		struct error err;
		struct ask ask;

		if (!read_text(d, body_text, &ask, &prompt, &err))
			fail_msg("%s: %s", d->name, err.message);
		assert_int_equal(prompt.tokens, d->is_lookup ? 1 : 2);
		if (d->is_generating)
			assert_int_equal(ask.max_tokens, 7);
		prompt_fini(&prompt);
	}
}

static void
test_every_dialect_writes_json(void **state)
{
	(void)state;
	for (size_t i = 0; dialects[i] != NULL; i++) {
		const struct dialect *d = dialects[i];
		struct prompt prompt = {0};
		struct error err;
		struct ask ask;
		struct buf out;

		assert_true(read_text(d, body_text, &ask, &prompt, &err));
		struct answer a = answer_of(&ask);

		buf_init(&out, 1 << 16);
		a.reasoning_tokens = d->has_reasoning ? 1 : 0;
		a.tool_tokens = d->has_tools ? 2 : 0;
		if (d->is_generating) {
			d->begin(&a, &out);
			for (a.made_tokens = 1; a.made_tokens <= 4; a.made_tokens++)
				d->tokens(&a,
					(struct run){.from = a.made_tokens - 1,
						.to = a.made_tokens,
						.is_reasoning = a.made_tokens <= a.reasoning_tokens,
						.is_tool = a.made_tokens > answer_tool_from(&a)},
					&out);
			a.made_tokens = 4;
			d->finish(&a, &out);
			assert_true(check_json_lines(d->name, out.bytes) >= 3);
			assert_non_null(strstr(out.bytes, "canary-7"));
			buf_clear(&out);
			(d->fail)(&a, "it broke", &out); /* cmocka has a macro of that name */
			assert_int_equal(check_json_lines(d->name, out.bytes), 1);
			assert_non_null(strstr(out.bytes, "it broke"));
			buf_clear(&out);
		}
		d->whole(&a, &out);
		assert_int_equal(check_json_lines(d->name, out.bytes), 1);
		buf_clear(&out);
		d->refuse(429, "too many", &out);
		assert_int_equal(check_json_lines(d->name, out.bytes), 1);
		assert_non_null(strstr(out.bytes, "too many"));
		if (d->ping != NULL)
			assert_memory_equal(d->ping + strlen(d->ping) - 2, "\n\n", 2);
		assert_false(out.overflowed);
		buf_fini(&out);
		prompt_fini(&prompt);
	}
}

static void
test_every_dialect_refuses_nonsense_with_a_sentence(void **state)
{
	(void)state;
	static const char *const nonsense[] = {
		"{}", "{\"model\": 5}", "{\"messages\": 5, \"prompt\": {}, \"inputs\": {\"a\": 1}}"};

	for (size_t i = 0; dialects[i] != NULL; i++)
		for (size_t k = 0; k < sizeof(nonsense) / sizeof(nonsense[0]); k++) {
			struct prompt prompt = {0};
			struct error err;
			struct ask ask;

			bool is_taken = read_text(dialects[i], nonsense[k], &ask, &prompt, &err);

			/* An empty object passes nowhere; an object as a text has no text in it, which counts nothing.
			 */
			if (k < 2 && is_taken)
				fail_msg("%s took %s", dialects[i]->name, nonsense[k]);
			if (!is_taken)
				assert_true(err.message[0] != '\0' && strchr(err.message, '"') == NULL);
			prompt_fini(&prompt);
		}
}

static void
test_paths_choose_and_bodies_settle(void **state)
{
	(void)state;
	cJSON *tgi = cJSON_Parse("{\"inputs\": \"x\"}"), *sglang = cJSON_Parse("{\"text\": \"x\"}");

	assert_string_equal(dialect_of("/v1/chat/completions?x=1", NULL)->name, "openai-chat");
	assert_string_equal(dialect_of("/generate", tgi)->name, "tgi");
	assert_string_equal(dialect_of("/generate", sglang)->name, "sglang");
	assert_string_equal(dialect_of("/generate_stream", sglang)->name, "tgi");
	assert_string_equal(dialect_of("/v2/models/llama/generate_stream", NULL)->name, "triton-generate");
	assert_null(dialect_of("/v2/models//generate_stream", NULL));
	assert_null(dialect_of("/v2/models/a/b/generate_stream", NULL));
	assert_null(dialect_of("/v1/chat/completionsx", NULL));
	assert_null(dialect_of("/", NULL));
	assert_int_equal(dialect_stream(dialect_of("/generate", tgi), "/generate"), STREAM_NEVER);
	assert_int_equal(dialect_stream(dialect_of("/generate", tgi), "/generate_stream"), STREAM_ALWAYS);
	cJSON_Delete(tgi);
	cJSON_Delete(sglang);
}

static void
test_the_text_is_the_same_in_pieces_and_whole(void **state)
{
	(void)state;
	struct answer a = {.number = 3, .canary = "", .reasoning_tokens = 4, .wanted_tokens = 40, .made_tokens = 40};
	struct buf pieces, whole;

	buf_init(&pieces, 4096);
	buf_init(&whole, 4096);
	for (uint64_t i = 4; i < 40; i += 3)
		answer_add_text(&a, (struct run){.from = i, .to = i + 3}, &pieces);
	answer_add_text(&a, answer_content(&a), &whole);
	assert_string_equal(pieces.bytes, whole.bytes);
	assert_true(whole.bytes[0] != ' ');
	size_t words = 1;

	for (const char *c = whole.bytes; *c != '\0'; c++)
		words += *c == ' ';
	assert_int_equal(words, 36);
	assert_int_equal(answer_reasoning(&a).to, 4);
	a.made_tokens = 2;
	assert_int_equal(answer_reasoning(&a).to, 2);
	assert_int_equal(answer_content(&a).to - answer_content(&a).from, 0);
	buf_fini(&pieces);
	buf_fini(&whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_dialect_has_what_a_row_needs),
		cmocka_unit_test(test_every_dialect_reads_prompt_and_limit),
		cmocka_unit_test(test_every_dialect_writes_json),
		cmocka_unit_test(test_every_dialect_refuses_nonsense_with_a_sentence),
		cmocka_unit_test(test_paths_choose_and_bodies_settle),
		cmocka_unit_test(test_the_text_is_the_same_in_pieces_and_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
