#include <errno.h>

#include "net/stream.h"

enum failure
failure_from_connect_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENOENT: /* no such unix socket: nobody listens */ return FAILURE_CONNECT_REFUSED;
	case ETIMEDOUT: return FAILURE_CONNECT_TIMEOUT;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE: return FAILURE_CONNECT_RESET;
	case EHOSTUNREACH: /* route type unreachable, or ICMP */
	case EHOSTDOWN:
	case ENETUNREACH:
	case ENETDOWN:
	case EACCES: /* route type prohibit, or a unix socket that we may not open */
	case EPERM:  /* a firewall of our own */
	case EINVAL: /* route type blackhole */ return FAILURE_UNREACHABLE;
	case EADDRNOTAVAIL: return FAILURE_NO_PORTS;
	case EMFILE:
	case ENFILE: return FAILURE_NO_FDS;
	case ENOBUFS:
	case ENOMEM:
	case ENOSPC: /* epoll's max_user_watches */ return FAILURE_NO_MEMORY;
	default: return FAILURE_CONNECT_FAILED; /* EAGAIN: a unix socket's backlog is full */
	}
}

enum failure
failure_from_io_errno(int error)
{
	switch (error) {
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE: return FAILURE_RESET;
	case EPROTO: return FAILURE_TLS_RECORD;
	default: return FAILURE_NETWORK;
	}
}
