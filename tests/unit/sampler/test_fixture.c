/* The proc sampler over /proc and /sys/fs/cgroup made of files, on a virtual clock. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixture.h"

static void
test_first_reading_has_amounts_but_no_rates(void **state)
{
	(void)state;
	put_process(10, 1, 500);
	struct sampler *s = open_pid(10);
	struct reading r = read_after(s, 0, true);

	assert_true(isnan(r.values[GAUGE_CPU]));
	assert_true(isnan(r.values[GAUGE_CPU_CORES]));
	assert_true(isnan(r.values[GAUGE_RUN_WAIT]));
	near(r.values[GAUGE_CPU_ALLOWED], 4);
	near(r.values[GAUGE_MEMORY], 1536 * 1024);
	near(r.values[GAUGE_MEMORY_LIMIT], 16384 * 1024);
	near(r.values[GAUGE_THREADS], 1);
	near(r.values[GAUGE_FDS], 2);
	near(r.values[GAUGE_FDS_LIMIT], 256);
	near(r.values[GAUGE_PROCESSES], 1);
	assert_true(isnan(r.values[GAUGE_OOM_KILLS]));
	s->ops->close(s);
}

/* Two threads at 60% and 20% of a core: 0.8 of 4 cores is 20%, and the busiest thread's 60% is the larger. */
static void
test_cpu_is_the_larger_of_share_and_busiest_thread(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put_thread(10, 11, 0, 0);
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	put_stat(10, 1, 8, 0, "R");
	put_thread(10, 10, 60 * NS_PER_MS, 5 * NS_PER_MS);
	put_thread(10, 11, 20 * NS_PER_MS, 30 * NS_PER_MS);
	struct reading r = read_after(s, 100 * NS_PER_MS, true);

	near(r.values[GAUGE_CPU_CORES], 0.8);
	near(r.values[GAUGE_CPU_THREAD], 0.6);
	near(r.values[GAUGE_CPU], 0.6);
	near(r.values[GAUGE_RUN_WAIT], 0.3);
	s->ops->close(s);
}

static void
test_memory_of_a_tree_counts_shared_pages_once(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put_process(20, 10, 0);
	put_process(30, 20, 0);
	put_process(40, 1, 0); /* not one of them */
	struct sampler *s = open_pid(10);
	struct reading r = read_after(s, 0, true);

	near(r.values[GAUGE_PROCESSES], 3);
	near(r.values[GAUGE_MEMORY], (3 * 1024 + 512) * 1024);
	s->ops->close(s);
}

/* The child used 300 ms while it was watched; its parent reports them again when it waits, and they are not counted
 * twice. Another child that nobody saw adds its 20 ms. */
static void
test_ended_child_is_counted_once_and_never_negative(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	put_process(20, 10, 0);
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	put_stat(20, 10, 30, 0, "R");
	struct reading r = read_after(s, NS_PER_S / 2, true);

	near(r.values[GAUGE_CPU_CORES], 0.6);
	remove_process(20);
	r = read_after(s, NS_PER_S / 10, true);
	assert_true(r.values[GAUGE_CPU_CORES] == 0);
	put_stat(10, 1, 0, 32, "S");
	r = read_after(s, NS_PER_S / 10, true);
	near(r.values[GAUGE_CPU_CORES], 0.2);
	near(r.values[GAUGE_PROCESSES], 1);
	s->ops->close(s);
}

static void
test_counters_that_run_backwards_count_nothing(void **state)
{
	(void)state;
	put_process(10, 1, 50);
	put_thread(10, 10, NS_PER_S, NS_PER_S);
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	put_stat(10, 1, 40, 0, "R");
	put_thread(10, 10, NS_PER_S / 2, NS_PER_S / 2);
	struct reading r = read_after(s, 100 * NS_PER_MS, true);

	assert_true(r.values[GAUGE_CPU] == 0);
	assert_true(r.values[GAUGE_CPU_CORES] == 0);
	assert_true(r.values[GAUGE_RUN_WAIT] == 0);
	s->ops->close(s);
}

