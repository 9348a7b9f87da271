#include "sampler/cgroup_limits.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void
cgroup_limits_find(struct cgroup_limits *limits, const char *root, long pid, const char *watched)
{
	struct cgroup_texts texts;

	*limits = (struct cgroup_limits){0};
	if (!cgroup_read_texts(&texts, root, pid))
		return;
	cgroup_place_find(&limits->cpu, &texts, "cpu", watched);
	cgroup_place_find(&limits->memory, &texts, "memory", watched);
	cgroup_place_find(&limits->pressure, &texts, "", watched);
}

/* The smallest value from the cgroup up to the root of its hierarchy: each ancestor's limit holds too. */
static double
smallest_upwards(const struct cgroup_place *place, double (*read)(const char *directory, bool is_v2))
{
	char directory[CGROUP_FILE_MAX];
	double smallest = INFINITY;

	if (place->directory[0] == '\0')
		return INFINITY;
	memcpy(directory, place->directory, sizeof(directory));
	do {
		double value = read(directory, place->is_v2);

		if (value < smallest) /* not for NAN */
			smallest = value;
	} while (cgroup_go_up(place, directory));
	return smallest;
}

static double
read_quota(const char *directory, bool is_v2)
{
	double quota_us, period_us;

	if (is_v2) {
		char text[64];

		if (cgroup_read_file(directory, "cpu.max", text, sizeof(text)) <= 0 ||
			sscanf(text, "%lf %lf", &quota_us, &period_us) != 2)
			return INFINITY; /* "max 100000" */
	} else {
		quota_us = cgroup_read_number(directory, "cpu.cfs_quota_us");
		period_us = cgroup_read_number(directory, "cpu.cfs_period_us");
	}
	return quota_us > 0 && period_us > 0 ? quota_us / period_us : INFINITY;
}

double
cgroup_cpu_quota(const struct cgroup_limits *limits)
{
	return smallest_upwards(&limits->cpu, read_quota);
}

/* v1 says "no limit" by a number near 2^63. */
static double
read_memory_limit(const char *directory, bool is_v2)
{
	double limit = cgroup_read_number(directory, is_v2 ? "memory.max" : "memory.limit_in_bytes");

	return limit < 0x1p62 ? limit : INFINITY;
}

double
cgroup_memory_limit(const struct cgroup_limits *limits)
{
	return smallest_upwards(&limits->memory, read_memory_limit);
}

double
cgroup_memory_bytes(const struct cgroup_limits *limits)
{
	const struct cgroup_place *place = &limits->memory;

	if (!place->is_own || place->directory[0] == '\0')
		return NAN;
	double usage = cgroup_read_number(place->directory, place->is_v2 ? "memory.current" : "memory.usage_in_bytes");
	double cache = cgroup_read_keyed(
		place->directory, "memory.stat", place->is_v2 ? "inactive_file" : "total_inactive_file");

	if (isnan(usage) || isnan(cache))
		return usage;
	/* The two files are read at two moments: the difference may slip below nothing, which is nothing. */
	return fmax(usage - cache, 0);
}

/* v1 counts a kill where the process stood, and there alone; v2 in every cgroup above it too. A cgroup below that is
 * gone takes its count with it: then the sum falls, which is no kill. */
static double
kills_below_v1(const char *directory, int depth)
{
	double kills = cgroup_read_keyed(directory, "memory.oom_control", "oom_kill");
	DIR *entries = depth > 0 ? opendir(directory) : NULL;

	if (entries == NULL)
		return kills;
	for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
		char below[CGROUP_FILE_MAX];

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
			snprintf(below, sizeof(below), "%s/%s", directory, entry->d_name) >= (int)sizeof(below))
			continue;
		double more = kills_below_v1(below, depth - 1);

		kills += isnan(more) ? 0 : more;
	}
	closedir(entries);
	return kills;
}

#define CGROUP_DEPTH_MAX 8

double
cgroup_oom_kills(const struct cgroup_limits *limits)
{
	const struct cgroup_place *place = &limits->memory;

	if (!place->is_own || place->directory[0] == '\0')
		return NAN;
	return place->is_v2 ? cgroup_read_keyed(place->directory, "memory.events", "oom_kill")
			    : kills_below_v1(place->directory, CGROUP_DEPTH_MAX);
}
