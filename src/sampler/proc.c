#include "sampler/proc.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/units.h"
#include "sampler/cgroup_meter.h"
#include "sampler/cgroup_watch.h"
#include "sampler/nvml.h"
#include "sampler/power.h"
#include "sampler/proc_tree.h"
#include "sampler/procfs.h"
#include "sampler/stolen.h"

/* How often /proc is gone through for new children: some 10 µs per process of the machine. */
#define CHILDREN_EVERY_NS NS_PER_S

struct proc_sampler {
	struct sampler base;
	struct sampler_config config;
	const char *root;
	const struct clock *clock;
	struct proc_tree tree;
	struct cgroup_limits limits;
	struct cgroup_meter meter;
	struct power_meter power;
	struct stolen stolen;
	double memory_total_bytes;
	int64_t looked_ns, searched_ns; /* by our own clock: what rates are divided by; looked −1: no look yet */
	bool is_gone;                   /* and reported so */
	bool has_lost;                  /* some process ended since the last search */
};

static bool
attach(struct proc_sampler *s, struct error *err)
{
	struct proc_roots roots;

	if (!proc_find(&s->config, s->root, &roots, err))
		return false;
	proc_tree_clear(&s->tree);
	proc_tree_add_roots(&s->tree, &roots);
	proc_tree_find_children(&s->tree);
	cgroup_limits_find(&s->limits, s->root, roots.pids[0], roots.cgroup);
	cgroup_meter_init(&s->meter);
	stolen_init(&s->stolen);
	s->searched_ns = clock_now_ns(s->clock);
	s->looked_ns = -1;
	return true;
}

struct sampler *
proc_open_at(const struct sampler_config *config, const char *root, const struct clock *clock, struct error *err)
{
	struct proc_sampler *s = must_alloc(sizeof(*s));

	s->base.ops = &proc_sampler;
	s->config = *config;
	s->root = root;
	s->clock = clock;
	s->memory_total_bytes = procfs_read_memory_total(root);
	proc_tree_init(&s->tree, root);
	if (attach(s, err)) {
		bool with_gpu = config->watch != NULL && config->watch->gpu;

		power_meter_open(&s->power, root, with_gpu ? NVML_LIBRARY : NULL);
		return &s->base;
	}
	proc_tree_fini(&s->tree);
	free(s);
	return NULL;
}

static struct sampler *
proc_open(const struct sampler_config *config, struct error *err)
{
	return proc_open_at(config, "", &monotonic_clock, err);
}

static cpu_set_t
allowed_cpus(const struct proc_tree *tree)
{
	cpu_set_t all;

	CPU_ZERO(&all);
	for (size_t i = 0; i < tree->n; i++)
		if (!tree->processes[i].is_dead)
			CPU_OR(&all, &all, &tree->processes[i].cpus);
	return all;
}

/* dt ≤ 0: the first look, when nothing is known yet but the amounts of now. */
static void
fill_cpu(struct proc_sampler *s, int64_t dt_ns, double *values)
{
	cpu_set_t cpus = allowed_cpus(&s->tree);
	int64_t run_ns = proc_tree_take_run_ns(&s->tree), busiest_ns = 0, wait_ns = 0;
	bool has_wait = false;

	if (CPU_COUNT(&cpus) > 0)
		values[GAUGE_CPU_ALLOWED] = fmin(CPU_COUNT(&cpus), cgroup_cpu_quota(&s->limits));
	values[GAUGE_STOLEN] = stolen_look(&s->stolen, s->root, &cpus, dt_ns);
	if (dt_ns <= 0)
		return;
	for (size_t i = 0; i < s->tree.n; i++) {
		const struct process *p = &s->tree.processes[i];

		busiest_ns = p->busiest_delta_ns > busiest_ns ? p->busiest_delta_ns : busiest_ns;
		wait_ns = p->wait_delta_ns > wait_ns ? p->wait_delta_ns : wait_ns;
		has_wait = has_wait || p->has_wait;
	}
	/* Shares may pass 1 by the time between the look at the clock and that at the thread; more than all there is
	 * not. */
	values[GAUGE_CPU_CORES] = (double)run_ns / (double)dt_ns;
	values[GAUGE_CPU_THREAD] = fmin((double)busiest_ns / (double)dt_ns, 1);
	values[GAUGE_CPU] =
		fmin(fmax(values[GAUGE_CPU_CORES] / values[GAUGE_CPU_ALLOWED], values[GAUGE_CPU_THREAD]), 1);
	if (has_wait)
		values[GAUGE_RUN_WAIT] = fmin((double)wait_ns / (double)dt_ns, 1);
}

/* Shared pages are one and the same in every process that maps them, so that the largest share stands for all. */
static double
resident_bytes(const struct proc_tree *tree)
{
	double anon = 0, shmem = 0;

	for (size_t i = 0; i < tree->n; i++) {
		anon += tree->processes[i].anon_bytes;
		shmem = fmax(shmem, tree->processes[i].shmem_bytes);
	}
	return anon + shmem;
}

