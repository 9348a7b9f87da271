#include "cluster/parcel.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void
parcel_sender_init(struct parcel_sender *sender)
{
	*sender = (struct parcel_sender){.said_at_ns = -1};
	buf_init(&sender->waiting, PARCELS_WAITING_MAX);
}

void
parcel_sender_fini(struct parcel_sender *sender)
{
	buf_fini(&sender->waiting);
}

bool
parcel_add(struct parcel_sender *sender, const void *bytes, size_t length)
{
	return buf_add(&sender->waiting, bytes, length);
}

/* As many whole lines as there is room for. What is no whole line yet waits for its end, unless it is too long. */
static size_t
next_length(const struct buf *waiting)
{
	size_t most = waiting->length < PARCEL_MAX ? waiting->length : PARCEL_MAX;
	const char *end = most > 0 ? memrchr(waiting->bytes, '\n', most) : NULL;

	if (end != NULL)
		return (size_t)(end - waiting->bytes) + 1;
	return most == PARCEL_MAX ? most : 0;
}

const char *
parcel_next(struct parcel_sender *sender, int64_t now_ns, size_t *length, uint64_t *number)
{
	bool is_new = sender->under_way == 0;

	if (is_new)
		sender->under_way = next_length(&sender->waiting);
	if (sender->under_way == 0 ||
		(!is_new && sender->said_at_ns >= 0 && now_ns - sender->said_at_ns < PARCEL_AGAIN_NS))
		return NULL;
	sender->said_at_ns = now_ns;
	*length = sender->under_way;
	*number = sender->kept + 1;
	return sender->waiting.bytes;
}

void
parcel_kept(struct parcel_sender *sender, uint64_t number)
{
	struct buf *waiting = &sender->waiting;

	if (sender->under_way == 0 || number != sender->kept + 1)
		return;
	memmove(waiting->bytes, waiting->bytes + sender->under_way, waiting->length - sender->under_way);
	buf_cut(waiting, waiting->length - sender->under_way);
	sender->under_way = 0;
	sender->kept++;
}

void
parcel_again(struct parcel_sender *sender)
{
	sender->said_at_ns = -1;
}

enum parcel_fate
parcel_take(struct parcel_receiver *receiver, uint64_t number)
{
	if (number <= receiver->taken)
		return PARCEL_REPEATED;
	if (number > receiver->taken + 1)
		return PARCEL_MISSING;
	receiver->taken = number;
	return PARCEL_NEW;
}

uint64_t
parcel_number_of(const char *id)
{
	const char *slash = strrchr(id, '/');
	char *end;

	if (slash == NULL || slash[1] < '0' || slash[1] > '9')
		return 0;
	uint64_t number = strtoull(slash + 1, &end, 10);

	return *end == '\0' ? number : 0;
}
