#include "cluster/clock_offset.h"

/* As in NTP (RFC 5905 §8): half of what both ways differ by. */
void
clock_offset_add(struct clock_offset *offset, const struct ping *ping, int64_t back_ns)
{
	int64_t round_ns = (back_ns - ping->sent_ns) - (ping->said_ns - ping->heard_ns);

	if (offset->rounds++ > 0 && round_ns >= offset->round_ns)
		return;
	offset->round_ns = round_ns;
	offset->offset_ns = ((ping->heard_ns - ping->sent_ns) + (ping->said_ns - back_ns)) / 2;
}
