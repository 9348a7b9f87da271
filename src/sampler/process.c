#include "sampler/process.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "base/units.h"
#include "sampler/procfs.h"

void
process_init(struct process *process, long pid, uint64_t start_ticks)
{
	*process = (struct process){.pid = pid, .start_ticks = start_ticks, .fds = NAN, .fds_limit = NAN};
}

void
process_fini(struct process *process)
{
	free(process->threads);
	process->threads = NULL;
}

/* The process's CPU clock counts in ns what /proc counts in ticks of 10 ms, threads that ended included: at a reading
 * every 100 ms ticks alone would be off by 10%. Fixtures have no clock. */
static int64_t
run_now_ns(const char *root, const struct proc_stat *stat)
{
	clockid_t clock;
	struct timespec now;

	if (*root != '\0' || clock_getcpuclockid((pid_t)stat->pid, &clock) != 0 || clock_gettime(clock, &now) != 0)
		return stat->run_ns;
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t
grown(int64_t now, int64_t before)
{
	return now > before ? now - before : 0;
}

/* The kernel lists threads in the order they were made, so the old place is mostly the new one. */
static const struct thread_times *
thread_before(const struct process *process, long tid, size_t place)
{
	for (size_t i = 0; i < process->threads_n; i++) {
		const struct thread_times *t = &process->threads[(place + i) % process->threads_n];

		if (t->tid == tid)
			return t;
	}
	return NULL;
}

struct threads_look {
	const char *root;
	struct process *process;
	struct thread_times *now;
	size_t n, room;
};

static bool
look_at_thread(long tid, void *context)
{
	struct threads_look *look = context;
	struct process *p = look->process;
	struct thread_times now = {.tid = tid};

	if (procfs_read_schedstat(look->root, p->pid, tid, &now.run_ns, &now.wait_ns))
		p->has_wait = true;
	else if (!procfs_read_thread_run(look->root, p->pid, tid, &now.run_ns))
		return true;
	const struct thread_times *before = p->was_seen ? thread_before(p, tid, look->n) : &now;
	int64_t run_ns = grown(now.run_ns, before != NULL ? before->run_ns : 0);
	int64_t wait_ns = grown(now.wait_ns, before != NULL ? before->wait_ns : 0);

	if (run_ns > p->busiest_delta_ns)
		p->busiest_delta_ns = run_ns;
	if (wait_ns > p->wait_delta_ns)
		p->wait_delta_ns = wait_ns;
	if (tid == p->pid)
		p->main_wait_delta_ns = wait_ns;
	look->now[look->n++] = now;
	return look->n < look->room;
}

static void
look_at_threads(struct process *process, const char *root)
{
	char directory[64];
	size_t room = (size_t)process->threads_now + 16; /* those that start while we look */
	struct threads_look look = {.root = root, .process = process};

	look.room = room < PROCESS_THREADS_MAX ? room : PROCESS_THREADS_MAX;
	look.now = must_calloc(look.room, sizeof(*look.now));
	process->busiest_delta_ns = process->wait_delta_ns = process->main_wait_delta_ns = 0;
	process->has_wait = false;
	snprintf(directory, sizeof(directory), "/proc/%ld/task", process->pid);
	procfs_each_number(root, directory, look_at_thread, &look);
	free(process->threads);
	process->threads = look.now;
	process->threads_n = look.n;
}

bool
process_look(struct process *process, const char *root)
{
	struct proc_stat stat;
	struct proc_status status;

	if (!procfs_read_stat(root, process->pid, &stat) || stat.start_ticks != process->start_ticks)
		return false;
	int64_t run_ns = run_now_ns(root, &stat);

	process->parent = stat.parent;
	process->is_dead = procfs_stat_is_dead(&stat);
	process->run_delta_ns = process->was_seen ? grown(run_ns, process->run_ns) : 0;
	process->run_ns = run_ns > process->run_ns ? run_ns : process->run_ns;
	process->children_now_ns = stat.children_ns;
	if (!process->was_seen)
		process->children_ns = stat.children_ns;
	process->threads_now = stat.threads > 0 ? stat.threads : 0;
	if (!procfs_read_status(root, process->pid, &status))
		return false;
	process->anon_bytes = status.anon_bytes;
	process->shmem_bytes = status.shmem_bytes;
	process->cpus = status.cpus;
	look_at_threads(process, root);
	process->was_seen = true;
	if (!process->is_dead) {
		process->fds = procfs_count_fds(root, process->pid);
		process->fds_limit = procfs_read_fds_limit(root, process->pid);
	}
	return true;
}

/* A child that died between two looks was counted while it lived; its parent reports the whole of it once more when it
 * waits, perhaps only in a later look. What was counted is taken off exactly once. */
void
process_add_counted_child(struct process *parent, const struct process *child)
{
	parent->counted_children_ns += child->run_ns + child->children_ns;
}

int64_t
process_take_children_ns(struct process *process)
{
	int64_t reported_ns = grown(process->children_now_ns, process->children_ns);
	int64_t counted_ns = reported_ns < process->counted_children_ns ? reported_ns : process->counted_children_ns;

	process->counted_children_ns -= counted_ns;
	process->children_ns += reported_ns;
	return reported_ns - counted_ns;
}
