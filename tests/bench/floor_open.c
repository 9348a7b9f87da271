#include "floor.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"

#define EVENTS_MAX 256
#define SPIN_NS (100 * NS_PER_US)
#define LEAD_NS NS_PER_MS /* the first request is due so long after the start */
#define DRAIN_NS (2 * NS_PER_S)

/* Uniform arrivals: the k-th is due at start + k / rate, whatever the server does. Where every connection is busy it
 * waits for one, and its latency counts from due all the same. */
struct open_loop {
	struct floor_run *run;
	struct floor_connection **idle; /* a stack */
	size_t idle_n;
	uint64_t next, total;
	int timer;
	int64_t armed_ns; /* what the timer is set to */
};

static int64_t
due_ns(const struct open_loop *o, uint64_t k)
{
	uint64_t rate = o->run->options.rate_per_s;

	return o->run->started_ns + (int64_t)(k / rate) * NS_PER_S + (int64_t)((k % rate) * (uint64_t)NS_PER_S / rate);
}

static bool
is_pending(const struct open_loop *o)
{
	return o->next < o->total;
}

static void
send_due(struct open_loop *o, int64_t now_ns)
{
	while (is_pending(o) && o->idle_n > 0) {
		int64_t at_ns = due_ns(o, o->next);

		if (at_ns > now_ns && (at_ns > (now_ns = floor_now_ns())))
			break;
		struct floor_connection *c = o->idle[--o->idle_n];

		c->due_ns = at_ns;
		samples_add(&o->run->lateness, now_ns - at_ns);
		floor_send(o->run, c);
		o->next++;
	}
}

static void
arm(struct open_loop *o, int64_t at_ns, int64_t every_ns)
{
	if (at_ns == o->armed_ns)
		return;
	struct itimerspec t = {.it_value = {at_ns / NS_PER_S, at_ns % NS_PER_S},
		.it_interval = {every_ns / NS_PER_S, every_ns % NS_PER_S}};

	CHECK(timerfd_settime(o->timer, TFD_TIMER_ABSTIME, &t, NULL) == 0);
	o->armed_ns = at_ns;
}

/* How long the poll may take, in epoll's ms: 0 spins, else the timer or an answer ends it. */
static int
prepare_wait(struct open_loop *o)
{
	int64_t at_ns = due_ns(o, o->next);

	if (!is_pending(o) || o->idle_n == 0)
		return 100;
	switch (o->run->options.pacing) {
	case FLOOR_TICK: return -1;
	case FLOOR_TIMERFD: arm(o, at_ns, 0); return -1;
	case FLOOR_HYBRID: break;
	}
	if (at_ns - floor_now_ns() <= SPIN_NS)
		return 0;
	arm(o, at_ns - SPIN_NS, 0);
	return -1;
}

/* True: the timer went off. */
static bool
take_events(struct open_loop *o, const struct epoll_event *events, int n, int64_t now_ns)
{
	bool has_ticked = false;

	for (int i = 0; i < n; i++) {
		struct floor_connection *c = events[i].data.ptr;
		uint64_t ticks;

		if (c == NULL) {
			has_ticked = read(o->timer, &ticks, sizeof(ticks)) == sizeof(ticks);
		} else if (floor_receive(o->run, c)) {
			samples_add(&o->run->latency, now_ns - c->due_ns);
			o->idle[o->idle_n++] = c;
		}
	}
	return has_ticked;
}

static void
start(struct open_loop *o)
{
	const struct floor_options *options = &o->run->options;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

	o->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	CHECK(o->timer >= 0 && epoll_ctl(o->run->epoll, EPOLL_CTL_ADD, o->timer, &event) == 0);
	o->idle = must_calloc(options->connections, sizeof(*o->idle));
	for (size_t i = options->connections; i > 0; i--)
		o->idle[o->idle_n++] = &o->run->connections[i - 1];
	o->total = (uint64_t)(ns_to_s(options->duration_ns) * (double)options->rate_per_s);
	o->run->started_ns = floor_now_ns() + LEAD_NS;
	if (options->pacing == FLOOR_TICK)
		arm(o, o->run->started_ns, options->tick_ns);
}

void
floor_run_open(struct floor_run *run)
{
	struct open_loop o = {.run = run};
	struct epoll_event events[EVENTS_MAX];
	int64_t now_ns = 0;

	start(&o);
	int64_t end_ns = due_ns(&o, o.total);

	while ((is_pending(&o) || run->answered < run->sent) && now_ns < end_ns + DRAIN_NS) {
		int n = epoll_wait(run->epoll, events, EVENTS_MAX, prepare_wait(&o));

		now_ns = floor_now_ns();
		bool has_ticked = take_events(&o, events, n, now_ns);

		if (run->options.pacing != FLOOR_TICK || has_ticked)
			send_due(&o, now_ns);
	}
	run->ended_ns = now_ns < end_ns ? now_ns : end_ns;
	close(o.timer);
	free(o.idle);
}
