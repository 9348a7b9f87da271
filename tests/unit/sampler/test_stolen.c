/* What the host took of a virtual machine's CPUs: /proc/stat made of files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fixture.h"
#include "sampler/stolen.h"

/* Ticks of 10 ms, of CPUs 0, 1 and 12; the first line is their sum, and what comes after them is none of theirs. */
static void
put_ticks(long first, long second, long twelfth)
{
	char text[512];

	snprintf(text, sizeof(text),
		"cpu  900 1 800 70000 5 0 30 %ld 4 0\ncpu0 300 1 300 30000 5 0 30 %ld 2 0\ncpu1 300 0 300 30000 0 0 0 %ld 2 0\n"
		"cpu12 300 0 200 10000 0 0 0 %ld 0 0\nintr 123456789 0 99 12\nctxt 5555\n",
		first + second + twelfth, first, second, twelfth);
	put(text, "/proc/stat");
}

static double
look_at(struct stolen *stolen, int cpu_a, int cpu_b)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu_a, &cpus);
	CPU_SET(cpu_b, &cpus);
	return stolen_look(stolen, root, &cpus, NS_PER_S / 2);
}

static void
test_share_is_of_the_cpu_that_most_was_taken_from_of_those_that_may_be_used(void **state)
{
	struct stolen stolen;

	(void)state;
	stolen_init(&stolen);
	put_ticks(1000, 2000, 3000);
	assert_true(isnan(look_at(&stolen, 0, 1))); /* since when is not known */
	put_ticks(1005, 2010, 3050);
	near(look_at(&stolen, 0, 1), 0.2);
	put_ticks(1010, 2010, 3060);
	near(look_at(&stolen, 0, 12), 0.2);
	put_ticks(1010, 2010, 3060);
	near(look_at(&stolen, 0, 1), 0);
	/* A host that corrects itself gave nothing back; and more than all cannot be taken. */
	put_ticks(1009, 2000, 3060);
	near(look_at(&stolen, 0, 1), 0);
	put_ticks(1009, 2090, 3060);
	near(look_at(&stolen, 0, 1), 1);
}

static void
test_what_is_not_told_is_not_known(void **state)
{
	struct stolen stolen;

	(void)state;
	stolen_init(&stolen);
	put_ticks(1000, 2000, 3000);
	look_at(&stolen, 0, 1);
	assert_true(isnan(look_at(&stolen, 5, 6)));
	put("cpu  900 1 800 70000 5 0 30\ncpu0 300 1 300 30000 5 0 30\n", "/proc/stat"); /* before Linux 2.6.11 */
	assert_true(isnan(look_at(&stolen, 0, 1)));
	put("", "/proc/stat");
	assert_true(isnan(look_at(&stolen, 0, 1)));
}

static void
test_target_is_told_what_its_machine_lost(void **state)
{
	(void)state;
	put_process(10, 1, 500);
	put_ticks(100, 100, 0);
	struct sampler *s = open_pid(10);

	assert_true(isnan(read_after(s, 0, true).values[GAUGE_STOLEN]));
	put_ticks(100, 125, 900); /* it may run on the first four */
	near(read_after(s, NS_PER_S, true).values[GAUGE_STOLEN], 0.25);
	s->ops->close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_share_is_of_the_cpu_that_most_was_taken_from_of_those_that_may_be_used, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_told_is_not_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_target_is_told_what_its_machine_lost, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
