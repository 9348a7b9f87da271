#include "base/rng.h"
#include "request/slot.h"

#define UUID_LENGTH 36

static bool
uuid_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)slot;
	(void)scope;
	(void)err;
	return slot_text_is(text, "uuid");
}

static size_t
uuid_most(const struct slot *slot)
{
	(void)slot;
	return UUID_LENGTH;
}

/* RFC 9562 §5.4: 122 random bits around the version, 4, and the variant, binary 10. */
static char *
uuid_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	static const char hex[] = "0123456789abcdef";
	const struct render *render = rendering->render;
	uint64_t high = rng_at(render->seed, slot_stream(slot, 0), render_draw_at(render));
	uint64_t low = rng_at(render->seed, slot_stream(slot, 1), render_draw_at(render));

	high = (high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
	low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	for (int i = 0; i < 32; i++) {
		uint64_t half = i < 16 ? high : low;

		if (i == 8 || i == 12 || i == 16 || i == 20)
			*into++ = '-';
		*into++ = hex[half >> (60 - 4 * (i & 15)) & 15];
	}
	return into;
}

const struct slot_ops uuid_slot = {
	.name = "uuid",
	.form = "${uuid}",
	.help = "version 4, of the arrival's own random numbers, so that a seed repeats it",
	.streams = 2,
	.is_text = true,
	.parse = uuid_parse,
	.most = uuid_most,
	.put = uuid_put,
};
