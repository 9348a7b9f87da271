/* Real cgroups, v1 or v2, and what is read of them against what the kernel counted. Each test needs leave to make a
 * cgroup of the kind, and is skipped aloud without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "children.h"
#include "sampler/cgroup_place.h"

#define LIMIT_BYTES 33554432

static char directory[128]; /* "": none was made */

static bool
put(const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return false;
	bool is_written = fputs(text, f) >= 0;

	return fclose(f) == 0 && is_written;
}

/* A cgroup of the v1 hierarchy of that name, else of v2, where a file of v1 or of v2 takes the text. */
static void
make_cgroup(const char *hierarchy, const char *v1_file, const char *v1_text, const char *v2_file, const char *v2_text)
{
	const char *const mounts[] = {hierarchy, "unified", "."};

	for (size_t i = 0; i < 3; i++) {
		const char *file = i == 0 ? v1_file : v2_file, *text = i == 0 ? v1_text : v2_text;
		char mount[64];

		snprintf(mount, sizeof(mount), "/sys/fs/cgroup/%s/cgroup.procs", mounts[i]);
		if (file == NULL || access(mount, W_OK) != 0)
			continue;
		snprintf(directory, sizeof(directory), "/sys/fs/cgroup/%s/brunt-test-%d", mounts[i], (int)getpid());
		if (mkdir(directory, 0755) == 0 && put(file, text))
			return;
		rmdir(directory);
	}
	directory[0] = '\0';
	print_message(
		"skipped: no cgroup with %s or %s can be made here\n", v1_file != NULL ? v1_file : "(none)", v2_file);
	skip();
}

static void
remove_cgroup(void)
{
	for (int i = 0; i < 100 && rmdir(directory) != 0; i++)
		nap(20 * NS_PER_MS); /* the last process is still leaving */
	assert_int_not_equal(access(directory, F_OK), 0);
}

static void
enter(void)
{
	char pid[32];

	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (!put("cgroup.procs", pid))
		_exit(1);
}

/* 1 MiB every few ms until the kernel ends it. */
static void
leak_in_cgroup(int ready, void *context)
{
	(void)context;
	enter();
	say_ready(ready);
	for (;;) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p != MAP_FAILED)
			memset(p, 1, 1 << 20);
		nap(5 * NS_PER_MS);
	}
}

static void
test_kill_for_memory_is_counted(void **state)
{
	struct reading r;
	siginfo_t info;

	(void)state;
	make_cgroup("memory", "memory.limit_in_bytes", "33554432", "memory.max", "33554432");
	pid_t pid = start_child(leak_in_cgroup, NULL);
	struct sampler *s = open_pid(pid);

	assert_true(s->ops->read(s, &r));
	in_range(r.values[GAUGE_MEMORY_LIMIT], LIMIT_BYTES, LIMIT_BYTES);
	in_range(r.values[GAUGE_MEMORY], 0, LIMIT_BYTES);
	in_range(r.values[GAUGE_OOM_KILLS], 0, 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_status, SIGKILL);
	assert_false(s->ops->read(s, &r));
	in_range(r.values[GAUGE_OOM_KILLS], 1, 1);
	end_child(pid, NULL);
	s->ops->close(s);
	remove_cgroup();
}

static void
burn_in_cgroup(int ready, void *context)
{
	enter();
	burn(ready, context);
}

/* Found by its cgroup, as a profile would name it; a quota of a fifth of a core stops it in nearly every period. What
 * ten readings add up to is what the kernel counted over the same while. */
static void
test_quota_is_read_as_the_kernel_counts_it(void **state)
{
	struct reading r;
	struct error err = {0};
	double periods = 0, stopped_s = 0;

	(void)state;
	make_cgroup("cpu", "cpu.cfs_quota_us", "20000", "cpu.max", "20000 100000");
	pid_t pid = start_child(burn_in_cgroup, NULL);
	struct plan_watch watch = {.cgroup = directory};
	struct sampler_config config = {.watch = &watch};
	struct sampler *s = proc_sampler.open(&config, &err);

	assert_string_equal(err.message, "");
	assert_true(s->ops->read(s, &r));
	in_range(r.values[GAUGE_CPU_ALLOWED], 0.2, 0.2);
	in_range(r.values[GAUGE_PROCESSES], 1, 1);
	double before = cgroup_read_keyed(directory, "cpu.stat", "nr_throttled"),
	       periods_before = cgroup_read_keyed(directory, "cpu.stat", "nr_periods");
	int64_t before_ns = clock_now_ns(&monotonic_clock);

	for (int i = 0; i < 10; i++) {
		nap(150 * NS_PER_MS);
		assert_true(s->ops->read(s, &r));
		int64_t now_ns = clock_now_ns(&monotonic_clock);

		in_range(r.values[GAUGE_THROTTLED], 0, 1);
		periods += r.values[GAUGE_THROTTLED];
		stopped_s += r.values[GAUGE_THROTTLED_CORES] * ns_to_s(now_ns - before_ns);
		before_ns = now_ns;
	}
	double throttled = cgroup_read_keyed(directory, "cpu.stat", "nr_throttled") - before,
	       passed = cgroup_read_keyed(directory, "cpu.stat", "nr_periods") - periods_before;

	in_range(throttled, 1, passed);
	in_range(periods / 10, throttled / passed / 2, 1); /* readings of 1 or 2 periods */
	in_range(stopped_s, 0.1, 3);
	end_child(pid, NULL);
	s->ops->close(s);
	remove_cgroup();
}

