#include "sampler/stolen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "sampler/procfs.h"

/* A line per CPU comes first, of some 80 bytes; what comes after them is not wanted. */
#define STAT_BYTES (80 * STOLEN_CPUS_MAX)

void
stolen_init(struct stolen *stolen)
{
	for (size_t i = 0; i < STOLEN_CPUS_MAX; i++)
		stolen->ticks[i] = -1;
}

/* "cpu3 user nice system idle iowait irq softirq steal …" */
static const char *
parse_line(const char *line, unsigned *cpu, int64_t *ticks)
{
	const char *end = strchr(line, '\n');
	long long steal;

	if (end == NULL || sscanf(line, "cpu%u %*u %*u %*u %*u %*u %*u %*u %lld", cpu, &steal) != 2)
		return NULL;
	*ticks = steal;
	return end + 1;
}

static double
share_since(int64_t before, int64_t now, int64_t dt_ns)
{
	double tick_ns = (double)NS_PER_S / (double)sysconf(_SC_CLK_TCK);

	if (before < 0 || dt_ns <= 0)
		return NAN;
	/* Some hosts correct themselves downwards. */
	return fmin(fmax((double)(now - before), 0) * tick_ns / (double)dt_ns, 1);
}

double
stolen_look(struct stolen *stolen, const char *root, const cpu_set_t *cpus, int64_t dt_ns)
{
	char path[PROCFS_PATH_MAX], text[STAT_BYTES];
	double most = NAN;
	unsigned cpu;
	int64_t ticks;

	snprintf(path, sizeof(path), "%s/proc/stat", root);
	if (file_read_small(path, text, sizeof(text)) <= 0)
		return NAN;
	const char *line = strchr(text, '\n'); /* that of all of them */

	for (line = line != NULL ? line + 1 : NULL; line != NULL && (line = parse_line(line, &cpu, &ticks)) != NULL;) {
		if (cpu >= STOLEN_CPUS_MAX)
			continue;
		if (CPU_ISSET(cpu, cpus))
			most = fmax(most, share_since(stolen->ticks[cpu], ticks, dt_ns)); /* of what is known */
		stolen->ticks[cpu] = ticks;
	}
	return most;
}
