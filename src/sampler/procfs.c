#include "sampler/procfs.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"

static int64_t
ticks_to_ns(uint64_t ticks)
{
	return (int64_t)(ticks * (uint64_t)(NS_PER_S / sysconf(_SC_CLK_TCK)));
}

/* proc(5), stat: the name stands in parentheses and may itself hold some, so the last ")" ends it. */
bool
procfs_parse_stat(const char *text, struct proc_stat *stat)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	uint64_t user, system, children_user, children_system;

	if (open == NULL || close == NULL || close < open || sscanf(text, "%ld", &stat->pid) != 1)
		return false;
	int length = (int)(close - open - 1);

	snprintf(stat->comm, sizeof(stat->comm), "%.*s", length, open + 1);
	if (sscanf(close + 1,
		    " %c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		    " %*d %*d %ld %*d %" SCNu64,
		    &stat->state, &stat->parent, &user, &system, &children_user, &children_system, &stat->threads,
		    &stat->start_ticks) != 8)
		return false;
	stat->run_ns = ticks_to_ns(user + system);
	stat->children_ns = ticks_to_ns(children_user + children_system);
	return true;
}

bool
procfs_read_stat(const char *root, long pid, struct proc_stat *stat)
{
	char path[PROCFS_PATH_MAX], text[PROCFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/proc/%ld/stat", root, pid);
	return file_read_small(path, text, sizeof(text)) > 0 && procfs_parse_stat(text, stat);
}

bool
procfs_stat_is_dead(const struct proc_stat *stat)
{
	return stat->state == 'Z' || stat->state == 'X' || stat->state == 'x';
}

/* "Name:\t  123 kB" at the start of a line. */
static double
find_kib_bytes(const char *text, const char *name)
{
	char wanted[32];
	double kib;

	snprintf(wanted, sizeof(wanted), "\n%s:", name);
	const char *line = strstr(text, wanted);

	return line != NULL && sscanf(line + strlen(wanted), " %lf", &kib) == 1 ? kib * 1024 : 0;
}

/* "ff,ffffffff": hexadecimal words, the highest CPUs first. */
static void
parse_cpus(const char *mask, cpu_set_t *cpus)
{
	size_t length = strspn(mask, "0123456789abcdefABCDEF,");
	int cpu = 0;

	CPU_ZERO(cpus);
	for (size_t i = length; i-- > 0 && cpu + 4 <= CPU_SETSIZE;) {
		if (mask[i] == ',')
			continue;
		char digit[2] = {mask[i], '\0'};
		unsigned long bits = strtoul(digit, NULL, 16);

		for (int bit = 0; bit < 4; bit++, cpu++)
			if (bits >> bit & 1)
				CPU_SET(cpu, cpus);
	}
}

bool
procfs_read_status(const char *root, long pid, struct proc_status *status)
{
	char path[PROCFS_PATH_MAX], text[PROCFS_TEXT_MAX];

	snprintf(path, sizeof(path), "%s/proc/%ld/status", root, pid);
	if (file_read_small(path, text, sizeof(text)) <= 0)
		return false;
	status->anon_bytes = find_kib_bytes(text, "RssAnon");
	status->shmem_bytes = find_kib_bytes(text, "RssShmem");
	const char *mask = strstr(text, "\nCpus_allowed:");

	CPU_ZERO(&status->cpus);
	if (mask != NULL)
		parse_cpus(mask + strlen("\nCpus_allowed:") + strspn(mask + strlen("\nCpus_allowed:"), " \t"),
			&status->cpus);
	return true;
}

bool
procfs_read_schedstat(const char *root, long pid, long tid, int64_t *run_ns, int64_t *wait_ns)
{
	char path[PROCFS_PATH_MAX], text[128];
	int64_t slices;

	snprintf(path, sizeof(path), "%s/proc/%ld/task/%ld/schedstat", root, pid, tid);
	if (file_read_small(path, text, sizeof(text)) <= 0)
		return false;
	/* A kernel that does not count prints zeros, and a thread that never ran has used nothing either. */
	return sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, run_ns, wait_ns, &slices) == 3 && slices > 0;
}

bool
procfs_read_thread_run(const char *root, long pid, long tid, int64_t *run_ns)
{
	char path[PROCFS_PATH_MAX], text[PROCFS_TEXT_MAX];
	struct proc_stat stat;

	snprintf(path, sizeof(path), "%s/proc/%ld/task/%ld/stat", root, pid, tid);
	if (file_read_small(path, text, sizeof(text)) <= 0 || !procfs_parse_stat(text, &stat))
		return false;
	*run_ns = stat.run_ns;
	return true;
}

double
procfs_read_fds_limit(const char *root, long pid)
{
	char path[PROCFS_PATH_MAX], text[PROCFS_TEXT_MAX];
	double limit;

	snprintf(path, sizeof(path), "%s/proc/%ld/limits", root, pid);
	if (file_read_small(path, text, sizeof(text)) <= 0)
		return NAN;
	const char *line = strstr(text, "\nMax open files");

	if (line == NULL)
		return NAN;
	line += strlen("\nMax open files");
	line += strspn(line, " ");
	if (strncmp(line, "unlimited", strlen("unlimited")) == 0)
		return INFINITY;
	return sscanf(line, "%lf", &limit) == 1 ? limit : NAN;
}

static bool
count_one(long number, void *context)
{
	(void)number;
	(*(double *)context)++;
	return true;
}

/* Since Linux 6.2 the size of the directory is the answer; older kernels want it counted. */
double
procfs_count_fds(const char *root, long pid)
{
	char path[PROCFS_PATH_MAX], directory[64];
	struct stat status;
	double n = 0;

	snprintf(directory, sizeof(directory), "/proc/%ld/fd", pid);
	snprintf(path, sizeof(path), "%s%s", root, directory);
	if (access(path, R_OK | X_OK) != 0)
		return NAN;
	if (*root == '\0' && stat(path, &status) == 0 && status.st_size > 0)
		return (double)status.st_size;
	procfs_each_number(root, directory, count_one, &n);
	return n;
}

double
procfs_read_memory_total(const char *root)
{
	char path[PROCFS_PATH_MAX], text[PROCFS_TEXT_MAX];

	text[0] = '\n';
	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	if (file_read_small(path, text + 1, sizeof(text) - 1) <= 0)
		return NAN;
	double bytes = find_kib_bytes(text, "MemTotal");

	return bytes > 0 ? bytes : NAN;
}

void
procfs_each_number(const char *root, const char *directory, bool (*each)(long number, void *context), void *context)
{
	char path[PROCFS_PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, directory);
	DIR *entries = opendir(path);

	if (entries == NULL)
		return;
	for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
		if (isdigit((unsigned char)entry->d_name[0]) && !each(strtol(entry->d_name, NULL, 10), context))
			break;
	closedir(entries);
}
