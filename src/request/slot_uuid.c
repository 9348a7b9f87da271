#include "base/rng.h"
#include "base/units.h"
#include "request/slot.h"
#include "request/uuid.h"

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

static char *
uuid_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	const struct render *render = rendering->render;
	uint64_t k = render_draw_at(render);

	return uuid_write(
		into, rng_at(render->seed, slot_stream(slot, 0), k), rng_at(render->seed, slot_stream(slot, 1), k));
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

static bool
uuid7_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)slot;
	(void)scope;
	(void)err;
	return slot_text_is(text, "uuid7");
}

static char *
uuid7_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	const struct render *render = rendering->render;
	uint64_t k = render_draw_at(render);

	return uuid_write_7(into, (uint64_t)(slot_now_ns(rendering) / NS_PER_MS),
		rng_at(render->seed, slot_stream(slot, 0), k), rng_at(render->seed, slot_stream(slot, 1), k));
}

const struct slot_ops uuid7_slot = {
	.name = "uuid7",
	.form = NULL,
	.help = "version 7: the time in ms, then the arrival's own random numbers",
	.streams = 2,
	.is_text = true,
	.parse = uuid7_parse,
	.most = uuid_most,
	.put = uuid7_put,
};
