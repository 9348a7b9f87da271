#include "sampler/proc_find.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "sampler/cgroup_watch.h"
#include "sampler/listen_port.h"
#include "sampler/procfs.h"

/* TASK_COMM_LEN − 1: the kernel keeps no more of a name. */
#define COMM_LENGTH 15

struct scan {
	const char *root;
	struct proc_roots *roots;
	const char *name;
	const uint64_t *inodes;
	size_t inodes_n;
	long pid; /* whose descriptors are being read */
	bool is_match;
};

static bool
is_alive(const char *root, long pid)
{
	struct proc_stat stat;

	return procfs_read_stat(root, pid, &stat) && !procfs_stat_is_dead(&stat);
}

static bool
contains(const struct proc_roots *roots, long pid)
{
	for (size_t i = 0; i < roots->n; i++)
		if (roots->pids[i] == pid)
			return true;
	return false;
}

/* Drops those whose parent is one of them too. */
static void
keep_topmost(struct proc_roots *roots, const char *root)
{
	struct proc_roots all = *roots;

	roots->n = 0;
	for (size_t i = 0; i < all.n; i++) {
		struct proc_stat stat;

		if (procfs_read_stat(root, all.pids[i], &stat) && !contains(&all, stat.parent))
			roots->pids[roots->n++] = all.pids[i];
	}
}

static bool
find_by_pid(long pid, const char *root, struct proc_roots *roots, struct error *err)
{
	if (!is_alive(root, pid))
		return error_set(err, "no process has the pid %ld", pid);
	roots->pids[roots->n++] = pid;
	return true;
}

static bool
find_by_pid_file(const char *path, const char *root, struct proc_roots *roots, struct error *err)
{
	char text[64], *end;

	if (file_read_small(path, text, sizeof(text)) < 0)
		return error_set(err, "the pid file '%s' cannot be read: %s", path, strerror(errno));
	long pid = strtol(text, &end, 10);

	if (pid <= 0 || end[strspn(end, " \t\r\n")] != '\0')
		return error_set(err, "the pid file '%s' holds no pid", path);
	if (!is_alive(root, pid))
		return error_set(err, "the pid file '%s' names %ld, but no process has that pid", path, pid);
	roots->pids[roots->n++] = pid;
	return true;
}

static bool
match_name(long pid, void *context)
{
	struct scan *scan = context;
	struct proc_stat stat;

	if (pid != getpid() && procfs_read_stat(scan->root, pid, &stat) && !procfs_stat_is_dead(&stat) &&
		strncmp(stat.comm, scan->name, COMM_LENGTH) == 0)
		scan->roots->pids[scan->roots->n++] = pid;
	return scan->roots->n < PROC_ROOTS_MAX;
}

static bool
find_by_name(const char *name, const char *root, struct proc_roots *roots, struct error *err)
{
	struct scan scan = {.root = root, .roots = roots, .name = name};

	procfs_each_number(root, "/proc", match_name, &scan);
	keep_topmost(roots, root);
	return roots->n > 0 || error_set(err, "no process is named '%s'", name);
}

static bool
match_descriptor(long fd, void *context)
{
	struct scan *scan = context;
	char path[PROCFS_PATH_MAX], link[64];
	uint64_t inode;

	snprintf(path, sizeof(path), "%s/proc/%ld/fd/%ld", scan->root, scan->pid, fd);
	ssize_t length = readlink(path, link, sizeof(link) - 1);

	if (length <= 0)
		return true;
	link[length] = '\0';
	if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1)
		return true;
	for (size_t i = 0; i < scan->inodes_n; i++)
		scan->is_match = scan->is_match || scan->inodes[i] == inode;
	return !scan->is_match;
}

static bool
match_holder(long pid, void *context)
{
	struct scan *scan = context;
	char directory[64];

	scan->pid = pid;
	scan->is_match = false;
	snprintf(directory, sizeof(directory), "/proc/%ld/fd", pid);
	procfs_each_number(scan->root, directory, match_descriptor, scan);
	if (scan->is_match)
		scan->roots->pids[scan->roots->n++] = pid;
	return scan->roots->n < PROC_ROOTS_MAX;
}

static bool
find_by_port(uint16_t port, const char *root, struct proc_roots *roots, struct error *err)
{
	uint64_t inodes[LISTEN_PORT_INODES_MAX];
	int n = listen_port_inodes(port, inodes, LISTEN_PORT_INODES_MAX);

	if (n < 0)
		return error_set(err,
			"the kernel does not say who listens on port %u (sock_diag); watch a pid, pid_file or "
			"process instead",
			port);
	if (n == 0)
		return error_set(err, "no process listens on port %u", port);
	struct scan scan = {.root = root, .roots = roots, .inodes = inodes, .inodes_n = (size_t)n};

	procfs_each_number(root, "/proc", match_holder, &scan);
	keep_topmost(roots, root);
	return roots->n > 0 ||
	       error_set(err,
		       "port %u is listened on, but by a process that this user may not look into; run as "
		       "the server's user or as root",
		       port);
}

static bool
find_by_cgroup(const struct plan_watch *watch, const char *root, struct proc_roots *roots, struct error *err)
{
	if (!cgroup_watch_find(watch, root, roots, err))
		return false;
	keep_topmost(roots, root);
	return roots->n > 0 || error_set(err, "the last process of '%s' has just ended", roots->cgroup);
}

bool
proc_find(const struct sampler_config *config, const char *root, struct proc_roots *roots, struct error *err)
{
	const struct plan_watch *watch = config->watch;

	roots->n = 0;
	roots->cgroup[0] = '\0';
	if (config->pid != 0)
		return find_by_pid(config->pid, root, roots, err);
	if (watch != NULL && watch->pid != 0)
		return find_by_pid((long)watch->pid, root, roots, err);
	if (watch != NULL && watch->pid_file != NULL)
		return find_by_pid_file(watch->pid_file, root, roots, err);
	if (watch != NULL && watch->process != NULL)
		return find_by_name(watch->process, root, roots, err);
	if (watch != NULL && watch->port != 0)
		return find_by_port((uint16_t)watch->port, root, roots, err);
	if (watch != NULL && cgroup_watch_is_meant(watch))
		return find_by_cgroup(watch, root, roots, err);
	return error_set(err, "nothing to watch: name a port, pid, pid_file, process, cgroup, unit or container");
}
