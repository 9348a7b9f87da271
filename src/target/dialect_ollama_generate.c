/* POST /api/generate, as Ollama documents it. Without a prompt it loads the model and answers nothing. */
#include "target/llm_ollama.h"

static bool
generate_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	const cJSON *system = ask_field(body, "system"), *text = ask_field(body, "prompt");

	if (!ollama_read_options(body, ask, err))
		return false;
	ask->is_load = text == NULL || (cJSON_IsString(text) && text->valuestring[0] == '\0');
	if (ask->is_load)
		return true;
	return (system == NULL || ask_text(system, "system", prompt, err)) && ask_text(text, "prompt", prompt, err);
}

static void
generate_begin(struct answer *a, struct buf *into)
{
	(void)into;
	ollama_add_frame(a);
}

static void
generate_tokens(const struct answer *a, struct run run, struct buf *into)
{
	buf_add(into, a->frame, a->frame_length);
	buf_add_text(into, run.is_reasoning ? "\"response\":\"\",\"thinking\":\"" : "\"response\":\"");
	answer_add_text(a, run, into);
	buf_add_text(into, "\",\"done\":false}\n");
}

static void
generate_finish(const struct answer *a, struct buf *into)
{
	buf_add(into, a->frame, a->frame_length);
	buf_add_text(into, "\"response\":\"\",");
	ollama_add_end(a, into);
}

static void
generate_whole(const struct answer *a, struct buf *into)
{
	struct answer framed = *a;

	ollama_add_frame(&framed);
	buf_add(into, framed.frame, framed.frame_length);
	if (a->reasoning_tokens > 0) {
		buf_add_text(into, "\"thinking\":\"");
		answer_add_text(a, answer_reasoning(a), into);
		buf_add_text(into, "\",");
	}
	buf_add_text(into, "\"response\":\"");
	if (!a->ask.is_load)
		answer_add_text(a, answer_content(a), into);
	buf_add_text(into, "\",");
	ollama_add_end(a, into);
}

const struct dialect ollama_generate_dialect = {
	.name = "ollama-generate",
	.paths = {{"/api/generate", STREAM_AS_ASKED}},
	.content_type = "application/x-ndjson",
	.streams_unasked = true,
	.has_reasoning = true,
	.is_generating = true,
	.read = generate_read,
	.begin = generate_begin,
	.tokens = generate_tokens,
	.finish = generate_finish,
	.fail = ollama_fail,
	.whole = generate_whole,
	.refuse = ollama_refuse,
};
