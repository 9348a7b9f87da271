/* POST /v1/embeddings, as OpenAI documents it. One short vector per input, made of the prompt's hash. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "target/llm_openai.h"

#define DIMENSIONS 16

static bool
embeddings_read(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err)
{
	const cJSON *input = ask_field(body, "input"), *format = ask_field(body, "encoding_format");
	bool is_list = cJSON_IsArray(input) && !cJSON_IsNumber(cJSON_GetArrayItem(input, 0));

	ask->items = is_list ? (uint64_t)cJSON_GetArraySize(input) : 1;
	ask->wants_base64 = cJSON_IsString(format) && strcmp(format->valuestring, "base64") == 0;
	return ask_model(body, ask, err) && ask_text(input, "input", prompt, err);
}

static void
make_vector(const struct answer *a, uint64_t index, float vector[DIMENSIONS])
{
	float length = 0;

	for (uint64_t i = 0; i < DIMENSIONS; i++) {
		vector[i] = (float)(2 * rng_unit_at(a->hash, index, i) - 1);
		length += vector[i] * vector[i];
	}
	for (int i = 0; i < DIMENSIONS; i++)
		vector[i] /= sqrtf(length);
}

/* RFC 4648 §4. */
static void
add_base64(const unsigned char *bytes, size_t length, struct buf *into)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		unsigned group = (unsigned)bytes[i] << 16;

		group |= i + 1 < length ? (unsigned)bytes[i + 1] << 8 : 0;
		group |= i + 2 < length ? (unsigned)bytes[i + 2] : 0;
		buf_add_char(into, digits[group >> 18]);
		buf_add_char(into, digits[group >> 12 & 63]);
		buf_add_char(into, i + 1 < length ? digits[group >> 6 & 63] : '=');
		buf_add_char(into, i + 2 < length ? digits[group & 63] : '=');
	}
}

static void
add_vector(const struct answer *a, uint64_t index, struct buf *into)
{
	float vector[DIMENSIONS];

	make_vector(a, index, vector);
	if (a->ask.wants_base64) {
		buf_add_char(into, '"');
		add_base64((const unsigned char *)vector, sizeof(vector), into); /* little endian, as the API has it */
		buf_add_char(into, '"');
		return;
	}
	for (int i = 0; i < DIMENSIONS; i++)
		buf_printf(into, "%c%.7g", i == 0 ? '[' : ',', (double)vector[i]);
	buf_add_char(into, ']');
}

static void
embeddings_whole(const struct answer *a, struct buf *into)
{
	buf_add_text(into, "{\"object\":\"list\",\"data\":[");
	for (uint64_t i = 0; i < a->ask.items; i++) {
		buf_printf(
			into, "%s{\"object\":\"embedding\",\"index\":%" PRIu64 ",\"embedding\":", i > 0 ? "," : "", i);
		add_vector(a, i, into);
		buf_add_char(into, '}');
	}
	buf_printf(into, "],\"model\":\"%s\",\"usage\":{\"prompt_tokens\":%" PRIu64 ",\"total_tokens\":%" PRIu64 "}}\n",
		a->model, a->prompt_tokens, a->prompt_tokens);
}

const struct dialect embeddings_dialect = {
	.name = "embeddings",
	.paths = {{"/v1/embeddings", STREAM_NEVER}},
	.read = embeddings_read,
	.whole = embeddings_whole,
	.refuse = openai_refuse,
};