/* Two burners on one CPU: at any time one of them waits. */
static void
burn_twice_on_one_cpu(int ready, void *context)
{
	cpu_set_t one, all;
	int first = 0;

	enter();
	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	sched_setaffinity(0, sizeof(one), &one);
	if (fork() == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		ready = -1; /* one word is enough */
	if (ready >= 0)
		say_ready(ready);
	for (volatile unsigned long i = 0;; i++)
		;
	(void)context;
}

static double
total_s_of(const char *file)
{
	char text[256];
	double us;

	assert_true(cgroup_read_file(directory, file, text, sizeof(text)) > 0);
	assert_int_equal(sscanf(strstr(text, "total="), "total=%lf", &us), 1);
	return us / 1e6;
}

static void
test_pressure_is_read_as_the_kernel_counts_it(void **state)
{
	struct reading r;
	double pressed_s = 0;

	(void)state;
	make_cgroup("none", NULL, NULL, "cgroup.procs", "");
	if (access("/proc/pressure/cpu", R_OK) != 0) {
		remove_cgroup();
		print_message("skipped: this kernel counts no pressure (PSI)\n");
		skip();
	}
	pid_t pid = start_child(burn_twice_on_one_cpu, NULL);
	struct sampler *s = open_pid(pid);

	assert_true(s->ops->read(s, &r));
	assert_true(isnan(r.values[GAUGE_CPU_PRESSURE]));
	int64_t before_ns = clock_now_ns(&monotonic_clock);
	double before_s = total_s_of("cpu.pressure");

	for (int i = 0; i < 10; i++) {
		nap(100 * NS_PER_MS);
		assert_true(s->ops->read(s, &r));
		int64_t now_ns = clock_now_ns(&monotonic_clock);

		in_range(r.values[GAUGE_CPU_PRESSURE], 0, 1);
		in_range(r.values[GAUGE_MEMORY_PRESSURE], 0, 1);
		in_range(r.values[GAUGE_IO_PRESSURE], 0, 1);
		pressed_s += r.values[GAUGE_CPU_PRESSURE] * ns_to_s(now_ns - before_ns);
		before_ns = now_ns;
	}
	double counted_s = total_s_of("cpu.pressure") - before_s;

	assert_true(counted_s > 0.1);
	in_range(pressed_s / counted_s, 0.5, 1.5); /* the host may stop us between the two looks */
	end_child(pid, NULL);
	s->ops->close(s);
	remove_cgroup();
}

/* Of brunt itself it is the machine's, for whoever reads the figures of a run beside it. */
static void
test_self_reads_the_pressure_of_the_machine(void **state)
{
	struct reading r;
	struct error err = {0};

	(void)state;
	if (access("/proc/pressure/cpu", R_OK) != 0) {
		print_message("skipped: this kernel counts no pressure (PSI)\n");
		skip();
	}
	struct sampler *s = self_sampler.open(&(struct sampler_config){0}, &err);

	assert_non_null(s);
	assert_true(s->ops->read(s, &r));
	nap(50 * NS_PER_MS);
	assert_true(s->ops->read(s, &r));
	in_range(r.values[GAUGE_CPU_PRESSURE], 0, 1);
	in_range(r.values[GAUGE_MEMORY_STALLED], 0, 1);
	assert_true(isnan(r.values[GAUGE_CPU_STALLED])); /* psi.rst: not defined for a machine */
	s->ops->close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_for_memory_is_counted),
		cmocka_unit_test(test_quota_is_read_as_the_kernel_counts_it),
		cmocka_unit_test(test_pressure_is_read_as_the_kernel_counts_it),
		cmocka_unit_test(test_self_reads_the_pressure_of_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
