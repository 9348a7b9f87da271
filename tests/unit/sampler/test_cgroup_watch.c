/* Targets that are named by their cgroup, by a unit of systemd or by a container. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixture.h"

static struct sampler *
open_watch(const struct plan_watch *watch)
{
	struct sampler_config config = {.watch = watch};
	struct error err = {0};
	struct sampler *sampler = proc_open_at(&config, root, &clock_, &err);

	assert_string_equal(err.message, "");
	assert_non_null(sampler);
	return sampler;
}

static void
assert_watches(const struct plan_watch *watch, double processes)
{
	struct sampler *s = open_watch(watch);

	near(read_after(s, 0, true).values[GAUGE_PROCESSES], processes);
	s->ops->close(s);
}

static void
assert_refused(const struct plan_watch *watch, const char *message)
{
	struct sampler_config config = {.watch = watch};
	struct error err = {0};

	assert_null(proc_open_at(&config, root, &clock_, &err));
	if (strstr(err.message, message) == NULL)
		fail_msg("'%s' is not in '%s'", message, err.message);
}

#define ID "4f2d1c0a9b3e5566778899aabbccddeeff00112233445566778899aabbccddee"
#define OTHER_ID "4f2dffff9b3e5566778899aabbccddeeff00112233445566778899aabbccddee"

/* Two processes of a service, one of them in a cgroup below; a container with its monitor; and two others. */
static void
put_machine(void)
{
	static const struct {
		long pid;
		const char *cgroup;
	} processes[] = {
		{10, "0::/system.slice/web.service\n"},
		{11, "0::/system.slice/web.service/workers\n"},
		{12, "0::/system.slice/web.service.d\n"},
		{13, "0::/system.slice/docker-" ID ".scope\n"},
		{14, "0::/machine.slice/libpod-conmon-" ID ".scope\n"},
		{15, "0::/user.slice/user-7.slice/session-1.scope\n"},
	};

	for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++) {
		put_process(processes[i].pid, 1, 0);
		put(processes[i].cgroup, "/proc/%ld/cgroup", processes[i].pid);
	}
	put("", "/sys/fs/cgroup/system.slice/empty.service/cgroup.procs");
}

static void
test_cgroup_is_watched_with_all_that_is_in_it_and_below(void **state)
{
	(void)state;
	put_machine();
	assert_watches(&(struct plan_watch){.cgroup = "/system.slice/web.service"}, 2);
	assert_watches(&(struct plan_watch){.cgroup = "system.slice/web.service/"}, 2);
	assert_watches(&(struct plan_watch){.cgroup = "/sys/fs/cgroup/system.slice/web.service"}, 2);
	assert_watches(&(struct plan_watch){.cgroup = "/system.slice/web.service/workers"}, 1);
	assert_watches(&(struct plan_watch){.cgroup = "/system.slice"}, 4);
}

static void
test_unit_is_found_wherever_systemd_put_it(void **state)
{
	(void)state;
	put_machine();
	assert_watches(&(struct plan_watch){.unit = "web"}, 2);
	assert_watches(&(struct plan_watch){.unit = "web.service"}, 2);
	assert_watches(&(struct plan_watch){.unit = "session-1.scope"}, 1);
	put("0::/system.slice/_cpu.service\n", "/proc/15/cgroup");
	assert_watches(&(struct plan_watch){.unit = "cpu"}, 1); /* as systemd escapes it */
}

static void
test_container_is_found_by_its_id_or_how_it_begins(void **state)
{
	static const char *const cgroups[] = {
		"0::/docker/" ID,
		"0::/system.slice/crio-" ID ".scope",
		"4:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/",
		"11:cpu,cpuacct:/kubepods/burstable/pod0f1e2d3c-4b5a-6978-8796-4f2d1c0a9b3e/" ID,
		"1:name=systemd:/system.slice/containerd.service/kubepods-pod0f1e2d3c.slice:cri-containerd:" ID,
		"0::/system.slice/docker-" ID ".scope/init.scope",
	};

	(void)state;
	put_machine();
	assert_watches(&(struct plan_watch){.container = ID}, 1); /* not its monitor */
	for (size_t i = 0; i < sizeof(cgroups) / sizeof(cgroups[0]); i++) {
		put(cgroups[i], "/proc/13/cgroup");
		assert_watches(&(struct plan_watch){.container = "4f2d1c0a9b3e"}, 1);
	}
}

