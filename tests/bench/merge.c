/* Interval events of many shards merged on one core, on the virtual clock: decoded and merged as whoever leads them has
 * to, each second of theirs. What it takes is CPU time of this thread alone, so that neighbours are no matter.
 *
 *     bench_merge [SHARDS [PER_SECOND [SECONDS]]]
 *
 * Exit 1: it takes longer than the interval. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"
#include "fleet/merger.h"
#include "measure/events.h"
#include "measure/recorder.h"

#define INTERVAL_NS NS_PER_S
#define SEED 1
#define LINES_CEILING ((size_t)1024 * 1024 * 1024)

static struct plan_request requests[] = {{.name = "browse"}, {.name = "buy"}};

struct bench {
	struct plan plan;
	struct merger merger;
	struct recorder *recorder; /* of all shards, one after the other */
	struct buf lines;
	size_t *ends; /* of each shard's line */
	uint32_t shards;
	uint64_t per_second;
	uint64_t sent, merged;
};

static int64_t
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Latencies over three decades, each shard's its own. */
static struct exchange
exchange_at(uint32_t shard, uint64_t k, int64_t due_ns)
{
	uint64_t seed = SEED + shard;
	int64_t service_ns = 200 * NS_PER_US + (int64_t)(rng_at(seed, 1, k) >> (40 + rng_at(seed, 2, k) % 10));
	int64_t sent_ns = due_ns + 1500 + (int64_t)(rng_at(seed, 3, k) % 3000);

	return (struct exchange){.k = k,
		.level = 0,
		.request = rng_at(seed, 4, k) % 4 == 0,
		.due_ns = due_ns,
		.taken_ns = due_ns + 400 + (int64_t)(rng_at(seed, 5, k) % 900),
		.sent_ns = sent_ns,
		.first_byte_ns = sent_ns + service_ns / 2,
		.last_byte_ns = sent_ns + service_ns,
		.connect_ns = -1,
		.outcome = OUTCOME_OK,
		.status = 200,
		.bytes_sent = 36,
		.bytes_received = 78};
}

/* What the shard says of its second. */
static void
say_second(struct bench *bench, uint32_t shard, int64_t second)
{
	for (uint64_t i = 0; i < bench->per_second; i++) {
		uint64_t k = (uint64_t)second * bench->per_second + i;
		struct exchange x = exchange_at(
			shard, k, second * NS_PER_S + (int64_t)(i * (uint64_t)NS_PER_S / bench->per_second));

		recorder_add_scheduled(bench->recorder, 0, x.request, 1);
		recorder_add_sent(bench->recorder, 0, x.request);
		recorder_add_exchange(bench->recorder, &x, 0);
	}
	bench->sent += bench->per_second;
	struct interval *interval = recorder_take_interval(bench->recorder, (second + 1) * INTERVAL_NS);

	interval_add_up(interval);
	interval->start_ns = second * INTERVAL_NS;
	interval->end_ns = (second + 1) * INTERVAL_NS;
	CHECK(event_encode_interval(&bench->lines, interval, &bench->plan));
	bench->ends[shard] = bench->lines.length;
	recorder_give_interval(bench->recorder, interval);
}

/* The CPU time of decoding and merging what all of them said. */
static int64_t
merge_second(struct bench *bench)
{
	int64_t begun_ns = cpu_ns();
	size_t at = 0;

	for (uint32_t i = 0; i < bench->shards; i++) {
		struct event event;
		struct error err = {0};

		CHECK(merger_waits_for(&bench->merger, i));
		CHECK(event_decode(bench->lines.bytes + at, bench->ends[i] - at - 1, &bench->plan, &event,
			merger_incoming(&bench->merger, i), &err));
		CHECK(merger_add(&bench->merger, i));
		at = bench->ends[i];
	}
	struct interval *interval = merger_take(&bench->merger, false);

	CHECK(interval != NULL);
	int64_t took_ns = cpu_ns() - begun_ns;

	bench->merged += interval->levels[0].all.histograms[METRIC_RESPONSE].total;
	merger_give(&bench->merger, interval);
	return took_ns;
}

static uint64_t
argument(int argc, char **argv, int i, uint64_t otherwise)
{
	uint64_t value;

	return argc > i && units_parse_count(argv[i], &value) && value > 0 ? value : otherwise;
}

int
main(int argc, char **argv)
{
	struct bench bench = {.shards = (uint32_t)argument(argc, argv, 1, 1000),
		.per_second = argument(argc, argv, 2, 1000),
		.plan = {.name = "merge",
			.requests = requests,
			.requests_n = 2,
			.output.interval_ns = INTERVAL_NS,
			.hash = "0"}};
	int64_t seconds = (int64_t)argument(argc, argv, 3, 3), most_ns = 0, all_ns = 0;
	size_t bytes = 0;
	struct rusage used;

	merger_init(&bench.merger, &bench.plan, bench.shards);
	bench.recorder = recorder_new(&(struct recorder_config){.requests_n = 2, .open_levels_max = 4});
	bench.ends = must_calloc(bench.shards, sizeof(*bench.ends));
	buf_init(&bench.lines, LINES_CEILING);
	for (int64_t second = 0; second < seconds; second++) {
		buf_clear(&bench.lines);
		for (uint32_t i = 0; i < bench.shards; i++)
			say_second(&bench, i, second);
		int64_t took_ns = merge_second(&bench);

		bytes += bench.lines.length;
		all_ns += took_ns;
		most_ns = took_ns > most_ns ? took_ns : most_ns;
	}
	CHECK_OP(bench.merged, ==, bench.sent);
	getrusage(RUSAGE_SELF, &used);
	printf("%u shards at %llu/s: %.3f s of CPU per interval of %.0f s on average, %.3f at the most; %.1f KiB a line, "
	       "%ld MiB of memory\n",
		bench.shards, (unsigned long long)bench.per_second, ns_to_s(all_ns) / (double)seconds,
		ns_to_s(INTERVAL_NS), ns_to_s(most_ns), (double)bytes / 1024 / (double)seconds / bench.shards,
		used.ru_maxrss / 1024);
	merger_fini(&bench.merger);
	recorder_free(bench.recorder);
	buf_fini(&bench.lines);
	free(bench.ends);
	return most_ns < INTERVAL_NS ? 0 : 1;
}
