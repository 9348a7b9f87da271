#include "target/crew.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

/* What goes over the socketpair, one packet each way. */
struct order {
	int64_t cpu_ns, until_ns;
};
struct report {
	int64_t done_ns;
	bool has_overrun; /* the burn took longer than the service time had left */
};

struct worker {
	struct crew *crew;
	pid_t pid;
	int fd;
	uv_poll_t poll;
	struct errand *errand; /* NULL: idle */
	int64_t free_ns;       /* when it was free, by the model or, where the CPU took longer, really */
	struct list node;      /* in crew->idle */
};

struct crew {
	struct worker *workers;
	size_t count;
	size_t queue_max, queued, queued_peak;
	struct list idle, queue;
	void (*on_done)(struct errand *errand, void *user);
	void (*on_loss)(void *user);
	void *user;
	bool is_started;
};

/* ---- in the worker process ---- */

static int64_t
thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void
burn(int64_t cpu_ns)
{
	int64_t end_ns = thread_cpu_ns() + cpu_ns;

	while (thread_cpu_ns() < end_ns)
		for (volatile int i = 0; i < 200; i++)
			;
}

static void
sleep_until(int64_t at_ns)
{
	struct timespec at = {.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

_Noreturn static void
work(int fd)
{
	struct order order;

	while (recv(fd, &order, sizeof(order), 0) == (ssize_t)sizeof(order)) {
		burn(order.cpu_ns);
		bool has_overrun = clock_now_ns(&monotonic_clock) >= order.until_ns;

		if (!has_overrun)
			sleep_until(order.until_ns);
		struct report report = {clock_now_ns(&monotonic_clock), has_overrun};

		if (send(fd, &report, sizeof(report), MSG_NOSIGNAL) != (ssize_t)sizeof(report))
			break;
	}
	_exit(0);
}

/* A terminal's ^C goes to the whole group: it is the parent that ends on it, and its end that ends us. */
_Noreturn static void
worker_main(const struct crew *crew, size_t index, int fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	prctl(PR_SET_NAME, "brunt-worker");
	prctl(PR_SET_TIMERSLACK, 1UL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	for (size_t i = 0; i < index; i++)
		close(crew->workers[i].fd);
	work(fd);
}

/* ---- in the parent ---- */

static bool
worker_fork(struct crew *crew, size_t index)
{
	struct worker *w = &crew->workers[index];
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	w->pid = fork();
	if (w->pid == 0) {
		close(pair[0]);
		worker_main(crew, index, pair[1], parent);
	}
	close(pair[1]);
	if (w->pid < 0) {
		close(pair[0]);
		return false;
	}
	w->crew = crew;
	w->fd = pair[0];
	list_init(&w->node);
	list_add_last(&crew->idle, &w->node);
	crew->count++;
	return true;
}

struct crew *
crew_new(size_t workers, size_t queue_max, struct error *err)
{
	struct crew *crew = must_alloc(sizeof(*crew));

	crew->workers = must_calloc(workers, sizeof(*crew->workers));
	crew->queue_max = queue_max;
	list_init(&crew->idle);
	list_init(&crew->queue);
	for (size_t i = 0; i < workers; i++)
		if (!worker_fork(crew, i)) {
			error_set(err, "cannot start worker process %zu of %zu: %s", i + 1, workers, strerror(errno));
			crew_stop(crew);
			crew_free(crew);
			return NULL;
		}
	return crew;
}

static void
worker_send(struct worker *w, struct errand *e)
{
	int64_t start_ns = w->free_ns > e->arrival_ns ? w->free_ns : e->arrival_ns;
	struct order order = {.cpu_ns = e->cpu_ns, .until_ns = start_ns + e->service_ns};

	CHECK(w->errand == NULL);
	list_remove(&w->node);
	w->errand = e;
	w->free_ns = order.until_ns;
	/* One small packet to a worker that waits for it. If it is dead, its end of the pair says so in on_report. */
	(void)send(w->fd, &order, sizeof(order), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The worker's sleep overshoots by some 50 µs: by the model it was free at free_ns. Only a burn that took
 * longer counts. */
static void
worker_finish(struct worker *w, const struct report *report)
{
	struct crew *crew = w->crew;
	struct errand *e = w->errand;

	CHECK(e != NULL);
	w->errand = NULL;
	e->done_ns = report->done_ns;
	if (report->has_overrun)
		w->free_ns = report->done_ns;
	list_add_last(&crew->idle, &w->node);

	struct errand *next = list_first(&crew->queue, struct errand, node);

	if (next != NULL) {
		list_remove(&next->node);
		crew->queued--;
		worker_send(w, next);
	}
	crew->on_done(e, crew->user);
}

static void
on_report(uv_poll_t *poll, int status, int events)
{
	struct worker *w = container_of(poll, struct worker, poll);
	struct report report;

	(void)status;
	(void)events;
	ssize_t n = recv(w->fd, &report, sizeof(report), MSG_DONTWAIT);

	if (n == (ssize_t)sizeof(report)) {
		worker_finish(w, &report);
	} else if (n == 0 || errno != EAGAIN) {
		uv_poll_stop(poll);
		w->crew->on_loss(w->crew->user);
	}
}

void
crew_start(struct crew *crew, uv_loop_t *loop, void (*on_done)(struct errand *errand, void *user),
	void (*on_loss)(void *user), void *user)
{
	crew->on_done = on_done;
	crew->on_loss = on_loss;
	crew->user = user;
	crew->is_started = true;
	for (size_t i = 0; i < crew->count; i++) {
		CHECK_OP(uv_poll_init(loop, &crew->workers[i].poll, crew->workers[i].fd), ==, 0);
		uv_poll_start(&crew->workers[i].poll, UV_READABLE, on_report);
	}
}

bool
crew_submit(struct crew *crew, struct errand *e)
{
	struct worker *idle = list_first(&crew->idle, struct worker, node);

	list_init(&e->node);
	if (idle != NULL) {
		worker_send(idle, e);
		return true;
	}
	if (crew->queued >= crew->queue_max)
		return false;
	list_add_last(&crew->queue, &e->node);
	crew->queued++;
	if (crew->queued > crew->queued_peak)
		crew->queued_peak = crew->queued;
	return true;
}

size_t
crew_queued(const struct crew *crew)
{
	return crew->queued;
}

size_t
crew_queued_peak(const struct crew *crew)
{
	return crew->queued_peak;
}

void
crew_stop(struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++) {
		struct worker *w = &crew->workers[i];

		if (crew->is_started) {
			uv_poll_stop(&w->poll);
			uv_close((uv_handle_t *)&w->poll, NULL);
		}
		close(w->fd);
		kill(w->pid, SIGKILL);
		waitpid(w->pid, NULL, 0);
	}
}

void
crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	free(crew->workers);
	free(crew);
}
