#include "micro.h"

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"
#include "measure/recorder.h"

#define EXCHANGES 4096
#define GAP_NS (20 * NS_PER_US)
#define SEED 1

/* Exchanges as a run at 50,000/s makes them, over and over: the latencies spread over three decades, so that the
 * histograms' counts are not all in one cache line. */
struct record {
	struct recorder *recorder;
	struct exchange exchanges[EXCHANGES];
	int64_t now_ns;
};

static struct exchange
exchange_at(uint64_t k)
{
	int64_t due_ns = (int64_t)k * GAP_NS;
	int64_t service_ns = 20 * NS_PER_US + (int64_t)(rng_at(SEED, 1, k) >> (44 + rng_at(SEED, 2, k) % 10));
	int64_t sent_ns = due_ns + 1500 + (int64_t)(rng_at(SEED, 3, k) % 1000);

	return (struct exchange){
		.k = k,
		.level = 0,
		.due_ns = due_ns,
		.taken_ns = due_ns + 400,
		.sent_ns = sent_ns,
		.first_byte_ns = sent_ns + service_ns,
		.last_byte_ns = sent_ns + service_ns,
		.connect_ns = -1,
		.outcome = OUTCOME_OK,
		.status = 200,
		.bytes_sent = 36,
		.bytes_received = 78,
	};
}

static void *
record_new(void)
{
	struct record *r = must_alloc(sizeof(*r));

	r->recorder = recorder_new(&(struct recorder_config){.requests_n = 1, .open_levels_max = 4});
	for (uint64_t k = 0; k < EXCHANGES; k++)
		r->exchanges[k] = exchange_at(k);
	return r;
}

/* All that the engine tells the recorder about an exchange. */
static void
record_repeat(void *context, uint64_t times)
{
	struct record *r = context;

	for (uint64_t i = 0; i < times; i++) {
		const struct exchange *x = &r->exchanges[i % EXCHANGES];

		r->now_ns += GAP_NS;
		recorder_add_scheduled(r->recorder, 0, 0, 1);
		recorder_in_flight(r->recorder, 0, 3, r->now_ns);
		recorder_add_sent(r->recorder, 0, 0);
		recorder_add_exchange(r->recorder, x, 0);
		recorder_in_flight(r->recorder, 0, 2, r->now_ns + GAP_NS / 2);
	}
}

static void
record_free(void *context)
{
	struct record *r = context;

	recorder_free(r->recorder);
	free(r);
}

const struct micro micro_record = {
	"record", "one exchange: scheduled, sent, in flight twice, ended", record_new, record_repeat, record_free};
