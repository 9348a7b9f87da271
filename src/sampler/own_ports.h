#pragma once

#include "sampler/own_tcp.h"

/* Local ports that TCP sockets of this process hold now; listening ones are few and hold one too. It asks each
 * descriptor, since /proc counts a whole network namespace, and lets other threads go first between a few of them: with
 * thousands of connections that is a millisecond that the loop, where it has no CPU to spare, should not wait for.
 * open_fds: how many descriptors are open; NAN: not known. Each of them is offered to `tcp`, where that is not NULL. */
double own_ports_count(double open_fds, struct own_tcp *tcp);

/* The local port of an IPv4 or IPv6 socket; 0: none, or no socket. */
uint16_t own_port_of(int fd, bool *is_open);
