/* The samplers over real children of this process: what they say against what the kernel accounts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "children.h"

#define HELD_BYTES ((size_t)64 << 20)

static void
hold_memory(int ready, void *context)
{
	char *p = mmap(NULL, HELD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)context;
	if (p == MAP_FAILED)
		_exit(1);
	memset(p, 1, HELD_BYTES);
	say_ready(ready);
	for (;;)
		pause();
}

static void
idle_with_burning_child(int ready, void *context)
{
	(void)context;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		burn(ready, NULL);
	}
	for (;;)
		pause();
}

/* Sums what ten readings 50 ms apart say of the burner, and compares it with what the kernel charged it for. */
static void
test_cpu_agrees_with_the_kernels_accounts(void **state)
{
	struct rusage usage;
	struct reading r;
	double sampled_s = 0;

	(void)state;
	pid_t pid = start_child(burn, NULL);
	struct sampler *s = open_pid(pid);

	assert_true(s->ops->read(s, &r));
	int64_t before_ns = clock_now_ns(&monotonic_clock);

	for (int i = 0; i < 10; i++) {
		nap(50 * NS_PER_MS);
		assert_true(s->ops->read(s, &r));
		int64_t now_ns = clock_now_ns(&monotonic_clock);

		sampled_s += r.values[GAUGE_CPU_CORES] * ns_to_s(now_ns - before_ns);
		in_range(r.values[GAUGE_CPU_THREAD], 0, 1);
		in_range(r.values[GAUGE_RUN_WAIT], 0, 1);
		before_ns = now_ns;
	}
	end_child(pid, &usage);
	double charged_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
			   (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;

	in_range(sampled_s / charged_s, 0.7, 1.02); /* the rest was before the first reading and after the last */
	assert_false(s->ops->read(s, &r));
	assert_true(r.values[GAUGE_PROCESSES] == 0);
	s->ops->close(s);
}

static void
test_memory_is_what_the_child_holds(void **state)
{
	struct reading r;

	(void)state;
	pid_t pid = start_child(hold_memory, NULL);
	struct sampler *s = open_pid(pid);

	assert_true(s->ops->read(s, &r));
	/* What it holds, and what it has of its parent's since the fork. */
	in_range(r.values[GAUGE_MEMORY], (double)HELD_BYTES, 3 * (double)HELD_BYTES);
	assert_true(r.values[GAUGE_MEMORY_LIMIT] > r.values[GAUGE_MEMORY]);
	end_child(pid, NULL);
	s->ops->close(s);
}

static void
test_children_are_included(void **state)
{
	struct reading r;

	(void)state;
	pid_t pid = start_child(idle_with_burning_child, NULL);
	struct sampler *s = open_pid(pid);

	assert_true(s->ops->read(s, &r));
	in_range(r.values[GAUGE_PROCESSES], 2, 2);
	nap(200 * NS_PER_MS);
	assert_true(s->ops->read(s, &r));
	assert_true(r.values[GAUGE_CPU_CORES] > 0.05); /* the parent only sleeps */
	end_child(pid, NULL);
	s->ops->close(s);
}

static void
test_gone_process_is_reported_at_once(void **state)
{
	struct reading r;

	(void)state;
	pid_t pid = start_child(idle, NULL);
	struct sampler *s = open_pid(pid);

	assert_true(s->ops->read(s, &r));
	kill(pid, SIGKILL);
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0); /* a zombie: nobody has waited */
	assert_false(s->ops->read(s, &r));
	end_child(pid, NULL);
	assert_false(s->ops->read(s, &r));
	s->ops->close(s);
}

struct listener {
	int family;
	uint16_t port;
};

static void
listen_on(int ready, void *context)
{
	struct listener *l = context;
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *address = l->family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t length = l->family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(l->family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, address, length) != 0 || listen(fd, 1) != 0 || getsockname(fd, address, &length) != 0)
		_exit(1);
	l->port = ntohs(l->family == AF_INET ? v4.sin_port : v6.sin6_port);
	if (fork() == 0) { /* a worker that shares the socket is no target of its own */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		idle(ready, NULL);
	}
	for (;;)
		pause();
}

static void
check_found_by_port(int family)
{
	struct listener *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct error err = {0};
	struct reading r;

	assert_true(l != MAP_FAILED);
	l->family = family;
	pid_t pid = start_child(listen_on, l);
	struct plan_watch watch = {.port = l->port};
	struct sampler_config config = {.watch = &watch};
	struct sampler *s = proc_sampler.open(&config, &err);

	assert_string_equal(err.message, "");
	assert_true(s->ops->read(s, &r));
	in_range(r.values[GAUGE_PROCESSES], 2, 2);
	s->ops->close(s);
	end_child(pid, NULL);
	munmap(l, sizeof(*l));
}

