#pragma once

#include <stdint.h>

/* Time that stands still: from epoch + every on, for length, again and again. No work is done and nothing is sent
 * meanwhile. */
struct freeze {
	int64_t epoch_ns, length_ns, every_ns; /* length 0: never; else length < every */
};

/* When work_ns of work that begins at from_ns is done. With 0: from_ns itself, or the end of the freeze that it falls
 * into. */
int64_t freeze_done_ns(const struct freeze *freeze, int64_t from_ns, int64_t work_ns);
