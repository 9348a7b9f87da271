#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A stream of bytes that arrives whole, in order and once, over something that may lose, repeat or delay: cut into
 * numbered parcels, of which one is under way at a time until it is known to be kept. Pure: times are handed in. */
#define PARCEL_MAX ((size_t)256 * 1024)
#define PARCELS_WAITING_MAX ((size_t)64 * 1024 * 1024)
#define PARCEL_AGAIN_NS (INT64_C(3) * 1000000000)

struct parcel_sender {
	struct buf waiting;
	size_t under_way;   /* bytes at its beginning; 0: none */
	uint64_t kept;      /* parcels that are known to be, numbered from 1 */
	int64_t said_at_ns; /* when the one under way was last handed out; −1: it is to be, at once */
};

void parcel_sender_init(struct parcel_sender *sender);
void parcel_sender_fini(struct parcel_sender *sender);
/* False: more waits than there is room for; nothing was added. */
bool parcel_add(struct parcel_sender *sender, const void *bytes, size_t length);
/* The parcel that is to be sent now: a new one, or one of which nothing was heard for PARCEL_AGAIN_NS. Whole lines,
 * unless a line is longer than a parcel. NULL: none. Valid until the next call. */
const char *parcel_next(struct parcel_sender *sender, int64_t now_ns, size_t *length, uint64_t *number);
/* That one is kept; others, that were before, are not news. */
void parcel_kept(struct parcel_sender *sender, uint64_t number);
/* What is under way may be lost: it is sent again. */
void parcel_again(struct parcel_sender *sender);
static inline bool
parcel_all_kept(const struct parcel_sender *sender)
{
	return sender->waiting.length == 0;
}

/* Who receives: the number that comes in is the next one, one that was taken before, or there is one missing. */
enum parcel_fate { PARCEL_NEW, PARCEL_REPEATED, PARCEL_MISSING };

struct parcel_receiver {
	uint64_t taken;
};

enum parcel_fate parcel_take(struct parcel_receiver *receiver, uint64_t number);

/* "RUN/SHARD/NUMBER" → NUMBER; 0: it is none. */
uint64_t parcel_number_of(const char *id);
