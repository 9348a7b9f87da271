#pragma once

#include <stddef.h>
#include <stdint.h>

/* Inodes of the TCP sockets, v4 and v6, that listen on this port of our network namespace. -1: the kernel does not say.
 */
#define LISTEN_PORT_INODES_MAX 64

int listen_port_inodes(uint16_t port, uint64_t *inodes, size_t max);
