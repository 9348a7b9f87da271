/* bench_null [REQUESTS]: what no socket allows. The whole engine on the virtual clock against the null protocol, with
 * the recorder, the summary and the series, says as JSON how long a request takes, how many were in flight, and whether
 * the memory that it resides in grew after the first tenth. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"
#include "engine/run.h"
#include "load/shape.h"
#include "measure/summary.h"
#include "proto/protocol.h"
#include "reader/reader.h"

#define REQUESTS 1000000000
#define IN_FLIGHT 50000 /* rate × service, by Little's law */
#define GROWTH_MOST 1.02

/* Relaxed: what is due within a tick is sent together; the virtual clock would stop at each arrival otherwise. */
static const char profile[] = "name: nowhere\n"
			      "target: {url: 'http://127.0.0.1:9', http: 'null', null_service: 50ms}\n"
			      "load: {steady: {rate: 1000000/s, count: %" PRIu64 "}, in_flight: {max: 100000}}\n"
			      "pacing: relaxed\n"
			      "requests: [{name: root, get: /}]\n";

struct bench {
	struct plan *plan;
	struct summary *summary;
	struct run *run;
	uint64_t requests;
	long early_bytes, late_bytes;
};

static long
resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	CHECK(file != NULL);
	CHECK_OP(fscanf(file, "%*d %ld", &pages), ==, 1);
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static void
on_phase(void *context, enum run_phase phase, int64_t at_ns)
{
	(void)context;
	(void)phase;
	(void)at_ns;
}

static void
on_level(void *context, uint32_t level, int64_t start_ns, int64_t end_ns, double offered)
{
	struct bench *bench = context;

	summary_add_level(bench->summary, level, start_ns, end_ns, offered);
}

static void
on_moment(void *context, int64_t at_ns)
{
	(void)context;
	(void)at_ns;
}

static void
on_interval(void *context, struct interval *interval)
{
	struct bench *bench = context;

	interval_add_up(interval);
	summary_add_interval(bench->summary, interval);
	if (bench->summary->everything.counts.ok < bench->requests / 10)
		bench->early_bytes = resident_bytes();
	run_give_interval(bench->run, interval);
}

static void
on_end(void *context)
{
	struct bench *bench = context;

	bench->late_bytes = resident_bytes();
}

static const struct run_events events = {
	.on_phase = on_phase,
	.on_level = on_level,
	.on_cut = on_moment,
	.on_complete = on_moment,
	.on_interval = on_interval,
	.on_end = on_end,
};

static struct plan *
plan_new(uint64_t requests)
{
	static const struct plan_metric *const no_metrics[] = {NULL};
	const struct plan_tables tables = {.shapes = shape_choices,
		.protocols = protocol_choices,
		.readers = reader_choices,
		.metrics = no_metrics};
	struct error err = {0};
	char text[512], message[1400];
	int length = snprintf(text, sizeof(text), profile, requests);
	struct plan *plan = plan_load_text(text, (size_t)length, "null.yaml", NULL, 0, &tables, &err);

	if (plan == NULL) {
		fprintf(stderr, "bench_null: %s\n", error_text(&err, message, sizeof(message)));
		exit(2);
	}
	return plan;
}

static void
print(const struct bench *bench, double seconds)
{
	const struct summary *summary = bench->summary;
	const struct counts *counts = &summary->everything.counts;
	double ns = seconds * 1e9 / (double)counts->ok;
	double growth = (double)bench->late_bytes / (double)bench->early_bytes;
	bool is_constant = growth <= GROWTH_MOST;

	CHECK(counts_identities_hold(counts));
	printf("{\"requests\": %" PRIu64
	       ", \"ns_per_request\": %.1f, \"in_flight_peak\": %u, \"resident_bytes_early\": %ld, "
	       "\"resident_bytes_late\": %ld, \"is_constant\": %s, \"summary\": \"%" PRIu64
	       " requests, %u in flight, %.0f ns each, %.1f MB at a tenth and %.1f MB at the end\"}\n",
		counts->ok, ns, summary->in_flight_peak, bench->early_bytes, bench->late_bytes,
		is_constant && summary->in_flight_peak >= IN_FLIGHT ? "true" : "false", counts->ok,
		summary->in_flight_peak, ns, (double)bench->early_bytes / 1e6, (double)bench->late_bytes / 1e6);
}

int
main(int argc, char **argv)
{
	struct bench bench = {.requests = argc > 1 ? strtoull(argv[1], NULL, 10) : REQUESTS};
	struct addresses addresses = {0};
	struct error err = {0};
	struct clock clock;
	uv_loop_t loop;

	bench.plan = plan_new(bench.requests);
	bench.summary = summary_new(bench.plan);
	clock_init_virtual(&clock, 1000 * NS_PER_S);
	CHECK_OP(uv_loop_init(&loop), ==, 0);
	bench.run = run_new(
		&(struct run_config){
			.plan = bench.plan,
			.loop = &loop,
			.clock = &clock,
			.shards = 1,
			.addresses = &addresses,
			.events = &events,
			.context = &bench,
		},
		&err);
	CHECK(bench.run != NULL);
	int64_t start_ns = clock_now_ns(&monotonic_clock);

	run_go(bench.run);
	print(&bench, ns_to_s(clock_now_ns(&monotonic_clock) - start_ns));
	run_free(bench.run);
	summary_free(bench.summary);
	CHECK_OP(uv_loop_close(&loop), ==, 0);
	plan_free(bench.plan);
	return 0;
}
