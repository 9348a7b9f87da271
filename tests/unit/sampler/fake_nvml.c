/* A libnvidia-ml.so.1 without a GPU: what each of two has is in fake_gpus, for tests to change. */
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

struct fake_gpu {
	unsigned busy_percent, milliwatts;
	unsigned long long memory_used, memory_total, millijoules;
	int refuses_energy, refuses_power; /* results: 3 is "not supported" */
};

struct fake_gpu fake_gpus[2] = {
	{40, 100000, 1000, 10000, 5000, 0, 0},
	{70, 250000, 2000, 10000, 9000, 0, 0},
};
unsigned fake_count = 2;
int fake_init_result;
int fake_inits; /* less shutdowns */

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int result);
int nvmlDeviceGetCount_v2(unsigned *count);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device);
int nvmlDeviceGetUtilizationRates(void *device, unsigned into[2]);
int nvmlDeviceGetMemoryInfo(void *device, unsigned long long into[3]);
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts);
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules);

int
nvmlInit_v2(void)
{
	fake_inits += fake_init_result == 0;
	return fake_init_result;
}

int
nvmlShutdown(void)
{
	fake_inits--;
	return 0;
}

const char *
nvmlErrorString(int result)
{
	return result == 9 ? "Driver Not Loaded" : "Unknown Error";
}

int
nvmlDeviceGetCount_v2(unsigned *count)
{
	*count = fake_count;
	return 0;
}

int
nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
	*device = &fake_gpus[index];
	return 0;
}

int
nvmlDeviceGetUtilizationRates(void *device, unsigned into[2])
{
	into[0] = ((struct fake_gpu *)device)->busy_percent;
	into[1] = 0;
	return 0;
}

int
nvmlDeviceGetMemoryInfo(void *device, unsigned long long into[3])
{
	const struct fake_gpu *gpu = device;

	into[0] = gpu->memory_total;
	into[1] = gpu->memory_total - gpu->memory_used;
	into[2] = gpu->memory_used;
	return 0;
}

int
nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts)
{
	const struct fake_gpu *gpu = device;

	*milliwatts = gpu->milliwatts;
	return gpu->refuses_power;
}

int
nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules)
{
	const struct fake_gpu *gpu = device;
	struct timespec now;

	*millijoules = gpu->millijoules;
	if (getenv("FAKE_NVML_RUNS") != NULL) { /* what is drawn is used as time passes */
		clock_gettime(CLOCK_MONOTONIC, &now);
		*millijoules +=
			(unsigned long long)(((double)now.tv_sec + (double)now.tv_nsec / 1e9) * gpu->milliwatts);
	}
	return gpu->refuses_energy;
}
