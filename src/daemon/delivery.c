#include "daemon/delivery.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/rng.h"

void
delivery_init(struct delivery *delivery, uint64_t tries_most)
{
	*delivery = (struct delivery){
		.notices = must_calloc(DELIVERY_ROOM, sizeof(struct notice)), .tries_most = tries_most};
}

void
delivery_fini(struct delivery *delivery)
{
	free(delivery->notices);
	*delivery = (struct delivery){.n = 0};
}

static void
drop_first(struct delivery *delivery)
{
	CHECK_OP(delivery->n, >, 0);
	delivery->first = (delivery->first + 1) % DELIVERY_ROOM;
	delivery->n--;
	delivery->tries = 0;
	delivery->next_ns = 0;
}

bool
delivery_make_room(struct delivery *delivery, struct notice *gone)
{
	struct notice *first = &delivery->notices[delivery->first],
		      *second = &delivery->notices[(delivery->first + 1) % DELIVERY_ROOM];

	if (delivery->n < DELIVERY_ROOM)
		return false;
	delivery->lost++;
	if (!delivery->is_under_way) {
		*gone = *first;
		drop_first(delivery);
		return true;
	}
	*gone = *second;
	*second = *first;
	delivery->first = (delivery->first + 1) % DELIVERY_ROOM;
	delivery->n--;
	return true;
}

void
delivery_add(struct delivery *delivery, const struct alert *alert, enum alert_news news)
{
	struct notice gone;

	(void)delivery_make_room(delivery, &gone);
	delivery->notices[(delivery->first + delivery->n++) % DELIVERY_ROOM] =
		(struct notice){.alert = *alert, .news = news};
}

const struct notice *
delivery_due(const struct delivery *delivery, int64_t now_ns)
{
	return delivery_next_ns(delivery) <= now_ns ? &delivery->notices[delivery->first] : NULL;
}

int64_t
delivery_next_ns(const struct delivery *delivery)
{
	return delivery->n > 0 ? delivery->next_ns : INT64_MAX;
}

void
delivery_succeeded(struct delivery *delivery)
{
	delivery->told++;
	drop_first(delivery);
}

static int64_t
pause_ns(const struct delivery *delivery)
{
	const struct notice *notice = &delivery->notices[delivery->first];
	int64_t pause = DELIVERY_PAUSE_NS;

	for (uint64_t i = 1; i < delivery->tries && pause < DELIVERY_PAUSE_MAX_NS; i++)
		pause *= 2;
	pause = pause < DELIVERY_PAUSE_MAX_NS ? pause : DELIVERY_PAUSE_MAX_NS;
	return (int64_t)((double)pause *
			 (0.75 + 0.5 * rng_unit_at(notice->alert.number, RNG_SPACING, delivery->tries)));
}

bool
delivery_failed(struct delivery *delivery, int64_t now_ns, bool is_final)
{
	CHECK_OP(delivery->n, >, 0);
	delivery->failed++;
	delivery->tries++;
	if (is_final || delivery->tries >= delivery->tries_most) {
		delivery->lost++;
		drop_first(delivery);
		return false;
	}
	delivery->next_ns = now_ns + pause_ns(delivery);
	return true;
}
