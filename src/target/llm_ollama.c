#include "target/llm_ollama.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

/* num_predict below 1 means no limit (-1), or up to the end of the context (-2). */
static bool
read_num_predict(const cJSON *options, struct ask *ask, struct error *err)
{
	const cJSON *item = ask_field(options, "num_predict");

	if (cJSON_IsNumber(item) && item->valuedouble <= 0)
		return true;
	return ask_count(options, "num_predict", &ask->max_tokens, err);
}

bool
ollama_read_options(const cJSON *body, struct ask *ask, struct error *err)
{
	const cJSON *options = ask_field(body, "options");

	if (!ask_model(body, ask, err) || !ask_bool(body, "stream", &ask->is_stream, err))
		return false;
	if (ask->model[0] == '\0')
		return error_set(err, "model is required");
	if (options == NULL)
		return true;
	if (!cJSON_IsObject(options))
		return error_set(err, "options: an object is wanted");
	return read_num_predict(options, ask, err) && ask_bool(options, "ignore_eos", &ask->ignores_eos, err);
}

void
ollama_add_frame(struct answer *a)
{
	char when[32];
	int length = snprintf(a->frame, sizeof(a->frame), "{\"model\":\"%s\",\"created_at\":\"%s\",", a->model,
		wall_text(a->created_s * NS_PER_S, when, sizeof(when)));

	CHECK_OP(length, <, sizeof(a->frame));
	a->frame_length = (size_t)length;
}

void
ollama_add_end(const struct answer *a, struct buf *into)
{
	const char *reason = a->ask.is_load ? "load" : a->finish == FINISH_LENGTH ? "length" : "stop";

	buf_printf(into, "\"done\":true,\"done_reason\":\"%s\"", reason);
	if (!a->ask.is_load)
		buf_printf(into,
			",\"total_duration\":%" PRId64 ",\"load_duration\":%" PRId64 ",\"prompt_eval_count\":%" PRIu64
			",\"prompt_eval_duration\":%" PRId64 ",\"eval_count\":%" PRIu64 ",\"eval_duration\":%" PRId64,
			a->load_ns + a->prefill_ns + a->decode_ns, a->load_ns, a->prompt_tokens, a->prefill_ns,
			a->made_tokens, a->decode_ns);
	buf_add_text(into, "}\n");
}

void
ollama_fail(const struct answer *a, const char *message, struct buf *into)
{
	(void)a;
	buf_printf(into, "{\"error\":\"%s\"}\n", message);
}

void
ollama_refuse(int status, const char *message, struct buf *into)
{
	(void)status;
	buf_printf(into, "{\"error\":\"%s\"}\n", message);
}
