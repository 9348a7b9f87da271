/* POST /api/chat, as Ollama documents it. Without messages it loads the model and answers nothing. */
#include "target/llm_ollama.h"

static bool
chat_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	const cJSON *messages = ask_field(body, "messages");

	if (!ollama_read_options(body, ask, err))
		return false;
	ask->is_load = messages == NULL || (cJSON_IsArray(messages) && cJSON_GetArraySize(messages) == 0);
	return ask->is_load || ask_messages(body, prompt, err);
}

static void
chat_begin(struct answer *a, struct buf *into)
{
	(void)into;
	ollama_add_frame(a);
}

static void
add_message(const struct answer *a, struct run reasoning, struct run content, struct buf *into)
{
	buf_add_text(into, "\"message\":{\"role\":\"assistant\",\"content\":\"");
	answer_add_text(a, content, into);
	if (reasoning.to > reasoning.from) {
		buf_add_text(into, "\",\"thinking\":\"");
		answer_add_text(a, reasoning, into);
	}
	buf_add_text(into, "\"},");
}

static void
chat_tokens(const struct answer *a, struct run run, struct buf *into)
{
	const struct run none = {0};

	buf_add(into, a->frame, a->frame_length);
	add_message(a, run.is_reasoning ? run : none, run.is_reasoning ? none : run, into);
	buf_add_text(into, "\"done\":false}\n");
}

static void
chat_finish(const struct answer *a, struct buf *into)
{
	buf_add(into, a->frame, a->frame_length);
	add_message(a, (struct run){0}, (struct run){0}, into);
	ollama_add_end(a, into);
}

static void
chat_whole(const struct answer *a, struct buf *into)
{
	struct answer framed = *a;

	ollama_add_frame(&framed);
	buf_add(into, framed.frame, framed.frame_length);
	if (a->ask.is_load)
		add_message(a, (struct run){0}, (struct run){0}, into);
	else
		add_message(a, answer_reasoning(a), answer_content(a), into);
	ollama_add_end(a, into);
}

const struct dialect ollama_chat_dialect = {
	.name = "ollama-chat",
	.paths = {{"/api/chat", STREAM_AS_ASKED}},
	.content_type = "application/x-ndjson",
	.streams_unasked = true,
	.has_reasoning = true,
	.is_generating = true,
	.read = chat_read,
	.begin = chat_begin,
	.tokens = chat_tokens,
	.finish = chat_finish,
	.fail = ollama_fail,
	.whole = chat_whole,
	.refuse = ollama_refuse,
};