static void
test_listening_port_names_its_process(void **state)
{
	(void)state;
	check_found_by_port(AF_INET);
	check_found_by_port(AF_INET6);
}

static void
test_port_without_a_listener_is_said(void **state)
{
	struct plan_watch watch;
	struct sampler_config config = {.watch = &watch};
	struct error err = {0};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(v4);
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, so that it stays free, but not listening */

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&v4, length), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&v4, &length), 0);
	watch = (struct plan_watch){.port = ntohs(v4.sin_port)};
	assert_null(proc_sampler.open(&config, &err));
	assert_non_null(strstr(err.message, "no process listens on port "));
	close(fd);
}

static void
test_pinned_target_shares_our_only_cpu(void **state)
{
	cpu_set_t all, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	int first = 0;

	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	pid_t pid = start_child(idle, NULL);
	struct sampler *s = open_pid(pid);

	assert_int_equal(sched_setaffinity(pid, sizeof(one), &one), 0);
	assert_int_equal(s->ops->shares_our_only_cpu(s), CPU_COUNT(&all) == 1); /* we may go elsewhere */
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_true(s->ops->shares_our_only_cpu(s));
	if (CPU_COUNT(&all) > 1) {
		assert_int_equal(sched_setaffinity(pid, sizeof(all), &all), 0);
		assert_false(s->ops->shares_our_only_cpu(s)); /* it may */
	}
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	end_child(pid, NULL);
	s->ops->close(s);
}

static void
test_self_counts_no_children(void **state)
{
	struct error err = {0};
	struct reading r;

	(void)state;
	pid_t pid = start_child(burn, NULL);
	struct sampler *s = self_sampler.open(&(struct sampler_config){0}, &err);

	assert_non_null(s);
	assert_true(s->ops->read(s, &r));
	assert_true(isnan(r.values[GAUGE_CPU]));
	struct rusage before, after;
	int64_t from_ns = clock_now_ns(&monotonic_clock);

	getrusage(RUSAGE_SELF, &before);
	nap(200 * NS_PER_MS);
	assert_true(s->ops->read(s, &r));
	getrusage(RUSAGE_SELF, &after);
	double used_s = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
				 before.ru_stime.tv_sec) +
			(double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
				 before.ru_stime.tv_usec) /
				1e6;
	double dt_s = ns_to_s(clock_now_ns(&monotonic_clock) - from_ns);

	in_range(r.values[GAUGE_CPU_CORES], 0, used_s / dt_s + 0.05);
	in_range(r.values[GAUGE_PROCESSES], 1, 1);
	assert_true(r.values[GAUGE_CPU_ALLOWED] > 0);
	in_range(r.values[GAUGE_FDS], 3, r.values[GAUGE_FDS_LIMIT]);
	assert_true(r.values[GAUGE_MEMORY] > 0);
	s->ops->close(s);
	end_child(pid, NULL);
}

/* Ours alone: neither sockets without a port nor those of other kinds nor a child's. */
static void
test_self_counts_the_ports_of_its_connections(void **state)
{
	struct error err = {0};
	struct reading r;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct sampler *s = self_sampler.open(&(struct sampler_config){0}, &err);

	(void)state;
	assert_non_null(s);
	assert_true(s->ops->read(s, &r));
	double before = r.values[GAUGE_PORTS];
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0),
	    bare = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(bind(datagram, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	assert_true(s->ops->read(s, &r));
	in_range(r.values[GAUGE_PORTS], before + 1, before + 1);
	assert_int_equal(connect(client, (struct sockaddr *)&address, length), 0);
	assert_true(s->ops->read(s, &r));
	in_range(r.values[GAUGE_PORTS], before + 2, before + 2);
	in_range(r.values[GAUGE_PORTS_LIMIT], 1, 65536);
	close(client);
	close(listener);
	close(bare);
	close(datagram);
	assert_true(s->ops->read(s, &r));
	in_range(r.values[GAUGE_PORTS], before, before);
	s->ops->close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu_agrees_with_the_kernels_accounts),
		cmocka_unit_test(test_memory_is_what_the_child_holds),
		cmocka_unit_test(test_children_are_included),
		cmocka_unit_test(test_gone_process_is_reported_at_once),
		cmocka_unit_test(test_listening_port_names_its_process),
		cmocka_unit_test(test_port_without_a_listener_is_said),
		cmocka_unit_test(test_pinned_target_shares_our_only_cpu),
		cmocka_unit_test(test_self_counts_no_children),
		cmocka_unit_test(test_self_counts_the_ports_of_its_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
