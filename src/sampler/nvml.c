#include "sampler/nvml.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* nvml.h, as far as it is needed: its functions return 0 for success, and a device is a pointer of its own. */
typedef void *nvml_device;

struct nvml_utilization {
	unsigned gpu, memory; /* percent of the last sampling period */
};

struct nvml_memory {
	unsigned long long total, free, used;
};

struct nvml_functions {
	int (*init)(void);
	int (*shutdown)(void);
	const char *(*error_string)(int result);
	int (*get_count)(unsigned *count);
	int (*get_handle)(unsigned index, nvml_device *device);
	int (*get_utilization)(nvml_device device, struct nvml_utilization *utilization);
	int (*get_memory)(nvml_device device, struct nvml_memory *memory);
	int (*get_power)(nvml_device device, unsigned *milliwatts);
	int (*get_energy)(nvml_device device, unsigned long long *millijoules);
};

struct nvml {
	void *library;
	struct nvml_functions call;
	nvml_device devices[NVML_GPUS_MAX];
	size_t n;
};

/* POSIX lets an object pointer hold a function; C does not let it be cast. */
static bool
find(struct nvml *nvml, const char *name, void *into)
{
	void *symbol = dlsym(nvml->library, name);

	memcpy(into, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static bool
find_all(struct nvml *nvml, struct error *err)
{
	const struct {
		const char *name;
		void *into;
	} wanted[] = {
		{"nvmlInit_v2", &nvml->call.init},
		{"nvmlShutdown", &nvml->call.shutdown},
		{"nvmlErrorString", &nvml->call.error_string},
		{"nvmlDeviceGetCount_v2", &nvml->call.get_count},
		{"nvmlDeviceGetHandleByIndex_v2", &nvml->call.get_handle},
		{"nvmlDeviceGetUtilizationRates", &nvml->call.get_utilization},
		{"nvmlDeviceGetMemoryInfo", &nvml->call.get_memory},
		{"nvmlDeviceGetPowerUsage", &nvml->call.get_power},
	};

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (!find(nvml, wanted[i].name, wanted[i].into))
			return error_set(err, "it has no %s: the driver is too old", wanted[i].name);
	find(nvml, "nvmlDeviceGetTotalEnergyConsumption", &nvml->call.get_energy);
	return true;
}

static bool
find_devices(struct nvml *nvml, struct error *err)
{
	unsigned count = 0;
	int result = nvml->call.get_count(&count);

	if (result != 0)
		return error_set(err, "%s", nvml->call.error_string(result));
	for (unsigned i = 0; i < count && nvml->n < NVML_GPUS_MAX; i++)
		nvml->n += nvml->call.get_handle(i, &nvml->devices[nvml->n]) == 0;
	return nvml->n > 0 || error_set(err, "there is no GPU that this user may look at");
}

struct nvml *
nvml_open(const char *library, struct error *err)
{
	struct nvml *nvml = must_calloc(1, sizeof(*nvml));

	nvml->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (nvml->library == NULL) {
		error_set(err, "%s", dlerror());
		goto fail;
	}
	if (!find_all(nvml, err))
		goto fail_library;
	int result = nvml->call.init();

	if (result != 0) {
		error_set(err, "%s", nvml->call.error_string(result));
		goto fail_library;
	}
	if (find_devices(nvml, err))
		return nvml;
	nvml->call.shutdown();
fail_library:
	dlclose(nvml->library);
fail:
	free(nvml);
	return NULL;
}

void
nvml_close(struct nvml *nvml)
{
	if (nvml == NULL)
		return;
	nvml->call.shutdown();
	dlclose(nvml->library);
	free(nvml);
}

static void
add_device(const struct nvml *nvml, nvml_device device, struct nvml_reading *reading)
{
	struct nvml_utilization utilization;
	struct nvml_memory memory;
	unsigned long long millijoules;
	unsigned milliwatts;

	if (nvml->call.get_utilization(device, &utilization) == 0)
		reading->busy = fmax(reading->busy, utilization.gpu / 100.0); /* fmax prefers a number to NAN */
	bool has_memory = nvml->call.get_memory(device, &memory) == 0;

	reading->memory_bytes += has_memory ? (double)memory.used : NAN;
	reading->memory_limit_bytes += has_memory ? (double)memory.total : NAN;
	reading->watts += nvml->call.get_power(device, &milliwatts) == 0 ? milliwatts / 1e3 : NAN;
	bool has_energy = nvml->call.get_energy != NULL && nvml->call.get_energy(device, &millijoules) == 0;

	reading->joules += has_energy ? (double)millijoules / 1e3 : NAN;
}

void
nvml_read(struct nvml *nvml, struct nvml_reading *reading)
{
	*reading = (struct nvml_reading){.busy = NAN};
	for (size_t i = 0; i < nvml->n; i++)
		add_device(nvml, nvml->devices[i], reading);
}
