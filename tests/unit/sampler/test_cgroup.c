/* What the cgroups of a target say, v1 and v2. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "fixture.h"
#include "sampler/cgroup_limits.h"

static void
put_line(const char *path, const char *cgroup)
{
	char text[64];

	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	put(text, "%s", path);
}

static void
put_v2(const char *quota)
{
	put("0::/app.slice/web\n", "/proc/10/cgroup");
	put(quota, "/sys/fs/cgroup/app.slice/cpu.max");
	put("max 100000\n", "/sys/fs/cgroup/app.slice/web/cpu.max");
	put("max\n", "/sys/fs/cgroup/app.slice/memory.max");
	put("8388608\n", "/sys/fs/cgroup/app.slice/web/memory.max");
	put("6000000\n", "/sys/fs/cgroup/app.slice/web/memory.current");
	put("anon 1\ninactive_file 1000000\n", "/sys/fs/cgroup/app.slice/web/memory.stat");
	put("low 0\noom 1\noom_kill 2\n", "/sys/fs/cgroup/app.slice/web/memory.events");
}

static void
test_cgroup_v2_gives_quota_limit_usage_and_oom_kills(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put_v2("50000 100000\n");
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	put_stat(10, 1, 4, 0, "R");
	put_thread(10, 10, 40 * NS_PER_MS, 0);
	struct reading r = read_after(s, 100 * NS_PER_MS, true);

	near(r.values[GAUGE_CPU_ALLOWED], 0.5); /* an ancestor's quota */
	near(r.values[GAUGE_CPU], 0.8);         /* 0.4 cores of 0.5 */
	near(r.values[GAUGE_MEMORY], 5000000);
	near(r.values[GAUGE_MEMORY_LIMIT], 8388608);
	near(r.values[GAUGE_OOM_KILLS], 2);
	s->ops->close(s);
}

static void
test_cgroup_v1_gives_the_same(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put("4:memory:/web\n2:cpu,cpuacct:/web\n0::/\n", "/proc/10/cgroup");
	put("4:memory:/\n2:cpu,cpuacct:/\n0::/\n", "/proc/self/cgroup");
	put("150000\n", "/sys/fs/cgroup/cpu,cpuacct/web/cpu.cfs_quota_us");
	put("100000\n", "/sys/fs/cgroup/cpu,cpuacct/web/cpu.cfs_period_us");
	put("-1\n", "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"); /* none */
	put("100000\n", "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us");
	put("9223372036854771712\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes");
	put("4194304\n", "/sys/fs/cgroup/memory/web/memory.limit_in_bytes");
	put("3000000\n", "/sys/fs/cgroup/memory/web/memory.usage_in_bytes");
	put("inactive_file 7\ntotal_inactive_file 500000\n", "/sys/fs/cgroup/memory/web/memory.stat");
	put("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", "/sys/fs/cgroup/memory/web/memory.oom_control");
	struct sampler *s = open_pid(10);
	struct reading r = read_after(s, 0, true);

	near(r.values[GAUGE_CPU_ALLOWED], 1.5);
	near(r.values[GAUGE_MEMORY], 2500000);
	near(r.values[GAUGE_MEMORY_LIMIT], 4194304);
	near(r.values[GAUGE_OOM_KILLS], 1);
	s->ops->close(s);
}

static void
test_cgroup_that_brunt_shares_counts_only_as_a_limit(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put_v2("max 100000\n");
	put("0::/app.slice/web\n", "/proc/self/cgroup");
	struct sampler *s = open_pid(10);
	struct reading r = read_after(s, 0, true);

	near(r.values[GAUGE_MEMORY], 1536 * 1024);
	near(r.values[GAUGE_MEMORY_LIMIT], 8388608);
	assert_true(isnan(r.values[GAUGE_OOM_KILLS]));
	s->ops->close(s);
}

static void
test_oom_kills_are_still_read_when_the_process_is_gone(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put_v2("max 100000\n");
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	remove_process(10);
	put("oom_kill 3\n", "/sys/fs/cgroup/app.slice/web/memory.events");
	struct reading r = read_after(s, 100 * NS_PER_MS, false);

	near(r.values[GAUGE_OOM_KILLS], 3);
	assert_true(r.values[GAUGE_PROCESSES] == 0);
	assert_true(isnan(r.values[GAUGE_MEMORY]));
	s->ops->close(s);
}