/* In v1 each hierarchy has its own path; a directory names which one is meant. */
static void
test_directory_of_a_v1_hierarchy_is_that_cgroup(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put("4:memory:/web\n2:cpu,cpuacct:/fast/web\n0::/\n", "/proc/10/cgroup");
	put("4:memory:/\n2:cpu,cpuacct:/\n0::/\n", "/proc/self/cgroup");
	put("3000000\n", "/sys/fs/cgroup/memory/web/memory.usage_in_bytes");
	put("150000\n", "/sys/fs/cgroup/cpu,cpuacct/fast/web/cpu.cfs_quota_us");
	put("100000\n", "/sys/fs/cgroup/cpu,cpuacct/fast/web/cpu.cfs_period_us");
	assert_watches(&(struct plan_watch){.cgroup = "/sys/fs/cgroup/memory/web"}, 1);
	assert_watches(&(struct plan_watch){.cgroup = "/sys/fs/cgroup/cpu/fast"}, 1);
	assert_watches(&(struct plan_watch){.cgroup = "web"}, 1);
	assert_refused(&(struct plan_watch){.cgroup = "/sys/fs/cgroup/memory/fast"}, "there is no cgroup");
	struct sampler *s = open_watch(&(struct plan_watch){.cgroup = "web"});
	struct reading r = read_after(s, 0, true);

	near(r.values[GAUGE_MEMORY], 3000000);
	near(r.values[GAUGE_CPU_ALLOWED], 1.5);
	s->ops->close(s);
}

/* The first process found may stand below it: what is meant is what was named. */
static void
test_watched_cgroup_is_read_and_not_one_below_it(void **state)
{
	(void)state;
	put_process(9, 1, 0);
	put("0::/system.slice/web.service/workers\n", "/proc/9/cgroup");
	put_machine();
	put("6000000\n", "/sys/fs/cgroup/system.slice/web.service/memory.current");
	put("1000\n", "/sys/fs/cgroup/system.slice/web.service/workers/memory.current");
	struct sampler *s = open_watch(&(struct plan_watch){.unit = "web"});

	near(read_after(s, 0, true).values[GAUGE_MEMORY], 6000000);
	s->ops->close(s);
}

static void
test_process_that_enters_the_cgroup_later_is_watched_too(void **state)
{
	(void)state;
	put_machine();
	struct sampler *s = open_watch(&(struct plan_watch){.unit = "web"});

	near(read_after(s, 0, true).values[GAUGE_PROCESSES], 2);
	put_process(20, 1, 0);
	put("0::/system.slice/web.service\n", "/proc/20/cgroup");
	near(read_after(s, 2 * NS_PER_S, true).values[GAUGE_PROCESSES], 3);
	s->ops->close(s);
}

static void
test_restarted_unit_is_gone_and_back(void **state)
{
	(void)state;
	put_machine();
	struct sampler *s = open_watch(&(struct plan_watch){.unit = "web"});

	read_after(s, 0, true);
	remove_process(10);
	remove_process(11);
	read_after(s, NS_PER_S, false);
	put_process(20, 1, 0);
	put("0::/system.slice/web.service\n", "/proc/20/cgroup");
	near(read_after(s, NS_PER_S, true).values[GAUGE_PROCESSES], 1);
	s->ops->close(s);
}

static void
test_cgroup_that_is_not_found_is_said_with_what_there_is(void **state)
{
	(void)state;
	put_machine();
	assert_refused(&(struct plan_watch){.unit = "wbe"},
		"'wbe.service' (systemctl status tells whether it is running); "
		"did you mean 'web.service'?");
	assert_refused(&(struct plan_watch){.unit = "postgresql"}, "is running); there are ");
	assert_refused(&(struct plan_watch){.cgroup = "/system.slice/wed.service"},
		"there is no cgroup '/system.slice/wed.service'; did you mean '/system.slice/web.service'?");
	assert_refused(&(struct plan_watch){.cgroup = "/sys/fs/cgroup/system.slice/empty.service"},
		"no process is in the cgroup '/system.slice/empty.service'");
	assert_refused(&(struct plan_watch){.container = "abcd"},
		"no container is running whose id begins with 'abcd' (docker ps shows ids); there are 4f2d1c0a9b3e");
}

static void
test_name_of_two_cgroups_is_refused(void **state)
{
	(void)state;
	put_machine();
	put("0::/system.slice/docker-" OTHER_ID ".scope\n", "/proc/15/cgroup");
	assert_refused(&(struct plan_watch){.container = "4f2d"},
		"'4f2d' is the name of two cgroups, /system.slice/docker-" ID ".scope and "
		"/system.slice/docker-" OTHER_ID ".scope; write 'watch: {cgroup: ");
	assert_watches(&(struct plan_watch){.container = "4f2df"}, 1);
}

static void
test_cgroup_that_brunt_is_in_is_refused(void **state)
{
	(void)state;
	put_machine();
	put("0::/system.slice/web.service/deeper\n", "/proc/self/cgroup");
	assert_refused(&(struct plan_watch){.unit = "web"}, "brunt itself is in 'web.service'");
	assert_refused(&(struct plan_watch){.cgroup = "/system.slice"}, "brunt itself is in '/system.slice'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_cgroup_is_watched_with_all_that_is_in_it_and_below, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unit_is_found_wherever_systemd_put_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_container_is_found_by_its_id_or_how_it_begins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_directory_of_a_v1_hierarchy_is_that_cgroup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_watched_cgroup_is_read_and_not_one_below_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_process_that_enters_the_cgroup_later_is_watched_too, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restarted_unit_is_gone_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_cgroup_that_is_not_found_is_said_with_what_there_is, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_of_two_cgroups_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cgroup_that_brunt_is_in_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
