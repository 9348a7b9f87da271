#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/check.h"
#include "base/units.h"
#include "base/base64.h"
#include "measure/events.h"
#include "measure/summary.h"

/* Whatever arrives on the event stream, the control stream or inside an encoded histogram: no crash, and what is
 * accepted is understood, that is, its own encoding says the same again. The first byte chooses the reader. */

#define FUZZ_LEVELS_MAX 3
#define FUZZ_PLAIN_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct plan_request requests[] = {{.name = "a"}, {.name = "b"}};
static struct plan_scraped figures[] = {{.name = "a"}, {.name = "depth", .index = 1}};
static struct plan_endpoint endpoints[] = {{.list = figures, .n = 1}, {.list = figures + 1, .n = 1}};
static const struct plan plan = {
	.name = "fuzz",
	.requests = requests,
	.requests_n = ARRAY_LEN(requests),
	.scrape = {.endpoints = endpoints,
		.endpoints_n = ARRAY_LEN(endpoints),
		.list = figures,
		.n = ARRAY_LEN(figures)},
	.output.interval_ns = NS_PER_S,
};

static struct interval *interval, *again;
static struct buf line, line_again;

static void
encode_again(void)
{
	struct error err = {0};
	struct event event;

	buf_clear(&line);
	buf_clear(&line_again);
	CHECK(event_encode_interval(&line, interval, &plan));
	CHECK(event_decode(line.bytes, line.length, &plan, &event, again, &err));
	CHECK(event_encode_interval(&line_again, again, &plan));
	CHECK(line.length == line_again.length && memcmp(line.bytes, line_again.bytes, line.length) == 0);
}

static void
fuzz_event(const char *text, size_t size)
{
	struct error err = {0};
	struct event event;

	if (!event_decode(text, size, &plan, &event, interval, &err)) {
		CHECK(error_is_set(&err));
		return;
	}
	if (event.kind == EVENT_LEVEL)
		CHECK(event.start_ns >= 0 && event.end_ns >= event.start_ns && !(event.offered < 0));
	if (event.kind != EVENT_INTERVAL)
		return;
	encode_again();
	struct summary *summary = summary_new(&plan);

	summary_add_interval(summary, interval);
	summary_settle_level(summary, 0);
	summary_add_interval(summary, interval);
	summary_cut(summary, interval->start_ns);
	summary_free(summary);
}

static void
fuzz_control(const char *text, size_t size)
{
	struct error err = {0};
	struct control control;

	if (control_decode(text, size, &control, &err))
		CHECK(control.at_ns >= -1 && (control.kind != CONTROL_LEVEL || control.level >= 0));
	else
		CHECK(error_is_set(&err));
}

static void
check_histogram(const char *text)
{
	struct histogram h, back;

	histogram_init(&h);
	histogram_init(&back);
	if (histogram_decode_add(&h, text)) {
		char *encoded = histogram_encode(&h);

		CHECK(histogram_decode_add(&back, encoded));
		CHECK(back.total == h.total && back.min_ns == h.min_ns && back.max_ns == h.max_ns);
		CHECK(memcmp(back.counts, h.counts, HISTOGRAM_COUNTS_LEN * sizeof(uint64_t)) == 0);
		CHECK(h.total == 0 || histogram_quantile_ns(&h, 1) >= h.max_ns);
		free(encoded);
	} else {
		CHECK(h.total == 0 && h.halves_used == 0);
	}
	histogram_fini(&back);
	histogram_fini(&h);
}

/* Deflates the counts and puts both headers around them, so that the fuzzer reaches what is inside. */
static void
fuzz_counts(const uint8_t *counts, size_t size)
{
	static const uint8_t header[40] = {0x1c, 0x84, 0x93, 0x13, [15] = 3, [23] = 1, [26] = 0x03, [27] = 0x46,
		[28] = 0x30, [29] = 0xb8, [30] = 0xa0, [32] = 0x3f, [33] = 0xf0};
	uint8_t plain[FUZZ_PLAIN_MAX], deflated[FUZZ_PLAIN_MAX + 64] = {0x1c, 0x84, 0x93, 0x14};
	uLongf length = sizeof(deflated) - 8;

	if (size > sizeof(plain) - sizeof(header))
		return;
	memcpy(plain, header, sizeof(header));
	memcpy(plain + sizeof(header), counts, size);
	plain[6] = (uint8_t)(size >> 8);
	plain[7] = (uint8_t)size;
	CHECK_OP(compress(deflated + 8, &length, plain, sizeof(header) + size), ==, Z_OK);
	deflated[6] = (uint8_t)(length >> 8);
	deflated[7] = (uint8_t)length;
	char *text = base64_encode(deflated, 8 + length);

	check_histogram(text);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (interval == NULL) {
		interval = interval_new(ARRAY_LEN(requests), FUZZ_LEVELS_MAX);
		again = interval_new(ARRAY_LEN(requests), FUZZ_LEVELS_MAX);
		buf_init(&line, EVENT_LINE_MAX);
		buf_init(&line_again, EVENT_LINE_MAX);
	}
	if (size == 0)
		return 0;
	/* A copy of exactly this size, with a NUL after it for the one reader that wants a text. */
	char *text = must_strndup((const char *)bytes + 1, size - 1);

	switch (bytes[0]) {
	case 'c': fuzz_control(text, size - 1); break;
	case 'h': check_histogram(text); break;
	case 'n': fuzz_counts(bytes + 1, size - 1); break;
	default: fuzz_event(text, size - 1); break;
	}
	free(text);
	return 0;
}
