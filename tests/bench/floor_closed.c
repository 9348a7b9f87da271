#include "floor.h"

#include <sys/epoll.h>

#include "base/units.h"

#define EVENTS_MAX 256
#define DRAIN_NS (2 * NS_PER_S)

/* As many users as connections; each sends again when it was answered. One clock reading per turn. */
void
floor_run_closed(struct floor_run *run)
{
	struct epoll_event events[EVENTS_MAX];
	int64_t now_ns = floor_now_ns(), end_ns = now_ns + run->options.duration_ns;
	bool is_over = false;

	run->started_ns = now_ns;
	for (size_t i = 0; i < run->options.connections; i++) {
		run->connections[i].due_ns = now_ns;
		floor_send(run, &run->connections[i]);
	}
	while (run->answered < run->sent && now_ns < end_ns + DRAIN_NS) {
		int n = epoll_wait(run->epoll, events, EVENTS_MAX, 100);

		now_ns = floor_now_ns();
		if (!is_over && now_ns >= end_ns) {
			is_over = true;
			run->ended_ns = now_ns;
		}
		for (int i = 0; i < n; i++) {
			struct floor_connection *c = events[i].data.ptr;

			if (!floor_receive(run, c))
				continue;
			samples_add(&run->latency, now_ns - c->due_ns);
			c->due_ns = now_ns;
			if (!is_over)
				floor_send(run, c);
		}
	}
}
