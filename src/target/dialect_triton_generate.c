/* POST /v2/models/NAME/generate_stream and …/generate, Triton's generate extension as its vLLM and TensorRT-LLM
 * backends serve it: text alone, no count of tokens, no finish reason, no terminator but the end of the stream. */
#include <stdio.h>
#include <inttypes.h>

#include "base/check.h"
#include "target/llm_dialect.h"

static bool
read_limits(const cJSON *object, struct ask *ask, struct error *err)
{
	return ask_count(object, "max_tokens", &ask->max_tokens, err) &&
	       ask_bool(object, "ignore_eos", &ask->ignores_eos, err);
}

static bool
triton_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	const cJSON *parameters = ask_field(body, "parameters"); /* vLLM's place for them; TensorRT-LLM's is the body */

	return ask_text(ask_field(body, "text_input"), "text_input", prompt, err) && read_limits(body, ask, err) &&
	       (parameters == NULL || read_limits(parameters, ask, err));
}

static void
triton_begin(struct answer *a, struct buf *into)
{
	(void)into;
	int length = snprintf(a->frame, sizeof(a->frame),
		"data: {\"model_name\":\"%s\",\"model_version\":\"1\",\"text_output\":\"", a->model);

	CHECK_OP(length, <, sizeof(a->frame));
	a->frame_length = (size_t)length;
}

static void
triton_tokens(const struct answer *a, struct run run, struct buf *into)
{
	buf_add(into, a->frame, a->frame_length);
	answer_add_text(a, run, into);
	buf_add_text(into, "\"}\n\n");
}

static void
triton_finish(const struct answer *a, struct buf *into)
{
	(void)a;
	(void)into;
}

static void
triton_fail(const struct answer *a, const char *message, struct buf *into)
{
	(void)a;
	buf_printf(into, "data: {\"error\":\"%s\"}\n\n", message);
}

static void
triton_whole(const struct answer *a, struct buf *into)
{
	buf_printf(into, "{\"model_name\":\"%s\",\"model_version\":\"1\",\"text_output\":\"", a->model);
	answer_add_text(a, answer_content(a), into);
	buf_add_text(into, "\"}\n");
}

static void
triton_refuse(int status, const char *message, struct buf *into)
{
	(void)status;
	buf_printf(into, "{\"error\":\"%s\"}\n", message);
}

const struct dialect triton_generate_dialect = {
	.name = "triton-generate",
	.paths = {{"/v2/models/*/generate_stream", STREAM_ALWAYS}, {"/v2/models/*/generate", STREAM_NEVER}},
	.content_type = "text/event-stream; charset=utf-8",
	.is_generating = true,
	.read = triton_read,
	.begin = triton_begin,
	.tokens = triton_tokens,
	.finish = triton_finish,
	.fail = triton_fail,
	.whole = triton_whole,
	.refuse = triton_refuse,
};
