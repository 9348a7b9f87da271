/* bench_floor: the generator without a parser, against which ours is measured. JSON on stdout. */
#include "floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

#include "wire.h"

#define CLOSED_SAMPLES_MAX ((size_t)8 << 20)

int64_t
floor_now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "bench_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

void
floor_send(struct floor_run *run, struct floor_connection *c)
{
	if (send(c->fd, WIRE_REQUEST, WIRE_REQUEST_BYTES, MSG_NOSIGNAL) != WIRE_REQUEST_BYTES)
		give_up("send");
	run->sent++;
}

bool
floor_receive(struct floor_run *run, struct floor_connection *c)
{
	char bytes[4096];
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		give_up("the server hung up");
	c->received += (uint32_t)n;
	if (c->received < WIRE_RESPONSE_BYTES)
		return false;
	CHECK_OP(c->received, ==, WIRE_RESPONSE_BYTES);
	c->received = 0;
	run->answered++;
	return true;
}

static void
connect_one(struct floor_run *run, struct floor_connection *c)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)run->options.port)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	int on = 1;

	inet_pton(AF_INET, run->options.host, &address.sin_addr);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		give_up("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		give_up("epoll_ctl");
}

static void
print_report(struct floor_run *run)
{
	double s = ns_to_s(run->ended_ns - run->started_ns);

	printf("{\"sent\":%llu,\"answered\":%llu,\"elapsed_s\":%.6f,\"req_per_s\":%.1f", (unsigned long long)run->sent,
		(unsigned long long)run->answered, s, (double)run->answered / s);
	samples_print(&run->latency, "latency_ns");
	samples_print(&run->lateness, "lateness_ns");
	printf("}\n");
}

static bool
parse_pacing(const char *name, struct floor_options *o)
{
	o->pacing = strcmp(name, "timerfd") == 0 ? FLOOR_TIMERFD : FLOOR_HYBRID;
	return o->pacing == FLOOR_TIMERFD || strcmp(name, "hybrid") == 0;
}

static bool
parse_option(int name, char *value, struct floor_options *o)
{
	double rate_per_s;

	switch (name) {
	case 'p': return units_parse_count(value, &o->port) && o->port > 0 && o->port <= UINT16_MAX;
	case 'c': return units_parse_count(value, &o->connections) && o->connections > 0;
	case 'd': return units_parse_time_ns(value, &o->duration_ns);
	case 'r':
		if (!units_parse_rate(value, &rate_per_s))
			return false;
		o->rate_per_s = (uint64_t)rate_per_s;
		return o->rate_per_s > 0;
	case 'm': return parse_pacing(value, o);
	case 't': o->pacing = FLOOR_TICK; return units_parse_time_ns(value, &o->tick_ns) && o->tick_ns > 0;
	case 'l': o->has_latency = true; return true;
	default: return false;
	}
}

static bool
parse_options(int argc, char **argv, struct floor_options *o)
{
	static const struct option names[] = {{"port", required_argument, NULL, 'p'},
		{"connections", required_argument, NULL, 'c'}, {"duration", required_argument, NULL, 'd'},
		{"rate", required_argument, NULL, 'r'}, {"pacing", required_argument, NULL, 'm'},
		{"tick", required_argument, NULL, 't'}, {"latency", no_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
	int name;

	*o = (struct floor_options){.host = "127.0.0.1", .connections = 64, .duration_ns = NS_PER_S};
	while ((name = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!parse_option(name, optarg, o))
			return false;
	return optind == argc && o->port > 0;
}

static size_t
samples_wanted(const struct floor_options *o)
{
	if (o->rate_per_s == 0)
		return o->has_latency ? CLOSED_SAMPLES_MAX : 0;
	return (size_t)(ns_to_s(o->duration_ns) * (double)o->rate_per_s) + 1;
}

int
main(int argc, char **argv)
{
	static struct floor_run run;
	struct floor_options *o = &run.options;

	if (!parse_options(argc, argv, o)) {
		fprintf(stderr, "usage: bench_floor --port N [--connections N] [--duration TIME] [--latency]\n"
				"                   [--rate RATE [--pacing hybrid|timerfd] [--tick TIME]]\n");
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1); /* 50 µs otherwise */
	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	run.connections = must_calloc(o->connections, sizeof(*run.connections));
	samples_init(&run.latency, samples_wanted(o));
	samples_init(&run.lateness, o->rate_per_s > 0 ? samples_wanted(o) : 0);
	for (size_t i = 0; i < o->connections; i++)
		connect_one(&run, &run.connections[i]);
	if (o->rate_per_s > 0)
		floor_run_open(&run);
	else
		floor_run_closed(&run);
	print_report(&run);
	samples_fini(&run.latency);
	samples_fini(&run.lateness);
	free(run.connections);
	return run.sent == run.answered ? 0 : 1;
}
