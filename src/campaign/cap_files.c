#include "campaign/cap_files.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define PERIOD_US 100000 /* the kernel's own default */

static bool
write_text(const char *path, const char *text, struct error *err)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t length = (ssize_t)strlen(text);
	bool is_written = fd >= 0 && write(fd, text, (size_t)length) == length;
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return is_written || error_set(err, "cannot write '%s' into %.200s: %s", text, path, strerror(error));
}

/* Of a whole file of one line. */
static bool
read_line(const char *path, char *into, size_t size, struct error *err)
{
	if (file_read_small(path, into, size) <= 0)
		return error_set(err, "cannot read %.200s", path);
	into[strcspn(into, "\n")] = '\0';
	return into[0] != '\0' || error_set(err, "%.200s is empty", path);
}

/* path is set; the text goes into it. */
static bool
change(struct cap_file *file, const char *text, struct error *err)
{
	char before[sizeof(file->before)];

	if (!read_line(file->path, before, sizeof(before), err) || !write_text(file->path, text, err))
		return false;
	memcpy(file->before, before, sizeof(before));
	return true;
}

static bool
check_place(const struct cgroup_place *place, const char *what, struct error *err)
{
	if (place->directory[0] == '\0')
		return error_set(err, "the target's cgroup cannot be seen, so that its %s cannot be capped", what);
	if (place->holds_us)
		return error_set(err,
			"brunt itself is in the target's cgroup, and would be capped with it; start one of them elsewhere");
	return place->is_own ||
	       error_set(err, "the target is in no cgroup of its own, so that its %s cannot be capped", what);
}

static bool
set_memory(struct cap_file *file, uint64_t bytes, const struct cgroup_place *place, struct error *err)
{
	char text[32];

	snprintf(file->path, sizeof(file->path), "%s/%s", place->directory,
		place->is_v2 ? "memory.max" : "memory.limit_in_bytes");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	return change(file, text, err);
}

/* v2 has the quota and its period in one line ("max 100000"), v1 in two files. */
static bool
set_cpu(struct cap_file *file, double cores, const struct cgroup_place *place, struct error *err)
{
	double period_us = PERIOD_US;
	char text[64];

	snprintf(file->path, sizeof(file->path), "%s/%s", place->directory,
		place->is_v2 ? "cpu.max" : "cpu.cfs_quota_us");
	if (!place->is_v2)
		period_us = cgroup_read_number(place->directory, "cpu.cfs_period_us");
	else if (read_line(file->path, text, sizeof(text), err) && sscanf(text, "%*s %lf", &period_us) != 1)
		period_us = PERIOD_US;
	if (!(period_us > 0))
		period_us = PERIOD_US;
	snprintf(text, sizeof(text), place->is_v2 ? "%.0f %.0f" : "%.0f", round(cores * period_us), period_us);
	return change(file, text, err);
}

bool
cap_files_set(
	struct cap_files *files, const struct plan_cap *cap, const struct cgroup_limits *places, struct error *err)
{
	struct error ignored = {0};
	bool has_memory = cap->memory_bytes > 0, has_cpu = cap->cpu > 0;

	*files = (struct cap_files){0};
	if ((has_memory && !check_place(&places->memory, "memory", err)) ||
		(has_cpu && !check_place(&places->cpu, "CPU", err)))
		return false;
	if ((!has_memory || set_memory(&files->memory, cap->memory_bytes, &places->memory, err)) &&
		(!has_cpu || set_cpu(&files->cpu, cap->cpu, &places->cpu, err)))
		return true;
	cap_files_restore(files, &ignored); /* why it could not be set says more */
	return false;
}

static bool
restore(struct cap_file *file, struct error *err)
{
	struct error ignored = {0};

	if (file->before[0] == '\0')
		return true;
	bool is_gone = access(file->path, F_OK) != 0 && errno == ENOENT;
	bool is_restored = is_gone || write_text(file->path, file->before, error_is_set(err) ? &ignored : err);

	file->before[0] = '\0';
	return is_restored;
}

bool
cap_files_restore(struct cap_files *files, struct error *err)
{
	bool is_cpu_free = restore(&files->cpu, err);

	return restore(&files->memory, err) && is_cpu_free;
}
