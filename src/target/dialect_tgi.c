/* POST /generate_stream and /generate, as Hugging Face's text-generation-inference serves them: no space after "data:",
 * and the last token's event carries the whole text and the details. */
#include <inttypes.h>

#include "target/llm_dialect.h"

static bool
tgi_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	const cJSON *parameters = ask_field(body, "parameters");

	if (!ask_text(ask_field(body, "inputs"), "inputs", prompt, err))
		return false;
	if (parameters == NULL)
		return true;
	return ask_count(parameters, "max_new_tokens", &ask->max_tokens, err) &&
	       ask_bool(parameters, "ignore_eos_token", &ask->ignores_eos, err);
}

static void
tgi_begin(struct answer *a, struct buf *into)
{
	(void)a;
	(void)into;
}

static void
add_details(const struct answer *a, struct buf *into)
{
	buf_printf(into,
		"\"details\":{\"finish_reason\":\"%s\",\"generated_tokens\":%" PRIu64
		",\"seed\":null,\"input_length\":%" PRIu64 "}",
		a->finish == FINISH_LENGTH ? "length" : "eos_token", a->made_tokens, a->prompt_tokens);
}

static void
tgi_tokens(const struct answer *a, struct run run, struct buf *into)
{
	buf_printf(into, "data:{\"index\":%" PRIu64 ",\"token\":{\"id\":%" PRIu64 ",\"text\":\"", run.to,
		100 + run.from % 1000);
	answer_add_text(a, run, into);
	buf_add_text(into, "\",\"logprob\":-0.5,\"special\":false},\"generated_text\":");
	if (run.to == a->wanted_tokens && run.to > run.from) {
		buf_add_char(into, '"');
		answer_add_text(a, answer_content(a), into);
		buf_add_text(into, "\",");
		add_details(a, into);
	} else {
		buf_add_text(into, "null,\"details\":null");
	}
	buf_add_text(into, "}\n\n");
}

static void
tgi_finish(const struct answer *a, struct buf *into)
{
	(void)a;
	(void)into;
}

static void
tgi_fail(const struct answer *a, const char *message, struct buf *into)
{
	(void)a;
	buf_printf(into, "data:{\"error\":\"%s\",\"error_type\":\"generation\"}\n\n", message);
}

static void
tgi_whole(const struct answer *a, struct buf *into)
{
	buf_add_text(into, "{\"generated_text\":\"");
	answer_add_text(a, answer_content(a), into);
	buf_add_text(into, "\",");
	add_details(a, into);
	buf_add_text(into, "}\n");
}

static void
tgi_refuse(int status, const char *message, struct buf *into)
{
	const char *type = status == 422 ? "validation" : status == 429 ? "overloaded" : "generation";

	buf_printf(into, "{\"error\":\"%s\",\"error_type\":\"%s\"}\n", message, type);
}

const struct dialect tgi_dialect = {
	.name = "tgi",
	.paths = {{"/generate_stream", STREAM_ALWAYS}, {"/generate", STREAM_NEVER}},
	.field = "inputs",
	.content_type = "text/event-stream",
	.ping = ":keep-alive\n\n",
	.is_generating = true,
	.read = tgi_read,
	.begin = tgi_begin,
	.tokens = tgi_tokens,
	.finish = tgi_finish,
	.fail = tgi_fail,
	.whole = tgi_whole,
	.refuse = tgi_refuse,
	.invalid_status = 422,
	.busy_status = 429,
};
