#include "listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "base/check.h"
#include "base/units.h"

#define BACKLOG 4096

static volatile sig_atomic_t is_told_to_stop;

static void
on_signal(int signal)
{
	(void)signal;
	is_told_to_stop = 1;
}

bool
listener_is_told_to_stop(void)
{
	return is_told_to_stop != 0;
}

static void
block_signals(sigset_t *unblocked)
{
	sigset_t blocked;
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, unblocked);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static bool
set_option(int fd, int level, int name)
{
	int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

static bool
set_options(int fd, const struct listener_options *o)
{
	return set_option(fd, SOL_SOCKET, SO_REUSEADDR) && set_option(fd, IPPROTO_TCP, TCP_NODELAY) &&
	       (!o->has_stamps || set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS));
}

static void
choose_congestion(struct listener *l, const char *wanted)
{
	socklen_t length = sizeof(l->congestion) - 1;

	memset(l->congestion, 0, sizeof(l->congestion));
	if (wanted != NULL)
		setsockopt(l->fd, IPPROTO_TCP, TCP_CONGESTION, wanted, (socklen_t)strlen(wanted));
	getsockopt(l->fd, IPPROTO_TCP, TCP_CONGESTION, l->congestion, &length);
}

bool
listener_start(struct listener *l, const struct listener_options *o)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct rlimit files;

	CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
	l->connections_max = files.rlim_cur;
	block_signals(&l->unblocked);
	prctl(PR_SET_TIMERSLACK, 1); /* 50 µs otherwise */
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->fd < 0 || l->epoll < 0 || !set_options(l->fd, o) ||
		bind(l->fd, (struct sockaddr *)&address, length) < 0 ||
		getsockname(l->fd, (struct sockaddr *)&address, &length) < 0)
		return false;
	choose_congestion(l, o->congestion);
	if (listen(l->fd, BACKLOG) < 0)
		return false;
	listener_watch(l, l->fd, EPOLL_CTL_ADD, EPOLLIN);
	printf("listening on %s://127.0.0.1:%u\n", o->scheme != NULL ? o->scheme : "http", ntohs(address.sin_port));
	fflush(stdout);
	return true;
}

void
listener_watch(const struct listener *l, int fd, int op, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	CHECK(epoll_ctl(l->epoll, op, fd, &event) == 0);
}

int
listener_accept(const struct listener *l)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	CHECK_OP(fd, <, l->connections_max);
	listener_watch(l, fd, EPOLL_CTL_ADD, EPOLLIN);
	return fd;
}

int
listener_wait(
	const struct listener *l, const struct deadlines *deadlines, struct epoll_event events[LISTENER_EVENTS_MAX])
{
	if (deadlines->n == 0)
		return epoll_pwait(l->epoll, events, LISTENER_EVENTS_MAX, -1, &l->unblocked);
	int64_t left_ns = deadlines->heap[0].at_ns - now_ns();

	left_ns = left_ns > 0 ? left_ns : 0;
	struct timespec left = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};

	return epoll_pwait2(l->epoll, events, LISTENER_EVENTS_MAX, &left, &l->unblocked);
}
