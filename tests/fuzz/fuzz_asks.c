#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "target/llm_dialect.h"

/* Whatever is sent to the target's LLM server: no dialect crashes on it, and what each writes about it is JSON. */

#define FUZZ_OUT_MAX ((size_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct prompt prompt;
static struct buf out;

static void
check_json(void)
{
	for (const char *line = out.bytes, *end; line != NULL && *line != '\0'; line = *end == '\0' ? end : end + 1) {
		const char *brace = strchr(line, '{');

		end = line + strcspn(line, "\n");
		if (brace == NULL || brace >= end)
			continue;
		cJSON *json = cJSON_ParseWithLength(brace, (size_t)(end - brace));

		CHECK(json != NULL);
		cJSON_Delete(json);
	}
	CHECK(!out.overflowed);
	buf_clear(&out);
}

static void
write_answer(const struct dialect *d, const struct ask *ask)
{
	struct answer a = {.ask = *ask, .model = ask->model[0] != '\0' ? ask->model : "m", .canary = prompt.canary};

	a.prompt_tokens = prompt.tokens;
	a.hash = prompt.chain;
	a.wanted_tokens = 4;
	a.reasoning_tokens = d->has_reasoning ? 2 : 0;
	a.tool_tokens = d->has_tools ? 1 : 0;
	a.makes_tokens = true;
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
		check_json();
	}
	if (ask->items <= 10000) { /* embeddings answer each */
		d->whole(&a, &out);
		check_json();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	cJSON *body = cJSON_ParseWithLength((const char *)bytes, size);

	buf_init(&out, FUZZ_OUT_MAX);
	for (size_t i = 0; body != NULL && dialects[i] != NULL; i++) {
		const struct dialect *d = dialects[i];
		struct ask ask = {.is_stream = d->streams_unasked};
		struct error err = {0};

		prompt_begin(&prompt, 1);
		if (d->read(body, &ask, &prompt, &err)) {
			CHECK(!error_is_set(&err));
			write_answer(d, &ask);
		} else {
			d->refuse(400, err.message, &out);
			check_json();
		}
	}
	cJSON_Delete(body);
	buf_fini(&out);
	prompt_fini(&prompt);
	return 0;
}
