#pragma once

/* Local ports that TCP sockets of this process hold now; listening ones are few and hold one too. It asks each
 * descriptor, since /proc counts a whole network namespace, and lets other threads go first between a few of them: with
 * thousands of connections that is a millisecond that the loop, where it has no CPU to spare, should not wait for.
 * open_fds: how many descriptors are open; NAN: not known. */
double own_ports_count(double open_fds);
