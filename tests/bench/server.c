/* bench_server: the smallest HTTP/1.1 server that can be told the truth about. One thread, epoll, no parser: a request
 * ends where an empty line does, has no body, and may be pipelined or cut anywhere; every answer is the same.
 *
 * Without --log it reads no stamps and nothing is in the way of speed. With it, it knows of each request when the
 * kernel received it and when it was answered, which is what a generator's figures are compared with. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/stamp.h"
#include "base/units.h"

#include "deadlines.h"
#include "listener.h"
#include "meter.h"
#include "wire.h"

#define READ_BYTES ((size_t)64 << 10)
#define BURST_ANSWERS 64 /* answers that one send may carry */
#define RNG_STALL 1

struct options {
	uint64_t port, seed;
	int64_t delay_ns, stall_ns, freeze_ns, freeze_every_ns;
	double stall_ratio;
	const char *log_path;
};

struct connection {
	uint32_t generation; /* of the descriptor's number: whose deadline this is */
	uint8_t matched;     /* bytes of the empty line seen so far */
	bool waits_for_room;
	int64_t last_ns; /* when its latest answer is due: none overtakes another */
	size_t owed, at; /* bytes of answers not sent yet, and where in an answer they begin */
};

struct server {
	struct options options;
	struct listener listener;
	struct connection *connections; /* by descriptor */
	struct deadlines deadlines;
	struct meter meter;
	struct stamp stamp;
	bool has_stamps;
	int64_t now_ns;   /* when this turn began */
	int64_t epoch_ns; /* the first arrival, from which freezes are counted; −1: none yet */
	char answers[BURST_ANSWERS * WIRE_RESPONSE_BYTES];
	char bytes[READ_BYTES];
};

/* Everything stops in the last freeze_ns of each period: nothing is read, accepted or sent. */
static void
sit_out_freeze(struct server *s)
{
	const struct options *o = &s->options;

	if (o->freeze_ns == 0 || s->epoch_ns < 0)
		return;
	int64_t t_ns = now_ns(), into_ns = (t_ns - s->epoch_ns) % o->freeze_every_ns;

	if (into_ns < o->freeze_every_ns - o->freeze_ns)
		return;
	int64_t end_ns = t_ns + o->freeze_every_ns - into_ns;
	struct timespec end = {.tv_sec = end_ns / NS_PER_S, .tv_nsec = end_ns % NS_PER_S};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
	s->now_ns = now_ns();
}

static void
close_connection(struct server *s, int fd)
{
	s->connections[fd].generation++;
	close(fd);
}

static void
accept_connections(struct server *s)
{
	int fd;

	while ((fd = listener_accept(&s->listener)) >= 0) {
		s->connections[fd] = (struct connection){.generation = s->connections[fd].generation};
		meter_add_connection(&s->meter, s->now_ns);
	}
}

/* A peer that does not read what it is owed is not read from. False: the connection is gone. */
static bool
send_owed(struct server *s, int fd)
{
	struct connection *c = &s->connections[fd];

	while (c->owed > 0) {
		size_t length = sizeof(s->answers) - c->at;
		ssize_t n = send(fd, s->answers + c->at, c->owed < length ? c->owed : length, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN) {
			close_connection(s, fd);
			return false;
		}
		if (n < 0)
			break;
		c->owed -= (size_t)n;
		c->at = (c->at + (size_t)n) % WIRE_RESPONSE_BYTES;
	}
	bool waits = c->owed > 0;

	if (waits != c->waits_for_room)
		listener_watch(&s->listener, fd, EPOLL_CTL_MOD, waits ? EPOLLOUT : EPOLLIN);
	c->waits_for_room = waits;
	return true;
}

/* Done is just before the send: the peer's kernel stamps the answer within that call. */
static bool
answer(struct server *s, int fd, int64_t arrival_ns, unsigned n)
{
	sit_out_freeze(s);
	int64_t done_ns = s->has_stamps ? now_ns() : 0;

	for (unsigned i = 0; i < n; i++)
		meter_add_answer(&s->meter, arrival_ns, done_ns);
	s->connections[fd].owed += n * WIRE_RESPONSE_BYTES;
	return send_owed(s, fd);
}

static void
answer_due(struct server *s)
{
	struct deadline due;

	while (deadlines_take(&s->deadlines, now_ns(), &due))
		if (s->connections[due.fd].generation == due.generation)
			answer(s, (int)due.fd, due.arrival_ns, 1);
}

/* When the k-th request is to be answered. */
static int64_t
due_ns(const struct server *s, uint64_t k, int64_t arrival_ns)
{
	const struct options *o = &s->options;
	bool is_stalled = o->stall_ratio > 0 && rng_unit_at(o->seed, RNG_STALL, k) < o->stall_ratio;

	return arrival_ns + o->delay_ns + (is_stalled ? o->stall_ns : 0);
}

