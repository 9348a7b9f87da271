#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The texts of /proc as values. `root` goes in front of every path: "" for the kernel's own, a directory of fixtures in
 * a test. Whatever vanished between two looks is `false`, never an error: processes come and go. */
#define PROCFS_PATH_MAX 512
#define PROCFS_TEXT_MAX 4096
#define PROCFS_COMM_MAX 64

struct proc_stat {
	long pid, parent;
	char comm[PROCFS_COMM_MAX]; /* may hold spaces and parentheses */
	char state;                 /* 'Z' and 'X' are dead */
	int64_t run_ns;             /* user and system time of its threads, those ended included; in ticks of 10 ms */
	int64_t children_ns;        /* of the children that it has waited for */
	long threads;
	uint64_t start_ticks; /* with the pid, names one process for ever */
};

bool procfs_parse_stat(const char *text, struct proc_stat *stat);
bool procfs_read_stat(const char *root, long pid, struct proc_stat *stat);
bool procfs_stat_is_dead(const struct proc_stat *stat);

struct proc_status {
	double anon_bytes, shmem_bytes; /* resident; 0 where the line is missing (a zombie's) */
	cpu_set_t cpus;                 /* that it may run on */
};

bool procfs_read_status(const char *root, long pid, struct proc_status *status);

/* Time on a CPU and time spent runnable but waiting for one. false: the kernel does not count them. */
bool procfs_read_schedstat(const char *root, long pid, long tid, int64_t *run_ns, int64_t *wait_ns);

/* The same time in ticks, for such a kernel. */
bool procfs_read_thread_run(const char *root, long pid, long tid, int64_t *run_ns);

/* Soft limit of open files; INFINITY: unlimited, NAN: cannot be read. */
double procfs_read_fds_limit(const char *root, long pid);
/* Open file descriptors; NAN: not ours to see. */
double procfs_count_fds(const char *root, long pid);
/* MemTotal; NAN: cannot be read. */
double procfs_read_memory_total(const char *root);

/* Calls `each` with every numeric name in `<root><directory>`; stops when it returns false. */
void procfs_each_number(
	const char *root, const char *directory, bool (*each)(long number, void *context), void *context);
