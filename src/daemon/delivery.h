#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/alert_book.h"

/* What a sink still has to tell, in order, and when to try again. Pure: times are handed in. What cannot be told is
 * tried again after a time that doubles, up to DELIVERY_PAUSE_MAX_NS, a quarter more or less so that many do not come
 * at once; then it is lost, as is the oldest where there is no room. Nothing is lost uncounted. */

#define DELIVERY_ROOM 256
#define DELIVERY_PAUSE_NS (INT64_C(1000000000))
#define DELIVERY_PAUSE_MAX_NS (INT64_C(300) * 1000000000)

struct notice {
	struct alert alert;
	enum alert_news news; /* ALERT_FIRED, ALERT_RECOVERED */
};

struct delivery {
	struct notice *notices; /* ring of DELIVERY_ROOM */
	size_t first, n;
	uint64_t tries_most;         /* of one notice */
	uint64_t tries;              /* of the first */
	int64_t next_ns;             /* when it may be tried (again) */
	bool is_under_way;           /* the first is being told: its owner says so */
	uint64_t told, failed, lost; /* notices told, attempts that failed, notices given up */
};

void delivery_init(struct delivery *delivery, uint64_t tries_most);
void delivery_fini(struct delivery *delivery);

void delivery_add(struct delivery *delivery, const struct alert *alert, enum alert_news news);
/* Where there is none for another: the oldest that is not under way goes, and is lost. False: there is room. */
bool delivery_make_room(struct delivery *delivery, struct notice *gone);
/* The first, if it may be tried now; NULL: none. */
const struct notice *delivery_due(const struct delivery *delivery, int64_t now_ns);
int64_t delivery_next_ns(const struct delivery *delivery); /* when there may be one; INT64_MAX: nothing waits */
void delivery_succeeded(struct delivery *delivery);
/* is_final: it would never be taken. True: it will be tried again. */
bool delivery_failed(struct delivery *delivery, int64_t now_ns, bool is_final);
