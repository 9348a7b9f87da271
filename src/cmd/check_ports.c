#include "cmd/check_ports.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/units.h"
#include "proto/protocol.h"

#define TIME_WAIT_S 60

static bool
read_port_range(unsigned *first, unsigned *last)
{
	char text[64];

	return file_read_small("/proc/sys/net/ipv4/ip_local_port_range", text, sizeof(text)) > 0 &&
	       sscanf(text, "%u %u", first, last) == 2 && *last >= *first;
}

/* One per connection, and those of closed connections rest a while. */
void
check_print_ports(const struct plan *plan, double peak_per_s, double connections, struct buf *out)
{
	unsigned first, last;
	char needed[32], available[32];
	double ports = connections;

	if (plan->target.url.unix_path != NULL || !protocol_of(plan->target.protocol)->needs_stream)
		return;
	if (plan->target.requests_per_connection > 0)
		ports += peak_per_s / (double)plan->target.requests_per_connection * TIME_WAIT_S;
	buf_printf(out, "  ports            up to %s", units_count_text(ceil(ports), needed, sizeof(needed)));
	if (read_port_range(&first, &last)) {
		bool has_many = plan->target.sources.n > 1;
		double there_are = (last - first + 1.0) * (has_many ? (double)plan->target.sources.n : 1);

		buf_printf(out, " of %s (%u-%u%s) per address of the target",
			units_count_text(there_are, available, sizeof(available)), first, last,
			has_many ? " of each source" : "");
		if (ports > there_are)
			buf_add_text(out, ": too few, connections will fail with no_ports");
	}
	buf_add_text(out, "\n");
}