static void
fill_memory(const struct proc_sampler *s, double *values)
{
	double cgroup_bytes = cgroup_memory_bytes(&s->limits), limit = cgroup_memory_limit(&s->limits);

	values[GAUGE_MEMORY] = isnan(cgroup_bytes) ? resident_bytes(&s->tree) : cgroup_bytes;
	values[GAUGE_MEMORY_LIMIT] = fmin(limit, s->memory_total_bytes); /* whichever is known, if one is NAN */
}

/* The process that is nearest to its limit is the one that will run out: its two figures, not sums. */
static void
fill_counts(const struct proc_tree *tree, double *values)
{
	double threads = 0, nearest = -1;

	for (size_t i = 0; i < tree->n; i++) {
		const struct process *p = &tree->processes[i];

		if (p->is_dead)
			continue;
		threads += (double)p->threads_now;
		if (p->fds / p->fds_limit > nearest) {
			nearest = p->fds / p->fds_limit;
			values[GAUGE_FDS] = p->fds;
			values[GAUGE_FDS_LIMIT] = p->fds_limit;
		}
	}
	values[GAUGE_THREADS] = threads;
}

/* A pid names one process for ever; a port, pid file or name may come back as another. */
static bool
may_return(const struct proc_sampler *s)
{
	return s->config.pid == 0 && s->config.watch->pid == 0;
}

static bool
roots_by_cgroup(const struct proc_sampler *s)
{
	return s->config.pid == 0 && cgroup_watch_is_meant(s->config.watch);
}

/* A supervisor may restart a target between two looks: that it was gone is reported all the same, once. */
static bool
look_for_return(struct proc_sampler *s)
{
	struct error ignored = {0};

	if (!s->is_gone || !may_return(s) || !attach(s, &ignored)) {
		s->is_gone = true;
		return false;
	}
	proc_tree_look(&s->tree);
	s->is_gone = proc_tree_live(&s->tree) == 0;
	return !s->is_gone;
}

/* New children; where some process ended, perhaps a new root beside those that live on. A cgroup may be entered at any
 * time. */
static void
search(struct proc_sampler *s)
{
	struct proc_roots roots;
	struct error ignored = {0};
	size_t before = s->tree.n;

	bool may_be_new = s->has_lost || roots_by_cgroup(s);

	if (may_be_new && may_return(s) && proc_find(&s->config, s->root, &roots, &ignored))
		proc_tree_add_roots(&s->tree, &roots);
	proc_tree_find_children(&s->tree);
	s->has_lost = false;
	for (size_t i = before; i < s->tree.n; i++)
		process_look(&s->tree.processes[i], s->root);
}

static bool
look(struct proc_sampler *s, int64_t now_ns)
{
	s->has_lost = proc_tree_look(&s->tree) || s->has_lost;
	if (proc_tree_live(&s->tree) == 0)
		return look_for_return(s);
	if (now_ns - s->searched_ns >= CHILDREN_EVERY_NS) {
		s->searched_ns = now_ns;
		search(s);
	}
	return true;
}

static bool
proc_read(struct sampler *sampler, struct reading *reading)
{
	struct proc_sampler *s = container_of(sampler, struct proc_sampler, base);
	int64_t now_ns = clock_now_ns(s->clock);
	bool is_there = look(s, now_ns);

	for (int i = 0; i < GAUGE_COUNT; i++)
		reading->values[i] = NAN;
	reading->values[GAUGE_PROCESSES] = (double)proc_tree_live(&s->tree);
	reading->values[GAUGE_OOM_KILLS] = cgroup_oom_kills(&s->limits); /* also of one that is gone */
	power_meter_look(&s->power, now_ns, reading->values);            /* the machine's: also without it */
	if (!is_there)
		return false;
	fill_cpu(s, s->looked_ns < 0 ? 0 : now_ns - s->looked_ns, reading->values);
	fill_memory(s, reading->values);
	fill_counts(&s->tree, reading->values);
	cgroup_meter_look(&s->meter, &s->limits, NULL, now_ns, reading->values);
	s->looked_ns = now_ns;
	return true;
}

static bool
proc_shares_our_only_cpu(struct sampler *sampler)
{
	struct proc_sampler *s = container_of(sampler, struct proc_sampler, base);
	cpu_set_t ours, theirs, both;

	if (sched_getaffinity(0, sizeof(ours), &ours) != 0 || CPU_COUNT(&ours) != 1)
		return false;
	proc_tree_look(&s->tree);
	theirs = allowed_cpus(&s->tree);
	CPU_AND(&both, &ours, &theirs);
	return CPU_COUNT(&theirs) > 0 && CPU_EQUAL(&both, &theirs);
}

static void
proc_close(struct sampler *sampler)
{
	struct proc_sampler *s = container_of(sampler, struct proc_sampler, base);

	power_meter_close(&s->power);
	proc_tree_fini(&s->tree);
	free(s);
}

const struct sampler_ops proc_sampler = {
	.name = "proc",
	.help = "a process with its children, from /proc and its cgroup",
	.open = proc_open,
	.read = proc_read,
	.shares_our_only_cpu = proc_shares_our_only_cpu,
	.close = proc_close,
};