/* A pod's cgroup has a path of nearly 200 bytes. */
static void
test_long_path_is_followed_to_its_end(void **state)
{
	static const char path[] =
		"/kubepods.slice/kubepods-burstable.slice/"
		"kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice/"
		"cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope";
	char text[256];

	(void)state;
	put_process(10, 1, 0);
	snprintf(text, sizeof(text), "0::%s\n", path);
	put(text, "/proc/10/cgroup");
	put("25000 100000\n", "/sys/fs/cgroup%s/cpu.max", path);
	put("4096\n", "/sys/fs/cgroup%s/memory.current", path);
	struct sampler *s = open_pid(10);
	struct reading r = read_after(s, 0, true);

	near(r.values[GAUGE_CPU_ALLOWED], 0.25);
	near(r.values[GAUGE_MEMORY], 4096);
	s->ops->close(s);
}

static void
test_kills_below_the_cgroup_count_in_v1_too(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put("4:memory:/web\n", "/proc/10/cgroup");
	put("4:memory:/\n", "/proc/self/cgroup");
	put("oom_kill_disable 0\noom_kill 1\n", "/sys/fs/cgroup/memory/web/memory.oom_control");
	put("oom_kill_disable 0\noom_kill 2\n", "/sys/fs/cgroup/memory/web/a/memory.oom_control");
	put("oom_kill_disable 0\noom_kill 4\n", "/sys/fs/cgroup/memory/web/a/b/memory.oom_control");
	put("oom_kill_disable 0\noom_kill 8\n", "/sys/fs/cgroup/memory/else/memory.oom_control");
	struct sampler *s = open_pid(10);

	near(read_after(s, 0, true).values[GAUGE_OOM_KILLS], 7);
	s->ops->close(s);
}

static void
put_v2_stat(const char *directory, int periods, int throttled, int throttled_us)
{
	char text[256];

	snprintf(text, sizeof(text),
		"usage_usec 77\nuser_usec 70\nnr_periods %d\nnr_throttled %d\nthrottled_usec %d\nnr_bursts 0\n",
		periods, throttled, throttled_us);
	put(text, "/sys/fs/cgroup%s/cpu.stat", directory);
}

/* Of 10 periods it was stopped in 4, its slice above in 1; 1.2 s of CPU time stood still in one second. */
static void
test_throttling_is_that_of_the_interval_and_of_the_tightest_quota(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put_v2("50000 100000\n");
	put_v2_stat("/app.slice", 100, 90, 1000000);
	put_v2_stat("/app.slice/web", 1000, 7, 5);
	struct sampler *s = open_pid(10);
	struct reading r = read_after(s, 0, true);

	assert_true(isnan(r.values[GAUGE_THROTTLED]));
	assert_true(isnan(r.values[GAUGE_THROTTLED_CORES]));
	put_v2_stat("/app.slice", 110, 91, 1000000);
	put_v2_stat("/app.slice/web", 1010, 11, 1200005);
	r = read_after(s, NS_PER_S, true);
	near(r.values[GAUGE_THROTTLED], 0.4);
	near(r.values[GAUGE_THROTTLED_CORES], 1.2);
	put_v2_stat("/app.slice", 120, 97, 1300000);
	r = read_after(s, NS_PER_S / 2, true);
	near(r.values[GAUGE_THROTTLED], 0.6); /* its slice's quota stops it as well */
	near(r.values[GAUGE_THROTTLED_CORES], 0.6);
	r = read_after(s, NS_PER_S, true);
	assert_true(r.values[GAUGE_THROTTLED] == 0); /* nobody ran: no period was used up */
	s->ops->close(s);
}

static void
test_throttling_of_v1_is_counted_in_ns(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put("2:cpu:/web\n", "/proc/10/cgroup");
	put("nr_periods 5\nnr_throttled 5\nthrottled_time 3000000000\n", "/sys/fs/cgroup/cpu/web/cpu.stat");
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	put("nr_periods 10\nnr_throttled 6\nthrottled_time 3250000000\n", "/sys/fs/cgroup/cpu/web/cpu.stat");
	struct reading r = read_after(s, NS_PER_S / 2, true);

	near(r.values[GAUGE_THROTTLED], 0.2);
	near(r.values[GAUGE_THROTTLED_CORES], 0.5);
	s->ops->close(s);
}