static void
take_requests(struct server *s, int fd, unsigned n, int64_t arrival_ns)
{
	struct connection *c = &s->connections[fd];
	uint64_t k = s->meter.requests;

	if (s->epoch_ns < 0)
		s->epoch_ns = arrival_ns;
	meter_add_requests(&s->meter, n, s->now_ns);
	if (s->options.delay_ns == 0 && s->options.stall_ratio == 0) {
		answer(s, fd, arrival_ns, n);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		int64_t at_ns = due_ns(s, k + i, arrival_ns);

		c->last_ns = at_ns > c->last_ns ? at_ns : c->last_ns;
		deadlines_add(&s->deadlines, (struct deadline){.at_ns = c->last_ns,
						     .arrival_ns = arrival_ns,
						     .fd = (uint32_t)fd,
						     .generation = c->generation});
	}
}

/* The kernel's stamp is that of the last segment read: the request's end. */
static ssize_t
read_stamped(struct server *s, int fd, int64_t *arrival_ns)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec into = {.iov_base = s->bytes, .iov_len = sizeof(s->bytes)};
	struct msghdr message = {
		.msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &message, 0);

	if (n <= 0)
		return n;
	*arrival_ns = now_ns();
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec t;

			memcpy(&t, CMSG_DATA(c), sizeof(t));
			*arrival_ns = stamp_to_monotonic_ns(&s->stamp, t.tv_sec * NS_PER_S + t.tv_nsec, *arrival_ns);
		}
	return n;
}

static void
read_connection(struct server *s, int fd)
{
	int64_t arrival_ns = s->now_ns;
	ssize_t n = s->has_stamps ? read_stamped(s, fd, &arrival_ns) : recv(fd, s->bytes, sizeof(s->bytes), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		close_connection(s, fd);
		return;
	}
	unsigned ends = wire_count_ends(&s->connections[fd].matched, s->bytes, (size_t)n);

	if (ends > 0)
		take_requests(s, fd, ends, arrival_ns);
}

static void
serve(struct server *s)
{
	struct epoll_event events[LISTENER_EVENTS_MAX];

	while (!listener_is_told_to_stop()) {
		int n = listener_wait(&s->listener, &s->deadlines, events);

		s->now_ns = now_ns();
		sit_out_freeze(s);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == s->listener.fd)
				accept_connections(s);
			else if (!(events[i].events & EPOLLOUT) || send_owed(s, fd))
				if (events[i].events & ~(uint32_t)EPOLLOUT)
					read_connection(s, fd);
		}
		answer_due(s);
	}
}

/* "FIRST<separator>SECOND": cuts the text, which is argv's own. */
static char *
cut(char *text, char separator)
{
	char *at = strchr(text, separator);

	if (at != NULL)
		*at++ = '\0';
	return at;
}

static bool
parse_option(int name, char *value, struct options *o)
{
	char *second;

	switch (name) {
	case 'p': return units_parse_count(value, &o->port) && o->port <= UINT16_MAX;
	case 'd': return units_parse_time_ns(value, &o->delay_ns);
	case 's':
		second = cut(value, ':');
		return second != NULL && units_parse_ratio(value, &o->stall_ratio) &&
		       units_parse_time_ns(second, &o->stall_ns);
	case 'f':
		second = cut(value, '/');
		return second != NULL && units_parse_time_ns(value, &o->freeze_ns) &&
		       units_parse_time_ns(second, &o->freeze_every_ns) && o->freeze_ns < o->freeze_every_ns;
	case 'r': return units_parse_count(value, &o->seed);
	case 'l': o->log_path = value; return true;
	default: return false;
	}
}

static bool
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {{"port", required_argument, NULL, 'p'},
		{"delay", required_argument, NULL, 'd'}, {"stall", required_argument, NULL, 's'},
		{"freeze", required_argument, NULL, 'f'}, {"seed", required_argument, NULL, 'r'},
		{"log", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
	int name;

	*o = (struct options){.seed = 1};
	while ((name = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!parse_option(name, optarg, o))
			return false;
	return optind == argc;
}

static void
server_init(struct server *s)
{
	s->connections = must_calloc(s->listener.connections_max, sizeof(*s->connections));
	s->epoch_ns = -1;
	meter_init(&s->meter, s->has_stamps);
	stamp_init(&s->stamp);
	for (size_t i = 0; i < BURST_ANSWERS; i++)
		memcpy(s->answers + i * WIRE_RESPONSE_BYTES, WIRE_RESPONSE, WIRE_RESPONSE_BYTES);
}

int
main(int argc, char **argv)
{
	static struct server s;

	if (!parse_options(argc, argv, &s.options)) {
		fprintf(stderr,
			"usage: bench_server [--port N] [--delay TIME] [--stall SHARE:TIME] [--freeze TIME/TIME] "
			"[--seed N] [--log FILE]\n");
		return 2;
	}
	s.has_stamps = s.options.log_path != NULL;
	if (!listener_start(
		    &s.listener, &(struct listener_options){.port = s.options.port, .has_stamps = s.has_stamps})) {
		fprintf(stderr, "bench_server: cannot listen: %s\n", strerror(errno));
		return 1;
	}
	server_init(&s);
	serve(&s);
	meter_print(&s.meter);
	if (s.has_stamps && !meter_write_log(&s.meter, s.options.log_path)) {
		fprintf(stderr, "bench_server: the log is incomplete: %s\n", strerror(errno));
		return 1;
	}
	meter_fini(&s.meter);
	deadlines_fini(&s.deadlines);
	free(s.connections);
	return 0;
}
