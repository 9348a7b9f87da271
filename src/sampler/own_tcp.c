#include "sampler/own_tcp.h"

#include <linux/tcp.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/order.h"
#include "base/units.h"
#include "sampler/own_ports.h"

#define LOOK_EVERY_NS NS_PER_S

/* include/net/tcp_states.h of Linux, which no header tells beside linux/tcp.h */
#define STATE_LISTEN 10

void
own_tcp_init(struct own_tcp *tcp)
{
	*tcp = (struct own_tcp){.looked_ns = -1, .rtt_ns = NAN, .retransmitted = NAN};
}

bool
own_tcp_is_due(struct own_tcp *tcp, double open_fds, int64_t now_ns)
{
	if (tcp->looked_ns >= 0 && now_ns - tcp->looked_ns < LOOK_EVERY_NS)
		return false;
	tcp->looked_ns = now_ns;
	tcp->one_in = open_fds > OWN_TCP_MAX ? (size_t)ceil(open_fds / OWN_TCP_MAX) : 1;
	return true;
}

void
own_tcp_offer(struct own_tcp *tcp, int fd, uint16_t port)
{
	if (tcp->n == OWN_TCP_MAX || (size_t)fd % tcp->one_in != 0)
		return;
	for (size_t i = 0; i < tcp->n; i++)
		if (tcp->sampled[i].fd == fd && tcp->sampled[i].port == port)
			return;
	tcp->sampled[tcp->n++] = (struct own_connection){.fd = fd, .port = port};
}

static bool
ask(const struct own_connection *connection, struct tcp_info *info)
{
	socklen_t length = sizeof(*info);
	bool is_open;

	*info = (struct tcp_info){0};
	/* The loop may have closed it, and opened another by that number: then its port is another. */
	return own_port_of(connection->fd, &is_open) == connection->port &&
	       getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, info, &length) == 0 &&
	       info->tcpi_state != STATE_LISTEN && info->tcpi_segs_out >= connection->segments;
}

static double
median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), order_by_value);
	return order_median(values, n);
}

void
own_tcp_look(struct own_tcp *tcp)
{
	double rtts_ns[OWN_TCP_MAX], segments = 0, retransmitted = 0;
	size_t kept = 0, rtts = 0;
	struct tcp_info info;

	for (size_t i = 0; i < tcp->n; i++) {
		struct own_connection c = tcp->sampled[i];

		if (!ask(&c, &info))
			continue;
		if (info.tcpi_rtt > 0) /* else min_rtt is not known either */
			rtts_ns[rtts++] = (double)info.tcpi_min_rtt * 1e3;
		segments += (double)(info.tcpi_segs_out - c.segments);
		retransmitted += (double)(info.tcpi_total_retrans - c.retransmitted);
		c.segments = info.tcpi_segs_out;
		c.retransmitted = info.tcpi_total_retrans;
		tcp->sampled[kept++] = c;
	}
	tcp->n = kept;
	tcp->rtt_ns = median(rtts_ns, rtts);
	tcp->retransmitted = segments > 0 ? fmin(retransmitted / segments, 1) : NAN;
}