static void
put_pressure(const char *path, int some_us, int full_us)
{
	char text[256];

	snprintf(text, sizeof(text),
		"some avg10=99.00 avg60=99.00 avg300=99.00 total=%d\nfull avg10=99.00 avg60=99.00 avg300=99.00 "
		"total=%d\n",
		some_us, full_us);
	put(text, "%s", path);
}

/* By the totals alone: the kernel's averages are of other intervals. */
static void
test_pressure_is_what_its_own_cgroup_stood_still_for(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put_v2("max 100000\n");
	put_pressure("/sys/fs/cgroup/app.slice/web/cpu.pressure", 100, 10);
	put_pressure("/sys/fs/cgroup/app.slice/web/memory.pressure", 200, 20);
	put("some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", "/sys/fs/cgroup/app.slice/web/io.pressure");
	put_pressure("/proc/pressure/memory", 0, 0);
	struct sampler *s = open_pid(10);
	struct reading r = read_after(s, 0, true);

	assert_true(isnan(r.values[GAUGE_CPU_PRESSURE]));
	put_pressure("/sys/fs/cgroup/app.slice/web/cpu.pressure", 100100, 10);
	put_pressure("/sys/fs/cgroup/app.slice/web/memory.pressure", 250200, 50020);
	put_pressure("/proc/pressure/memory", 900000, 900000);
	r = read_after(s, NS_PER_S / 2, true);
	near(r.values[GAUGE_CPU_PRESSURE], 0.2);
	assert_true(r.values[GAUGE_CPU_STALLED] == 0);
	near(r.values[GAUGE_MEMORY_PRESSURE], 0.5);
	near(r.values[GAUGE_MEMORY_STALLED], 0.1);
	assert_true(r.values[GAUGE_IO_PRESSURE] == 0);
	assert_true(isnan(r.values[GAUGE_IO_STALLED])); /* an older kernel has no such line */
	s->ops->close(s);
}

/* What others beside it stand still for is not the target's. */
static void
test_pressure_and_throttling_that_nobody_counts_are_not_to_be_had(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put("0::/\n", "/proc/10/cgroup");
	put_pressure("/proc/pressure/memory", 0, 0);
	put_pressure("/sys/fs/cgroup/memory.pressure", 0, 0);
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	struct reading r = read_after(s, NS_PER_S, true);

	assert_true(isnan(r.values[GAUGE_MEMORY_PRESSURE]));
	assert_true(isnan(r.values[GAUGE_THROTTLED]));
	assert_true(isnan(r.values[GAUGE_THROTTLED_CORES]));
	s->ops->close(s);
}

/* Who would cap the target's cgroup would cap whoever else is in it. */
static void
test_a_cgroup_that_holds_brunt_too_is_told(void **state)
{
	static const struct {
		const char *target, *self;
		bool is_own, holds_us;
	} places[] = {
		{"/web", "/shell", true, false},
		{"/web", "/web", false, true},
		{"/web", "/web/below", true, true},
		{"/web", "/webber", true, false},
		{"/", "/shell", false, false},
	};

	(void)state;
	put("", "/sys/fs/cgroup/cgroup.controllers");
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct cgroup_limits limits;

		put_line("/proc/10/cgroup", places[i].target);
		put_line("/proc/self/cgroup", places[i].self);
		cgroup_limits_find(&limits, root, 10, "");
		assert_int_equal(limits.cpu.is_own, places[i].is_own);
		assert_int_equal(limits.cpu.holds_us, places[i].holds_us);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cgroup_v2_gives_quota_limit_usage_and_oom_kills, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cgroup_v1_gives_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cgroup_that_brunt_shares_counts_only_as_a_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_oom_kills_are_still_read_when_the_process_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_path_is_followed_to_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kills_below_the_cgroup_count_in_v1_too, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_throttling_is_that_of_the_interval_and_of_the_tightest_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_cgroup_that_holds_brunt_too_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_throttling_of_v1_is_counted_in_ns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pressure_is_what_its_own_cgroup_stood_still_for, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_pressure_and_throttling_that_nobody_counts_are_not_to_be_had, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
