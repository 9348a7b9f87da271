#include "sampler/power.h"

#include <math.h>

#include "base/log.h"
#include "base/units.h"
#include "sampler/nvml.h"

void
power_meter_open(struct power_meter *meter, const char *root, const char *gpu_library)
{
	struct error err = {0};

	*meter = (struct power_meter){.gpu_joules = NAN, .looked_ns = -1};
	rapl_open(&meter->rapl, root);
	if (gpu_library == NULL)
		return;
	meter->nvml = nvml_open(gpu_library, &err);
	if (meter->nvml == NULL)
		log_warn("target.watch.gpu: not available: %s", err.message);
}

void
power_meter_close(struct power_meter *meter)
{
	nvml_close(meter->nvml);
	meter->nvml = NULL;
}

/* By the energy since the last look, where it is counted; what is drawn at one moment may be anything. */
static double
gpu_watts(struct power_meter *meter, const struct nvml_reading *reading, double dt_s)
{
	double used_joules = reading->joules - meter->gpu_joules;

	meter->gpu_joules = reading->joules;
	if (isnan(reading->joules))
		return reading->watts;
	return dt_s > 0 && used_joules >= 0 ? used_joules / dt_s : NAN;
}

void
power_meter_look(struct power_meter *meter, int64_t now_ns, double *values)
{
	double dt_s = meter->looked_ns >= 0 ? ns_to_s(now_ns - meter->looked_ns) : 0;
	double joules = rapl_take_joules(&meter->rapl);
	struct nvml_reading gpu;

	values[GAUGE_POWER] = dt_s > 0 ? joules / dt_s : NAN;
	values[GAUGE_GPU] = values[GAUGE_GPU_MEMORY] = values[GAUGE_GPU_MEMORY_LIMIT] = values[GAUGE_GPU_POWER] = NAN;
	meter->looked_ns = now_ns;
	if (meter->nvml == NULL)
		return;
	nvml_read(meter->nvml, &gpu);
	values[GAUGE_GPU] = gpu.busy;
	values[GAUGE_GPU_MEMORY] = gpu.memory_bytes;
	values[GAUGE_GPU_MEMORY_LIMIT] = gpu.memory_limit_bytes;
	values[GAUGE_GPU_POWER] = gpu_watts(meter, &gpu, dt_s);
}
