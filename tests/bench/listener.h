#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/clock.h"

#include "deadlines.h"

/* What the bench's servers have in common: one thread that listens on loopback, sleeps to the nanosecond until
 * something comes or is due, and ends by SIGTERM or SIGINT, which are let in only while it sleeps. */
#define LISTENER_EVENTS_MAX 256

struct listener {
	int fd, epoll;
	size_t connections_max; /* above every descriptor that there can be */
	sigset_t unblocked;
	char congestion[16]; /* what is used: TCP_CA_NAME_MAX */
};

/* What accepted connections inherit, TCP_NODELAY aside. */
struct listener_options {
	uint64_t port; /* 0: any */
	bool has_stamps;
	const char *scheme;     /* of the URL that is said; NULL: http */
	const char *congestion; /* used where the machine has it and lets anybody have it; NULL: the machine's own */
};

/* Says on stdout at which URL. False with errno set. */
bool listener_start(struct listener *listener, const struct listener_options *options);
void listener_watch(const struct listener *listener, int fd, int op, uint32_t events);
/* A connection, watched for what comes; −1: there is no more. */
int listener_accept(const struct listener *listener);
/* How many events came before the first deadline; 0 or less where there were none. */
int listener_wait(const struct listener *listener, const struct deadlines *deadlines,
	struct epoll_event events[LISTENER_EVENTS_MAX]);
bool listener_is_told_to_stop(void);

static inline int64_t
now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}