static void
test_child_that_appears_does_not_bring_its_past(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	put_process(20, 10, 5000);
	struct reading r = read_after(s, 100 * NS_PER_MS, true);

	near(r.values[GAUGE_PROCESSES], 1); /* looked for once a second */
	r = read_after(s, NS_PER_S, true);
	near(r.values[GAUGE_PROCESSES], 2);
	assert_true(r.values[GAUGE_CPU_CORES] == 0);
	put_stat(20, 10, 5005, 0, "R");
	r = read_after(s, 100 * NS_PER_MS, true);
	near(r.values[GAUGE_CPU_CORES], 0.5);
	s->ops->close(s);
}

static void
test_reused_pid_is_another_process(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	put("10 (other) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7777 0 0\n", "/proc/10/stat");
	read_after(s, 100 * NS_PER_MS, false);
	read_after(s, 100 * NS_PER_MS, false); /* a pid never comes back */
	s->ops->close(s);
}

static void
test_zombie_is_gone(void **state)
{
	(void)state;
	put_process(10, 1, 0);
	struct sampler *s = open_pid(10);

	read_after(s, 0, true);
	put_stat(10, 1, 0, 0, "Z");
	read_after(s, 100 * NS_PER_MS, false);
	s->ops->close(s);
}

static void
test_restart_is_reported_as_gone_before_it_is_found_again(void **state)
{
	char pid_file[128];
	struct plan_watch watch = {.pid_file = pid_file};
	struct sampler_config config = {.watch = &watch};
	struct error err = {0};

	(void)state;
	snprintf(pid_file, sizeof(pid_file), "%s/run/web.pid", root);
	put("10\n", "/run/web.pid");
	put_process(10, 1, 0);
	struct sampler *s = proc_open_at(&config, root, &clock_, &err);

	assert_non_null(s);
	read_after(s, 0, true);
	remove_process(10);
	put_process(12, 1, 9000);
	put("12\n", "/run/web.pid");
	read_after(s, 100 * NS_PER_MS, false); /* though it is back already */
	struct reading r = read_after(s, 100 * NS_PER_MS, true);

	assert_true(isnan(r.values[GAUGE_CPU]));
	near(r.values[GAUGE_PROCESSES], 1);
	r = read_after(s, 100 * NS_PER_MS, true);
	assert_true(r.values[GAUGE_CPU] == 0);
	s->ops->close(s);
}

static void
assert_not_found(const struct plan_watch *watch, const char *message)
{
	struct sampler_config config = {.watch = watch};
	struct error err = {0};

	assert_null(proc_open_at(&config, root, &clock_, &err));
	assert_non_null(strstr(err.message, message));
}

static void
test_what_cannot_be_found_is_said(void **state)
{
	char pid_file[128];

	(void)state;
	snprintf(pid_file, sizeof(pid_file), "%s/run/web.pid", root);
	assert_not_found(&(struct plan_watch){.pid = 4}, "no process has the pid 4");
	assert_not_found(&(struct plan_watch){.pid_file = pid_file}, "cannot be read: No such file");
	put("many\n", "/run/web.pid");
	assert_not_found(&(struct plan_watch){.pid_file = pid_file}, "holds no pid");
	put("77\n", "/run/web.pid");
	assert_not_found(&(struct plan_watch){.pid_file = pid_file}, "names 77, but no process has that pid");
	assert_not_found(&(struct plan_watch){.process = "nobody"}, "no process is named 'nobody'");
}

static void
test_name_finds_the_topmost_of_that_name(void **state)
{
	struct plan_watch watch = {.process = "we (ird) name"};
	struct sampler_config config = {.watch = &watch};
	struct error err = {0};

	(void)state;
	put_process(10, 1, 0);
	put_process(20, 10, 0);
	put_process(30, 1, 0);
	struct sampler *s = proc_open_at(&config, root, &clock_, &err);

	assert_non_null(s);
	near(read_after(s, 0, true).values[GAUGE_PROCESSES], 3); /* each once */
	s->ops->close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_reading_has_amounts_but_no_rates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cpu_is_the_larger_of_share_and_busiest_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_of_a_tree_counts_shared_pages_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended_child_is_counted_once_and_never_negative, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counters_that_run_backwards_count_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_child_that_appears_does_not_bring_its_past, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reused_pid_is_another_process, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zombie_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_restart_is_reported_as_gone_before_it_is_found_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_found_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_finds_the_topmost_of_that_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
