#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the TCP connections of this process fare, by TCP_INFO: a few of them, once a second, since asking takes the lock
 * of a connection that the loop may be about to use. */
#define OWN_TCP_MAX 32

struct own_tcp {
	struct own_connection {
		int fd;
		uint16_t port;                    /* ours: tells whether the descriptor is still the same connection */
		uint64_t segments, retransmitted; /* sent so far */
	} sampled[OWN_TCP_MAX];
	size_t n;
	int64_t looked_ns; /* −1: not yet */
	size_t one_in;     /* of the descriptors, so that the sample is spread over all of them */
	/* Median of each one's shortest round trip in the last minutes; NAN: none has sent anything. The smoothed ones
	 * are as long as the target takes to answer, where its kernel sends the acknowledgement with the answer. */
	double rtt_ns;
	double retransmitted; /* share of the segments sent since the last look; NAN: none were */
};

void own_tcp_init(struct own_tcp *tcp);

/* Before each pass over the descriptors, of which so many are open. True: own_tcp_offer and own_tcp_look are wanted. */
bool own_tcp_is_due(struct own_tcp *tcp, double open_fds, int64_t now_ns);
void own_tcp_offer(struct own_tcp *tcp, int fd, uint16_t port);
void own_tcp_look(struct own_tcp *tcp);
