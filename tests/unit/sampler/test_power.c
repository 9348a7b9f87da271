/* What a machine draws: a powercap tree made of files, and a libnvidia-ml.so.1 without a GPU. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>

#include "fixture.h"
#include "sampler/nvml.h"
#include "sampler/power.h"

struct fake_gpu { /* as in fake_nvml.c */
	unsigned busy_percent, milliwatts;
	unsigned long long memory_used, memory_total, millijoules;
	int refuses_energy, refuses_power;
};

static struct fake_gpu *gpus, as_made[2];
static unsigned *gpu_count;
static int *init_result, *inits;

static void
put_domain(const char *zone, const char *name, const char *uj)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/powercap/%s", zone);
	put(name, "%s/name", path);
	put(uj, "%s/energy_uj", path);
	put("1000000000\n", "%s/max_energy_range_uj", path);
}

static void
put_machine(const char *first_uj, const char *second_uj, const char *dram_uj)
{
	put_domain("intel-rapl:0", "package-0\n", first_uj);
	put_domain("intel-rapl:0:0", "core\n", "500\n"); /* a part of its package */
	put_domain("intel-rapl:0:1", "dram\n", dram_uj);
	put_domain("intel-rapl:1", "package-1\n", second_uj);
	put_domain("intel-rapl:2", "psys\n", "77\n"); /* all of it once more */
}

static void
test_packages_and_their_memory_are_added_up(void **state)
{
	struct power_meter meter;
	double values[GAUGE_COUNT];

	(void)state;
	put_machine("1000000\n", "2000000\n", "3000000\n");
	power_meter_open(&meter, root, NULL);
	assert_int_equal(meter.rapl.n, 3);
	power_meter_look(&meter, NS_PER_S, values);
	assert_true(isnan(values[GAUGE_POWER])); /* nothing to divide by yet */
	put_machine("41000000\n", "32000000\n", "8000000\n");
	power_meter_look(&meter, NS_PER_S + NS_PER_S / 2, values);
	near(values[GAUGE_POWER], (40 + 30 + 5) / 0.5);
	put_machine("999000000\n", "32000000\n", "8000000\n");
	power_meter_look(&meter, 2 * NS_PER_S, values);
	put_machine("4000000\n", "32000000\n", "8000000\n"); /* it began again at its range */
	power_meter_look(&meter, 3 * NS_PER_S, values);
	near(values[GAUGE_POWER], 5);
	assert_true(isnan(values[GAUGE_GPU]));
	assert_true(isnan(values[GAUGE_GPU_POWER]));
	power_meter_close(&meter);
}

static void
test_machine_that_does_not_say_draws_nothing_known(void **state)
{
	struct power_meter meter;
	double values[GAUGE_COUNT];

	(void)state;
	power_meter_open(&meter, root, NULL);
	power_meter_look(&meter, NS_PER_S, values);
	power_meter_look(&meter, 2 * NS_PER_S, values);
	assert_true(isnan(values[GAUGE_POWER]));
	power_meter_close(&meter);
}

static void
test_gpus_are_read_together(void **state)
{
	struct power_meter meter;
	double values[GAUGE_COUNT];

	(void)state;
	power_meter_open(&meter, root, FAKE_NVML);
	power_meter_look(&meter, NS_PER_S, values);
	near(values[GAUGE_GPU], 0.7);
	near(values[GAUGE_GPU_MEMORY], 3000);
	near(values[GAUGE_GPU_MEMORY_LIMIT], 20000);
	assert_true(isnan(values[GAUGE_GPU_POWER]));
	gpus[0].millijoules += 30000;
	gpus[1].millijoules += 20000;
	power_meter_look(&meter, NS_PER_S + NS_PER_S / 4, values);
	near(values[GAUGE_GPU_POWER], 200); /* 50 J in a quarter of a second, whatever is drawn right now */
	assert_int_equal(*inits, 1);
	power_meter_close(&meter);
	assert_int_equal(*inits, 0);
}

static void
test_gpu_that_counts_no_energy_tells_what_it_draws(void **state)
{
	struct power_meter meter;
	double values[GAUGE_COUNT];

	(void)state;
	gpus[1].refuses_energy = 3;
	power_meter_open(&meter, root, FAKE_NVML);
	power_meter_look(&meter, NS_PER_S, values);
	near(values[GAUGE_GPU_POWER], 350);
	gpus[0].refuses_power = 3;
	power_meter_look(&meter, 2 * NS_PER_S, values);
	assert_true(isnan(values[GAUGE_GPU_POWER])); /* the sum of one that is known and one that is not */
	near(values[GAUGE_GPU], 0.7);
	power_meter_close(&meter);
}

static void
assert_no_nvml(const char *library, const char *message)
{
	struct error err = {0};

	assert_null(nvml_open(library, &err));
	if (strstr(err.message, message) == NULL)
		fail_msg("'%s' is not in '%s'", message, err.message);
}

static void
test_gpus_that_cannot_be_read_are_said_and_cost_no_run(void **state)
{
	struct power_meter meter;
	double values[GAUGE_COUNT];

	(void)state;
	assert_no_nvml("libnvidia-ml-that-is-not-there.so.1", "libnvidia-ml-that-is-not-there.so.1");
	assert_no_nvml("libm.so.6", "it has no nvmlInit_v2");
	*init_result = 9;
	assert_no_nvml(FAKE_NVML, "Driver Not Loaded");
	*init_result = 0;
	*gpu_count = 0;
	assert_no_nvml(FAKE_NVML, "there is no GPU");
	assert_int_equal(*inits, 0);
	power_meter_open(&meter, root, FAKE_NVML);
	power_meter_look(&meter, NS_PER_S, values);
	assert_true(isnan(values[GAUGE_GPU]));
	power_meter_close(&meter);
}

static int
setup_machine(void **state)
{
	void *library = dlopen(FAKE_NVML, RTLD_NOW);

	assert_non_null(library);
	gpus = dlsym(library, "fake_gpus");
	gpu_count = dlsym(library, "fake_count");
	init_result = dlsym(library, "fake_init_result");
	inits = dlsym(library, "fake_inits");
	if (as_made[0].memory_total == 0)
		memcpy(as_made, gpus, sizeof(as_made));
	memcpy(gpus, as_made, sizeof(as_made));
	*gpu_count = 2;
	*init_result = 0;
	return setup(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_packages_and_their_memory_are_added_up, setup_machine, teardown),
		cmocka_unit_test_setup_teardown(
			test_machine_that_does_not_say_draws_nothing_known, setup_machine, teardown),
		cmocka_unit_test_setup_teardown(test_gpus_are_read_together, setup_machine, teardown),
		cmocka_unit_test_setup_teardown(
			test_gpu_that_counts_no_energy_tells_what_it_draws, setup_machine, teardown),
		cmocka_unit_test_setup_teardown(
			test_gpus_that_cannot_be_read_are_said_and_cost_no_run, setup_machine, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
