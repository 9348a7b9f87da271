#include "unit/plan/loading.h"

#include <stdio.h>

#include "base/check.h"
#include "plan/llm.h"

static struct plan *
load_llm(const char *target, const char *llm)
{
	char text[2048];

	snprintf(text, sizeof(text), "target: %s\nload: {steady: {rate: 5/s, for: 1s}}\nrequests:\n  - {name: a, %s}\n",
		target, llm);
	return load(text);
}

static const char *
header_of(const struct plan_request *request, const char *name)
{
	const struct plan_pair *pairs = request->headers.items;

	for (size_t i = 0; i < request->headers.n; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return pairs[i].value;
	return NULL;
}

static void
test_an_api_makes_the_whole_request(void **state)
{
	(void)state;
	struct plan *plan = load_llm("http://h/base",
		"llm: {api: chat, model: m, prompt: 'say \"${seq}\"', system: be good, max_tokens: 50}");
	const struct plan_request *r = &plan->requests[0];

	assert_string_equal(r->method, "POST");
	assert_string_equal(r->path, "/base/v1/m/stream");
	assert_string_equal(r->body,
		"{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"be good\"},"
		"{\"role\":\"user\",\"content\":\"say \\\"${seq}\\\"\"}],\"max_tokens\":50,\"stream\":true}");
	assert_int_equal(r->body_length, strlen(r->body));
	assert_true(r->has_slots);
	assert_string_equal(header_of(r, "Content-Type"), "application/json");
	assert_string_equal(header_of(r, "Accept"), "text/event-stream");
	assert_string_equal(header_of(r, "x-version"), "3");
	assert_ptr_equal(r->reader, fake_chat_api.reader);
	assert_ptr_equal(r->llm->api, &fake_chat_api);
	plan_free(plan);
}

static void
test_what_the_request_says_itself_is_stronger(void **state)
{
	(void)state;
	struct plan *plan = load_llm("http://h",
		"post: /mine, headers: {accept: x/y, X-Version: '4'}, llm: {api: chat, model: m, prompt: p, stream: false, "
		"extra: {stream: null, max_tokens: 7, more: {deep: [1, a]}}}");
	const struct plan_request *r = &plan->requests[0];

	assert_string_equal(r->path, "/mine");
	assert_null(header_of(r, "Accept"));
	assert_string_equal(header_of(r, "accept"), "x/y");
	assert_string_equal(header_of(r, "X-Version"), "4");
	assert_null(header_of(r, "x-version"));
	assert_string_equal(r->body, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"p\"}],"
				     "\"max_tokens\":7,\"more\":{\"deep\":[1,\"a\"]}}");
	assert_false(r->llm->streams);
	plan_free(plan);
}

static void
test_a_whole_answer_has_a_path_and_a_type_of_its_own(void **state)
{
	(void)state;
	struct plan *plan = load_llm("http://h", "llm: {api: chat, model: m, prompt: p, stream: false}");

	assert_string_equal(plan->requests[0].path, "/v1/whole");
	assert_string_equal(header_of(&plan->requests[0], "Accept"), "application/json");
	plan_free(plan);
}

/* As OpenAI's clients write it. */
static void
test_a_target_that_ends_in_v1_does_so_once(void **state)
{
	(void)state;
	struct plan *plan = load_llm("http://h/api/v1", "llm: {api: chat, model: m, prompt: p, stream: false}");

	assert_string_equal(plan->requests[0].path, "/api/v1/whole");
	plan_free(plan);
}

static void
test_a_conversation_stands_between_its_slots(void **state)
{
	(void)state;
	struct plan *plan = load_llm("http://h", "llm: {api: chat, model: m, system: s, prompt: p, history: true}");

	assert_string_equal(plan->requests[0].body,
		"{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},${history}"
		"{\"role\":\"user\",\"content\":\"p\"}${turn}],\"stream\":true}");
	assert_string_equal(plan->requests[0].llm->answer_open, "<");
	assert_string_equal(plan->requests[0].llm->answer_close, ">");
	plan_free(plan);
	plan = load_llm("http://h", "llm: {api: text, prompt: p, history: true, max_tokens: '${random(1,9)}'}");
	assert_string_equal(plan->requests[0].body,
		"{\"prompt\":\"${history}p${turn}\",\"options\":{\"n\":\"${random(1,9)|json}\"}}");
	plan_free(plan);
}

static void
test_messages_are_sent_as_they_are(void **state)
{
	(void)state;
	struct plan *plan = load_llm("http://h",
		"llm: {api: chat, model: m, messages: [{role: user, content: [{type: text, text: a}]}, {role: assistant, "
		"content: b}]}");

	assert_string_equal(plan->requests[0].body,
		"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
		"{\"role\":\"assistant\",\"content\":\"b\"}],\"stream\":true}");
	plan_free(plan);
}

static void
test_expected_errors_are_a_list(void **state)
{
	(void)state;
	struct plan *plan = load_llm("http://h", "get: /, read: json, expect: {error: [overloaded, 429]}");
	const struct plan_list *errors = &plan->requests[0].expect.errors;
	const char *const *names = errors->items;

	assert_int_equal(errors->n, 2);
	assert_string_equal(names[0], "overloaded");
	assert_string_equal(names[1], "429");
	plan_free(plan);
}

static void
test_mistakes_say_what_would_be_right(void **state)
{
	(void)state;
	static const struct {
		const char *llm, *sentence;
	} mistakes[] = {
		{"llm: chat", "x.yaml:4:20: llm: 'chat' is not a map of keys"},
		{"llm: {prompt: p}", "x.yaml:4:20: llm: 'api' is missing: what the server speaks"},
		{"llm: {api: chart, prompt: p}",
			"x.yaml:4:26: api: there is no 'chart' in this version; did you mean 'chat'?"},
		{"llm: {api: chat, model: m}", "x.yaml:4:20: llm: write either 'prompt: text' or 'messages: "},
		{"llm: {api: chat, model: m, prompt: p, messages: [{role: user, content: c}]}",
			"x.yaml:4:20: llm: write either"},
		{"llm: {api: chat, prompt: p}", "x.yaml:4:20: llm: 'chat' demands 'model'"},
		{"llm: {api: text, prompt: p}", "x.yaml:4:20: llm: 'text' demands 'max_tokens'"},
		{"llm: {api: text, max_tokens: 5, messages: [{role: user}]}",
			"messages: 'text' takes one text; write 'prompt: text'"},
		{"llm: {api: text, max_tokens: 5, prompt: p, system: s}", "system: 'text' takes one text"},
		{"llm: {api: text, max_tokens: 5, prompt: p, ignore_eos: true}",
			"ignore_eos: 'text' knows no such thing"},
		{"llm: {api: text, max_tokens: 5, prompt: p, extra: 5}", "extra: write a map of members of the body"},
		{"llm: {api: chat, model: m, messages: []}", "messages: write a list such as"},
		{"llm: {api: text, max_tokens: many, prompt: p}", "max_tokens: 'many' is not a number, nor a slot"},
		{"body: x, llm: {api: chat, model: m, prompt: p}",
			"x.yaml:4:5: 'llm' makes the body; 'llm.extra' adds to it"},
		{"read: text, llm: {api: chat, model: m, prompt: p}",
			"x.yaml:4:21: read: who reads the answer follows from llm.api"},
		{"expect: {body: x}, llm: {api: chat, model: m, prompt: p}",
			"does not search the body for expect.body; 'text' does, and so does every API of llm"},
		{"get: /, read: json, expect: {body: x}",
			"x.yaml:4:29: read: 'json' does not search the body for expect.body; 'text' does, and so does every API of llm"},
	};

	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		char text[1024], said[2048];

		snprintf(text, sizeof(text),
			"target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests:\n  - {name: a, %s}\n",
			mistakes[i].llm);
		if (strstr(refusal_of(text, NULL, said, sizeof(said)), mistakes[i].sentence) == NULL)
			fail_msg("%s: %s", mistakes[i].llm, said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_api_makes_the_whole_request),
		cmocka_unit_test(test_what_the_request_says_itself_is_stronger),
		cmocka_unit_test(test_a_whole_answer_has_a_path_and_a_type_of_its_own),
		cmocka_unit_test(test_a_target_that_ends_in_v1_does_so_once),
		cmocka_unit_test(test_a_conversation_stands_between_its_slots),
		cmocka_unit_test(test_messages_are_sent_as_they_are),
		cmocka_unit_test(test_expected_errors_are_a_list),
		cmocka_unit_test(test_mistakes_say_what_would_be_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
