#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "sampler/cgroup_meter.h"
#include "sampler/own_ports.h"
#include "sampler/process.h"
#include "sampler/procfs.h"
#include "sampler/sampler.h"
#include "sampler/stolen.h"

/* brunt itself, without the children that it may have started: a target is none of our own use. */
struct self_sampler {
	struct sampler base;
	struct process process;
	struct cgroup_limits limits;
	struct cgroup_meter meter;
	struct own_tcp tcp;
	struct stolen stolen;
	double memory_total_bytes;
	double ports_limit;
	int64_t looked_ns; /* −1: no look yet */
};

static double
read_ports_limit(void)
{
	char text[64];
	unsigned low, high;

	if (file_read_small("/proc/sys/net/ipv4/ip_local_port_range", text, sizeof(text)) <= 0 ||
		sscanf(text, "%u %u", &low, &high) != 2 || high < low)
		return NAN;
	return (double)high - low + 1;
}

static struct sampler *
self_open(const struct sampler_config *config, struct error *err)
{
	struct proc_stat stat;

	if (!procfs_read_stat("", getpid(), &stat)) {
		error_set(err, "/proc/%ld/stat cannot be read: is /proc mounted?", (long)getpid());
		return NULL;
	}
	struct self_sampler *s = must_alloc(sizeof(*s));

	s->base.ops = &self_sampler;
	s->looked_ns = -1;
	s->memory_total_bytes = procfs_read_memory_total("");
	s->ports_limit = read_ports_limit() * (config->sources_n > 0 ? (double)config->sources_n : 1);
	cgroup_meter_init(&s->meter);
	own_tcp_init(&s->tcp);
	stolen_init(&s->stolen);
	process_init(&s->process, stat.pid, stat.start_ticks);
	cgroup_limits_find(&s->limits, "", stat.pid, "");
	return &s->base;
}

static void
fill_rates(const struct self_sampler *s, double dt_ns, double *values)
{
	const struct process *p = &s->process;

	values[GAUGE_CPU_CORES] = (double)p->run_delta_ns / dt_ns;
	values[GAUGE_CPU_THREAD] = fmin((double)p->busiest_delta_ns / dt_ns, 1);
	values[GAUGE_CPU] =
		fmin(fmax(values[GAUGE_CPU_CORES] / values[GAUGE_CPU_ALLOWED], values[GAUGE_CPU_THREAD]), 1);
	/* The loop runs on the first thread: only its waiting delays what it sends. */
	if (p->has_wait)
		values[GAUGE_RUN_WAIT] = fmin((double)p->main_wait_delta_ns / dt_ns, 1);
}

/* Between two looks at connections, what the last one said stands. */
static void
fill_connections(struct self_sampler *s, int64_t now_ns, double *values)
{
	bool is_due = own_tcp_is_due(&s->tcp, s->process.fds, now_ns);

	values[GAUGE_PORTS] = own_ports_count(s->process.fds, is_due ? &s->tcp : NULL);
	values[GAUGE_PORTS_LIMIT] = s->ports_limit;
	if (is_due)
		own_tcp_look(&s->tcp);
	values[GAUGE_TCP_RTT] = s->tcp.rtt_ns;
	values[GAUGE_TCP_RETRANSMITTED] = s->tcp.retransmitted;
}

static bool
self_read(struct sampler *sampler, struct reading *reading)
{
	struct self_sampler *s = container_of(sampler, struct self_sampler, base);
	struct process *p = &s->process;
	double *values = reading->values;
	int64_t now_ns = clock_now_ns(&monotonic_clock);

	for (int i = 0; i < GAUGE_COUNT; i++)
		values[i] = NAN;
	if (!process_look(p, ""))
		return false;
	if (CPU_COUNT(&p->cpus) > 0)
		values[GAUGE_CPU_ALLOWED] = fmin(CPU_COUNT(&p->cpus), cgroup_cpu_quota(&s->limits));
	if (s->looked_ns >= 0 && now_ns > s->looked_ns)
		fill_rates(s, (double)(now_ns - s->looked_ns), values);
	values[GAUGE_STOLEN] = stolen_look(&s->stolen, "", &p->cpus, s->looked_ns >= 0 ? now_ns - s->looked_ns : 0);
	cgroup_meter_look(&s->meter, &s->limits, "", now_ns, values);
	s->looked_ns = now_ns;
	values[GAUGE_MEMORY] = p->anon_bytes + p->shmem_bytes;
	values[GAUGE_MEMORY_LIMIT] = fmin(cgroup_memory_limit(&s->limits), s->memory_total_bytes);
	values[GAUGE_THREADS] = (double)p->threads_now;
	values[GAUGE_FDS] = p->fds;
	values[GAUGE_FDS_LIMIT] = p->fds_limit;
	fill_connections(s, now_ns, values);
	values[GAUGE_PROCESSES] = 1;
	return true;
}

static bool
self_shares_our_only_cpu(struct sampler *sampler)
{
	(void)sampler;
	return false; /* it is us */
}

static void
self_close(struct sampler *sampler)
{
	struct self_sampler *s = container_of(sampler, struct self_sampler, base);

	process_fini(&s->process);
	free(s);
}

const struct sampler_ops self_sampler = {
	.name = "self",
	.help = "brunt itself: CPU, memory, descriptors, local ports, waiting for a CPU, how its connections fare",
	.open = self_open,
	.read = self_read,
	.shares_our_only_cpu = self_shares_our_only_cpu,
	.close = self_close,
};
