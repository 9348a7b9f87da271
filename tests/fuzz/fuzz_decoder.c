#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "reader/decoder.h"

/* A body of any bytes, however it is cut, in any coding: as much comes out, and no more than it may. The first byte
 * says the coding, the second how it is cut. */

#define MOST ((uint64_t)256 * 1024)

static void
take(void *context, const char *bytes, size_t length)
{
	uint64_t *sum = context;

	CHECK(length > 0);
	for (size_t i = 0; i < length; i++)
		*sum = *sum * 31 + (unsigned char)bytes[i];
}

static enum failure
decode(struct decoder *d, const char *coding, const char *bytes, size_t length, size_t step, uint64_t *sum)
{
	*sum = 0;
	decoder_begin(d, BIT(CODING_GZIP) | BIT(CODING_DEFLATE) | BIT(CODING_BR), MOST);
	CHECK(decoder_take_header(d, "content-encoding", 16, coding, strlen(coding)));
	for (size_t at = 0; at < length; at += step)
		decoder_add(d, bytes + at, length - at < step ? length - at : step, take, sum);
	return decoder_end(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codings[] = {"gzip", "deflate", "br", "identity"};
	const char *bytes = (const char *)data + 2;
	struct decoder d;
	uint64_t whole, cut;

	if (size < 3)
		return 0;
	decoder_init(&d);
	enum failure first = decode(&d, codings[data[0] & 3], bytes, size - 2, size, &whole);

	CHECK(d.decoded <= MOST || first == FAILURE_DECODED_TOO_LARGE);
	enum failure second = decode(&d, codings[data[0] & 3], bytes, size - 2, (size_t)data[1] + 1, &cut);

	/* What is broken is noticed sooner or later, by how much of it was there; what is not is the same. */
	CHECK((first == FAILURE_COUNT) == (second == FAILURE_COUNT));
	CHECK(first != FAILURE_COUNT || whole == cut);
	decoder_fini(&d);
	return 0;
}
