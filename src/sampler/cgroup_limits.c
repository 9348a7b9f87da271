#include "sampler/cgroup_limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define CGROUP_TEXT_MAX 8192

static long
read_file(const char *directory, const char *file, char *into, size_t size)
{
	char path[CGROUP_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	return file_read_small(path, into, size);
}

/* The value of "key 123" in a file of such lines; NAN: none. */
static double
read_keyed(const char *directory, const char *file, const char *key)
{
	char text[CGROUP_TEXT_MAX], wanted[64];
	double value;

	text[0] = '\n';
	if (read_file(directory, file, text + 1, sizeof(text) - 1) <= 0)
		return NAN;
	snprintf(wanted, sizeof(wanted), "\n%s ", key);
	const char *line = strstr(text, wanted);

	return line != NULL && sscanf(line + strlen(wanted), "%lf", &value) == 1 ? value : NAN;
}

/* One number; NAN: cannot be read, or the word "max". */
static double
read_number(const char *directory, const char *file)
{
	char text[64];
	double value;

	return read_file(directory, file, text, sizeof(text)) > 0 && sscanf(text, "%lf", &value) == 1 ? value : NAN;
}

static bool
has_word(const char *list, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	for (const char *p = list; p < list + length; p += strcspn(p, ",:") + 1)
		if (strcspn(p, ",:") == word_length && strncmp(p, word, word_length) == 0)
			return true;
	return false;
}

/* cgroups(7): "4:cpu,cpuacct:/path" per v1 hierarchy, "0::/path" for v2. controller "": v2. */
static bool
find_line(const char *text, const char *controller, char *controllers, char *path, size_t size)
{
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *list = strchr(line, ':'), *end = list != NULL ? strchr(list + 1, ':') : NULL;

		if (end == NULL)
			return false;
		list++;
		size_t length = (size_t)(end - list);

		if (*controller == '\0' ? length > 0 : !has_word(list, length, controller))
			continue;
		snprintf(controllers, size, "%.*s", (int)length, list);
		snprintf(path, size, "%.*s", (int)strcspn(end + 1, "\n"), end + 1);
		return true;
	}
	return false;
}

struct cgroup_texts {
	const char *root;
	char target[CGROUP_TEXT_MAX], self[CGROUP_TEXT_MAX];
};

/* Within a container that has no cgroup namespace the path is the host's, but what is mounted is our own cgroup: then
 * what follows our own path is the path below the mount. */
static void
set_directory(struct cgroup_place *place, const char *mount, const char *path, const char *self_path)
{
	size_t self_length = strlen(self_path);

	if (strcmp(path, "/") == 0)
		path = "";
	place->mount_length = strlen(mount);
	snprintf(place->directory, sizeof(place->directory), "%s%s", mount, path);
	if (access(place->directory, R_OK) == 0)
		return;
	if (strncmp(path, self_path, self_length) == 0 && (path[self_length] == '/' || path[self_length] == '\0'))
		snprintf(place->directory, sizeof(place->directory), "%s%s", mount, path + self_length);
	if (access(place->directory, R_OK) != 0)
		place->directory[0] = '\0';
}

static bool
find_mount(const char *root, const char *controllers, const char *controller, char *mount, size_t size)
{
	const char *const names[] = {controllers, controller};

	for (size_t i = 0; i < 2; i++) {
		snprintf(mount, size, "%s/sys/fs/cgroup/%s", root, names[i]);
		if (access(mount, R_OK) == 0)
			return true;
	}
	return false;
}

static bool
find_mount_v2(const char *root, char *mount, size_t size)
{
	char marker[CGROUP_PATH_MAX];
	static const char *const names[] = {"", "/unified"};

	for (size_t i = 0; i < 2; i++) {
		snprintf(mount, size, "%s/sys/fs/cgroup%s", root, names[i]);
		snprintf(marker, sizeof(marker), "%s/sys/fs/cgroup%s/cgroup.controllers", root, names[i]);
		if (access(marker, R_OK) == 0)
			return true;
	}
	return false;
}

static void
find_place(struct cgroup_place *place, const struct cgroup_texts *texts, const char *controller)
{
	char controllers[128], path[512], mount[256], self_path[512] = "", ignored[512];

	*place = (struct cgroup_place){0};
	place->is_v2 = !find_line(texts->target, controller, controllers, path, sizeof(controllers));
	if (place->is_v2) {
		if (!find_line(texts->target, "", ignored, path, sizeof(path)) ||
			!find_mount_v2(texts->root, mount, sizeof(mount)))
			return;
	} else if (!find_mount(texts->root, controllers, controller, mount, sizeof(mount)))
		return;
	find_line(texts->self, place->is_v2 ? "" : controller, ignored, self_path, sizeof(self_path));
	place->is_own = strcmp(path, "/") != 0 && strcmp(path, self_path) != 0;
	set_directory(place, mount, path, self_path);
}

void
cgroup_limits_find(struct cgroup_limits *limits, const char *root, long pid)
{
	char path[CGROUP_PATH_MAX];
	struct cgroup_texts texts = {.root = root};

	*limits = (struct cgroup_limits){0};
	snprintf(path, sizeof(path), "%s/proc/%ld/cgroup", root, pid);
	if (file_read_small(path, texts.target, sizeof(texts.target)) <= 0)
		return;
	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	if (file_read_small(path, texts.self, sizeof(texts.self)) <= 0)
		texts.self[0] = '\0';
	find_place(&limits->cpu, &texts, "cpu");
	find_place(&limits->memory, &texts, "memory");
}

/* The smallest value from the cgroup up to the root of its hierarchy: each ancestor's limit holds too. */
static double
smallest_upwards(const struct cgroup_place *place, double (*read)(const char *directory, bool is_v2))
{
	char directory[CGROUP_PATH_MAX];
	double smallest = INFINITY;

	if (place->directory[0] == '\0')
		return INFINITY;
	snprintf(directory, sizeof(directory), "%s", place->directory);
	for (;;) {
		double value = read(directory, place->is_v2);

		if (value < smallest) /* not for NAN */
			smallest = value;
		char *slash = strrchr(directory, '/');

		if (slash == NULL || strlen(directory) <= place->mount_length)
			return smallest;
		*slash = '\0';
	}
}

static double
read_quota(const char *directory, bool is_v2)
{
	double quota_us, period_us;

	if (is_v2) {
		char text[64];

		if (read_file(directory, "cpu.max", text, sizeof(text)) <= 0 ||
			sscanf(text, "%lf %lf", &quota_us, &period_us) != 2)
			return INFINITY; /* "max 100000" */
	} else {
		quota_us = read_number(directory, "cpu.cfs_quota_us");
		period_us = read_number(directory, "cpu.cfs_period_us");
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
	double limit = read_number(directory, is_v2 ? "memory.max" : "memory.limit_in_bytes");

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
	double usage = read_number(place->directory, place->is_v2 ? "memory.current" : "memory.usage_in_bytes");
	double cache =
		read_keyed(place->directory, "memory.stat", place->is_v2 ? "inactive_file" : "total_inactive_file");

	if (isnan(usage) || isnan(cache))
		return usage;
	/* The two files are read at two moments: the difference may slip below nothing, which is nothing. */
	return fmax(usage - cache, 0);
}

double
cgroup_oom_kills(const struct cgroup_limits *limits)
{
	const struct cgroup_place *place = &limits->memory;

	if (!place->is_own || place->directory[0] == '\0')
		return NAN;
	return read_keyed(place->directory, place->is_v2 ? "memory.events" : "memory.oom_control", "oom_kill");
}
