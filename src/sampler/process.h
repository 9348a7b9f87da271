#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One process over time: looked at again and again, it knows what happened since the last look. Figures never run
 * backwards, and a process that ends between two looks just stops counting. */
#define PROCESS_THREADS_MAX 4096

struct thread_times {
	long tid;
	int64_t run_ns, wait_ns; /* cumulative */
};

struct process {
	long pid, parent;
	uint64_t start_ticks;
	bool is_dead;                         /* a zombie: its times still count, it does not */
	int64_t run_ns;                       /* cumulative, without children */
	int64_t children_ns, children_now_ns; /* cumulative, of those waited for: as taken, and as of the last look */
	int64_t counted_children_ns; /* of them, what was counted while they lived: see process_take_children_ns */
	struct thread_times *threads;
	size_t threads_n;
	/* Since the last look; 0 in the first one: */
	int64_t run_delta_ns, busiest_delta_ns;    /* busiest: of its busiest thread */
	int64_t wait_delta_ns, main_wait_delta_ns; /* of the thread that waited longest, of its first thread */
	bool has_wait;
	bool was_seen;
	/* Now: */
	double anon_bytes, shmem_bytes, fds, fds_limit;
	long threads_now;
	cpu_set_t cpus;
};

void process_init(struct process *process, long pid, uint64_t start_ticks);
void process_fini(struct process *process);

/* false: it is gone (or its pid now belongs to another). */
bool process_look(struct process *process, const char *root);

/* A child that was looked at is gone. */
void process_add_counted_child(struct process *parent, const struct process *child);
/* Time of children that lived and died between two looks (a server that forks per request), since this was last asked.
 */
int64_t process_take_children_ns(struct process *process);
