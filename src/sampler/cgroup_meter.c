#include "sampler/cgroup_meter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"

static const struct {
	enum gauge some, full;
	const char *of;
} pressures[] = {
	{GAUGE_CPU_PRESSURE, GAUGE_CPU_STALLED, "cpu"},
	{GAUGE_MEMORY_PRESSURE, GAUGE_MEMORY_STALLED, "memory"},
	{GAUGE_IO_PRESSURE, GAUGE_IO_STALLED, "io"},
};

_Static_assert(2 * ARRAY_LEN(pressures) == PRESSURES, "each has its two counters");

void
cgroup_meter_init(struct cgroup_meter *meter)
{
	*meter = (struct cgroup_meter){.looked_ns = -1};
}

/* v1 counts throttled time in ns, v2 in µs. */
static struct quota_counters
read_quota_counters(const char *directory)
{
	char text[1024];

	if (cgroup_read_file(directory, "cpu.stat", text, sizeof(text)) <= 0)
		text[0] = '\0';
	double throttled_us = cgroup_find_keyed(text, "throttled_usec");

	return (struct quota_counters){
		.periods = cgroup_find_keyed(text, "nr_periods"),
		.throttled = cgroup_find_keyed(text, "nr_throttled"),
		.throttled_ns = isnan(throttled_us) ? cgroup_find_keyed(text, "throttled_time") : throttled_us * 1e3,
	};
}

/* Where nothing ran no period passed, and nobody was made to wait in it. */
static double
share_of(double part, double whole)
{
	return isnan(part) || isnan(whole) ? NAN : whole > 0 ? fmin(fmax(part, 0) / whole, 1) : 0;
}

/* A cgroup's quota stops those below it too, and only its own counters tell: what counts is the tightest. */
static void
look_at_quotas(struct cgroup_meter *meter, const struct cgroup_place *place, double dt_ns, double *values)
{
	char directory[CGROUP_FILE_MAX];
	size_t level = 0;

	if (place->directory[0] == '\0')
		return;
	memcpy(directory, place->directory, sizeof(directory));
	do {
		struct quota_counters *before = &meter->quotas[level++], now = read_quota_counters(directory);

		if (dt_ns > 0) {
			double cores = (now.throttled_ns - before->throttled_ns) / dt_ns;

			values[GAUGE_THROTTLED] = fmax(values[GAUGE_THROTTLED],
				share_of(now.throttled - before->throttled, now.periods - before->periods));
			values[GAUGE_THROTTLED_CORES] =
				fmax(values[GAUGE_THROTTLED_CORES], isnan(cores) ? NAN : fmax(cores, 0));
		}
		*before = now;
	} while (level < CGROUP_LEVELS_MAX && cgroup_go_up(place, directory));
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123": µs. */
static double
read_total_us(const char *text, const char *line_name)
{
	const char *line = strstr(text, line_name), *total = line != NULL ? strstr(line, "total=") : NULL;
	double us;

	return total != NULL && sscanf(total, "total=%lf", &us) == 1 ? us : NAN;
}

static double
stalled_share(double *before_us, double now_us, double dt_ns)
{
	double stalled_us = now_us - *before_us;

	*before_us = now_us;
	return dt_ns > 0 && !isnan(stalled_us) ? fmin(fmax(stalled_us, 0) * 1e3 / dt_ns, 1) : NAN;
}

static void
look_at_pressure(struct cgroup_meter *meter, const struct cgroup_limits *limits, const char *machine, double dt_ns,
	double *values)
{
	const struct cgroup_place *place = &limits->pressure;
	char directory[CGROUP_FILE_MAX], file[64], text[256];

	if (machine == NULL && (!place->is_own || place->directory[0] == '\0'))
		return;
	if (machine != NULL)
		snprintf(directory, sizeof(directory), "%s/proc/pressure", machine);
	else
		memcpy(directory, place->directory, sizeof(directory));
	for (size_t i = 0; i < ARRAY_LEN(pressures); i++) {
		snprintf(file, sizeof(file), "%s%s", pressures[i].of, machine != NULL ? "" : ".pressure");
		if (cgroup_read_file(directory, file, text, sizeof(text)) <= 0)
			text[0] = '\0';
		values[pressures[i].some] =
			stalled_share(&meter->stalled_us[2 * i], read_total_us(text, "some "), dt_ns);
		values[pressures[i].full] =
			stalled_share(&meter->stalled_us[2 * i + 1], read_total_us(text, "full "), dt_ns);
	}
	if (machine != NULL) /* psi.rst: not defined, and told as 0 */
		values[GAUGE_CPU_STALLED] = NAN;
}

void
cgroup_meter_look(struct cgroup_meter *meter, const struct cgroup_limits *limits, const char *machine, int64_t now_ns,
	double *values)
{
	double dt_ns = meter->looked_ns >= 0 ? (double)(now_ns - meter->looked_ns) : 0;

	values[GAUGE_THROTTLED] = values[GAUGE_THROTTLED_CORES] = NAN;
	for (size_t i = 0; i < ARRAY_LEN(pressures); i++)
		values[pressures[i].some] = values[pressures[i].full] = NAN;
	look_at_quotas(meter, &limits->cpu, dt_ns, values);
	look_at_pressure(meter, limits, machine, dt_ns, values);
	meter->looked_ns = now_ns;
}
