#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "httpd/parser.h"

/* Whatever a peer sends to httpd/: no crash, nothing over its limit, and the same requests and refusals wherever the
 * bytes are cut. The first byte says how. */

#define HEAD_BYTES 400
#define BODY_BYTES 200

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct outcome {
	size_t requests;
	int refusal;
	uint64_t hash; /* of all that the handler would see */
};

static uint64_t
mix(uint64_t hash, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return hash ^ length;
}

static void
take(struct parser *p, struct request_pool *pool, struct outcome *o)
{
	struct request *r = parser_take(p);

	CHECK(r->head.length <= HEAD_BYTES && r->shown.body_length <= BODY_BYTES);
	o->requests++;
	o->hash = mix(o->hash, r->shown.method, strlen(r->shown.method));
	o->hash = mix(o->hash, r->shown.target, strlen(r->shown.target));
	o->hash = mix(o->hash, r->shown.body, r->shown.body_length);
	o->hash = mix(o->hash, r->head.bytes, r->head.length);
	o->hash = o->hash * 3 + r->keeps_alive;
	request_give(pool, r);
}

/* Pieces of at most `piece` bytes, until something is refused. */
static struct outcome
feed(const char *bytes, size_t size, size_t piece)
{
	const struct httpd_limits limits = {.head_bytes = HEAD_BYTES, .body_bytes = BODY_BYTES};
	struct request_pool pool;
	struct parser p;
	struct outcome o = {0};

	request_pool_init(&pool, HEAD_BYTES, BODY_BYTES);
	parser_init(&p, &limits, &pool);
	while (size > 0 && o.refusal == 0) {
		size_t length = piece < size ? piece : size, used = 0;

		switch (parser_feed(&p, bytes, length, &used)) {
		case PARSER_MORE: CHECK_OP(used, ==, length); break;
		case PARSER_REQUEST: take(&p, &pool, &o); break;
		case PARSER_REFUSED: o.refusal = p.refusal; break;
		}
		CHECK(used <= length && (used > 0 || o.refusal != 0 || o.requests > 0));
		bytes += used;
		size -= used;
	}
	CHECK(o.refusal == 0 || (o.refusal >= 400 && o.refusal < 600));
	parser_fini(&p);
	request_pool_fini(&pool);
	return o;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 1)
		return 0;
	struct outcome whole = feed((const char *)bytes + 1, size - 1, size);
	struct outcome cut = feed((const char *)bytes + 1, size - 1, 1 + bytes[0] % 16);

	/* Which limit is seen first may depend on the pieces; that one is, may not. */
	CHECK_OP(whole.requests, ==, cut.requests);
	CHECK_OP(whole.hash == cut.hash, ==, 1);
	CHECK_OP(whole.refusal != 0, ==, cut.refusal != 0);
	return 0;
}
