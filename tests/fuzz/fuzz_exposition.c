#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "sampler/harvest.h"

/* Any bytes as an exposition: what is read of it, and how it ends, must not depend on how it is cut; what is wanted of
 * it is taken twice, so that differences are made too. Each piece lies in memory of its very size, for the sanitizer.
 */

#define HEARD_CEILING ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct hearing {
	struct buf heard;
	struct harvest *harvest;
};

static void
note(struct buf *into, const struct exposition_text *text)
{
	CHECK(buf_add(into, &text->length, sizeof(text->length)) && buf_add(into, text->bytes, text->length));
}

static void
hear(void *context, const struct exposition_sample *sample)
{
	struct hearing *hearing = context;
	double numbers[] = {sample->value, sample->time_s};

	note(&hearing->heard, &sample->name);
	for (size_t i = 0; i < sample->labels_n; i++) {
		note(&hearing->heard, &sample->labels[i].name);
		note(&hearing->heard, &sample->labels[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		numbers[i] = isnan(numbers[i]) ? -1 : numbers[i]; /* a NAN has many forms */
	CHECK(buf_add(&hearing->heard, numbers, sizeof(numbers)));
	harvest_add(hearing->harvest, sample);
}

static void
read_in(struct exposition *exposition, const uint8_t *data, size_t size, size_t step, struct hearing *hearing)
{
	struct error err = {0};
	bool is_good = true;

	for (size_t at = 0; is_good && at < size; at += step) {
		size_t length = size - at < step ? size - at : step;
		char *piece = malloc(length);

		CHECK(piece != NULL);
		memcpy(piece, data + at, length);
		is_good = exposition_read(exposition, piece, length, &err);
		free(piece);
	}
	if (is_good)
		exposition_end(exposition, &err);
	CHECK(buf_add_text(&hearing->heard, err.message));
}

static void
take(const struct plan_endpoint *endpoint, enum exposition_format format, const uint8_t *data, size_t size, size_t step,
	struct hearing *hearing)
{
	struct exposition exposition;
	struct harvested harvested[4];

	buf_init(&hearing->heard, HEARD_CEILING);
	hearing->harvest = harvest_new(endpoint);
	exposition_init(&exposition, hear, hearing);
	for (int64_t round = 0; round < 2; round++) {
		exposition_begin(&exposition, format);
		harvest_begin(hearing->harvest, format);
		read_in(&exposition, data, round == 0 ? size / 2 : size, step, hearing);
		harvest_end(hearing->harvest, round * NS_PER_S, harvested);
		for (size_t i = 0; i < endpoint->n; i++) {
			CHECK(isnan(harvested[i].value) == (harvested[i].state != HARVEST_GOOD));
			CHECK(buf_add(&hearing->heard, &harvested[i].state, sizeof(harvested[i].state)));
		}
	}
	exposition_fini(&exposition);
	harvest_free(hearing->harvest);
}

/* The first byte says which format it is, and how the rest is cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan_matcher matchers[] = {{"b", "c"}};
	static struct plan_scraped wanted[] = {
		{.metric = "a"},
		{.metric = "a", .matchers = matchers, .matchers_n = 1, .over = OVER_MAX},
		{.metric = "a", .kind = SCRAPED_RATE},
		{.metric = "a", .kind = SCRAPED_QUANTILE, .quantile = 0.5},
	};
	const struct plan_endpoint endpoint = {.list = wanted, .n = ARRAY_LEN(wanted)};
	struct hearing whole, cut;

	if (size < 2)
		return 0;
	enum exposition_format format = data[0] & 1 ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;

	take(&endpoint, format, data + 1, size - 1, size, &whole);
	take(&endpoint, format, data + 1, size - 1, (size_t)(data[0] >> 1) + 1, &cut);
	CHECK_OP(whole.heard.length, ==, cut.heard.length);
	CHECK(memcmp(whole.heard.bytes, cut.heard.bytes, cut.heard.length) == 0);
	buf_fini(&whole.heard);
	buf_fini(&cut.heard);
	return 0;
}
