#include "measure/recorder.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "measure/events.h"

#define RECORDER_LEVELS_MAX 64
#define RECORDER_READY_SLOTS 2 /* memory made at start-up: the level under load and the one before it */
#define SLOT_NONE UINT32_MAX

struct recorder {
	struct interval *running;
	struct interval *spare; /* NULL: handed out */
	struct interval *intervals[2];
	uint32_t requests_n;

	/* Which level has which slot, in either interval; LEVEL_NONE: free. Recording is told a level, and nearly
	 * always the same one as before. */
	uint32_t slots_n;
	uint32_t slot_levels[RECORDER_LEVELS_MAX];
	bool slot_is_closing[RECORDER_LEVELS_MAX];
	uint32_t last_slot;

	struct goal {
		enum metric metric;
		int request;
		int64_t most_ns;
	} * goals; /* good_when */
	size_t goals_n;

	uint64_t taken; /* intervals handed out so far */
	/* In flight since in_flight_ns, in the window of in_flight_level. */
	uint32_t in_flight, in_flight_level;
	int64_t in_flight_ns;
	struct reading target, self; /* latest */
	double scraped[SCRAPED_MAX];
	struct peers peers; /* their names alone: those of both intervals have the same numbers */
};

static enum metric
metric_by_name(const char *name)
{
	int metric = 0;

	while (metric < METRIC_COUNT && strcmp(metric_rows[metric].name, name) != 0)
		metric++;
	CHECK_OP(metric, <, METRIC_COUNT);
	return (enum metric)metric;
}

static void
take_goals(struct recorder *r, const struct recorder_config *config)
{
	r->goals_n = config->good_when_n;
	r->goals = must_calloc(r->goals_n + 1, sizeof(*r->goals));
	for (size_t i = 0; i < r->goals_n; i++) {
		const struct plan_bound *bound = &config->good_when[i];

		r->goals[i] = (struct goal){metric_by_name(bound->metric->name), bound->request, bound->most_ns};
	}
}

struct recorder *
recorder_new(const struct recorder_config *config)
{
	CHECK_OP(config->open_levels_max, >, 0);
	CHECK_OP(config->open_levels_max, <=, RECORDER_LEVELS_MAX);
	struct recorder *r = must_alloc(sizeof(*r));

	r->requests_n = config->requests_n;
	r->slots_n = config->open_levels_max;
	for (uint32_t slot = 0; slot < r->slots_n; slot++)
		r->slot_levels[slot] = LEVEL_NONE;
	for (size_t i = 0; i < ARRAY_LEN(r->intervals); i++) {
		r->intervals[i] = interval_new(config->requests_n, config->open_levels_max);
		for (uint32_t slot = 0; slot < RECORDER_READY_SLOTS && slot < r->slots_n; slot++)
			interval_use_slot(r->intervals[i], slot, LEVEL_NONE);
		interval_reset(r->intervals[i]);
	}
	r->running = r->intervals[0];
	r->spare = r->intervals[1];
	r->in_flight_level = LEVEL_NONE;
	r->target = r->running->target;
	r->self = r->running->self;
	scraped_now_init(r->scraped);
	peers_init(&r->peers);
	take_goals(r, config);
	return r;
}

void
recorder_free(struct recorder *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(r->intervals); i++)
		interval_free(r->intervals[i]);
	peers_fini(&r->peers);
	free(r->goals);
	free(r);
}

static uint32_t
find_slot(const struct recorder *r, uint32_t level)
{
	for (uint32_t slot = 0; slot < r->slots_n; slot++)
		if (r->slot_levels[slot] == level)
			return slot;
	return SLOT_NONE;
}

static struct interval_level *
use_level(struct recorder *r, uint32_t level)
{
	CHECK_OP(level, !=, LEVEL_NONE);
	uint32_t slot = find_slot(r, level);

	if (slot == SLOT_NONE) {
		slot = find_slot(r, LEVEL_NONE);
		CHECK(slot != SLOT_NONE); /* more levels with exchanges under way than open_levels_max */
		r->slot_levels[slot] = level;
	}
	r->last_slot = slot;
	struct interval_level *used = &r->running->levels[slot];

	return used->is_used ? used : interval_use_slot(r->running, slot, level);
}

static inline struct interval_level *
level_of(struct recorder *r, uint32_t level)
{
	struct interval_level *last = &r->running->levels[r->last_slot];

	return last->is_used && last->level == level ? last : use_level(r, level);
}

static inline struct cell *
request_of(struct recorder *r, struct interval_level *level, uint32_t request)
{
	CHECK_OP(request, <, r->requests_n);
	return &level->requests[request];
}

void
recorder_add_scheduled(struct recorder *r, uint32_t level, uint32_t request, uint64_t n)
{
	request_of(r, level_of(r, level), request)->counts.scheduled += n;
}

void
recorder_add_sent(struct recorder *r, uint32_t level, uint32_t request)
{
	request_of(r, level_of(r, level), request)->counts.sent++;
}

static inline void
add_outcome(struct counts *counts, const struct exchange *x)
{
	switch (x->outcome) {
	case OUTCOME_OK: counts->ok++; break;
	case OUTCOME_FAILURE: counts_add_failures(counts, x->failure, x->phase, 1); break;
	case OUTCOME_UNFINISHED: counts->unfinished++; break;
	}
	if (x->status >= 100 && x->status - 100u < ARRAY_LEN(counts->by_status))
		counts->by_status[x->status - 100]++;
	counts->retried += x->retries;
	counts->redirected += x->redirects;
	counts->bytes_sent += x->bytes_sent;
	counts->bytes_received += x->bytes_received;
	counts->bytes_decoded += x->bytes_decoded;
}

#define RECORD(NAME, value, when, per_request)                                                                         \
	if (when)                                                                                                      \
		histogram_record(&(per_request ? request : all)->histograms[METRIC_##NAME], value);

static inline void
add_latencies(struct cell *all, struct cell *request, const struct exchange *x){
#define METRIC(NAME, name, unit, value, when, per_request, ranks, help) RECORD(NAME, value, when, per_request)
#define TOKEN_METRIC(NAME, name, unit, value, when, per_request, ranks, help)
#include "measure/metric.def"
#undef TOKEN_METRIC
#undef METRIC
}

/* What most exchanges do not need stays out of the way of those. */
#define RARE __attribute__((noinline))

RARE static void add_generation(struct cell *all, struct cell *request, struct counts *window, const struct exchange *x)
{
#define METRIC(NAME, name, unit, value, when, per_request, ranks, help)
#define TOKEN_METRIC(NAME, name, unit, value, when, per_request, ranks, help) RECORD(NAME, value, when, per_request)
#include "measure/metric.def"
#undef TOKEN_METRIC
#undef METRIC
	counts_add_generation(&request->counts, x);
	if (x->outcome == OUTCOME_OK && window != NULL)
		window->tokens_in_window += x->generation->completion_tokens;
}

/* −1: the exchange has no such value. */
static int64_t
exchange_value(const struct exchange *x, enum metric metric)
{
	switch (metric) {
#define METRIC(NAME, name, unit, value, when, per_request, ranks, help)                                                \
	case METRIC_##NAME:                                                                                            \
		return (when) ? (value) : -1;
#define TOKEN_METRIC(NAME, name, unit, value, when, per_request, ranks, help)                                          \
	case METRIC_##NAME:                                                                                            \
		return x->generation != NULL && (when) ? (value) : -1;
#include "measure/metric.def"
#undef TOKEN_METRIC
#undef METRIC
	case METRIC_COUNT: break;
	}
	return -1;
}

/* What an answer has no value of cannot be too slow: one token has no time per further token. */
static bool
is_good(const struct recorder *r, const struct exchange *x)
{
	for (size_t i = 0; i < r->goals_n; i++) {
		const struct goal *goal = &r->goals[i];

		if ((goal->request < 0 || (uint32_t)goal->request == x->request) &&
			exchange_value(x, goal->metric) > goal->most_ns)
			return false;
	}
	return true;
}

/* The counts of the window that the end falls into: nearly always that of its own level. */
static inline struct counts *
window_of(struct recorder *r, const struct exchange *x, struct cell *request, uint32_t window_level)
{
	if (window_level == x->level)
		return &request->counts;
	return window_level != LEVEL_NONE ? &level_of(r, window_level)->requests[x->request].counts : NULL;
}

RARE static void
add_good(const struct recorder *r, const struct exchange *x, struct cell *request, struct counts *window)
{
	if (!is_good(r, x))
		return;
	request->counts.good++;
	if (window != NULL)
		window->good_in_window++;
}

static inline void
add_success(struct recorder *r, const struct exchange *x, struct cell *request, struct counts *window)
{
	if (window != NULL)
		window->ok_in_window++;
	if (r->goals_n > 0)
		add_good(r, x, request, window);
}

void
recorder_add_exchange(struct recorder *r, const struct exchange *x, uint32_t window_level)
{
	struct interval_level *in = level_of(r, x->level);
	struct cell *request = request_of(r, in, x->request);

	add_outcome(&request->counts, x);
	if (x->misses != NULL)
		check_counts_add(&r->running->checks, x->misses);
	if (x->peer > 0)
		peer_add(&r->running->peers.list[x->peer - 1], x);
	add_latencies(&in->all, request, x);
	struct counts *window = window_of(r, x, request, window_level);

	if (x->outcome == OUTCOME_OK)
		add_success(r, x, request, window);
	if (x->generation != NULL)
		add_generation(&in->all, request, window, x);
}

void
recorder_add_gap(struct recorder *r, uint32_t level, int64_t gap_ns)
{
	histogram_record(&level_of(r, level)->all.histograms[METRIC_ITL], gap_ns);
}

void
recorder_add_lost(struct recorder *r, uint32_t level, uint32_t request, enum failure failure, uint64_t n)
{
	CHECK_OP(failure, <, FAILURE_COUNT);
	counts_add_failures(&request_of(r, level_of(r, level), request)->counts, failure, EXCHANGE_QUEUE, n);
}

void
recorder_add_session(struct recorder *r, uint32_t level, uint32_t request, enum session_event event)
{
	counts_add_session(&request_of(r, level_of(r, level), request)->counts, event);
}

/* Time passes in the window that was running until now. */
static void
pass_time(struct recorder *r, int64_t now_ns)
{
	if (r->in_flight_level != LEVEL_NONE && now_ns > r->in_flight_ns) {
		struct interval_level *in = level_of(r, r->in_flight_level);
		int64_t passed_ns = now_ns - r->in_flight_ns;

		in->in_flight_ns += (double)r->in_flight * (double)passed_ns;
		in->window_ns += passed_ns;
		if (r->in_flight > in->in_flight_peak)
			in->in_flight_peak = r->in_flight;
	}
	if (now_ns > r->in_flight_ns)
		r->in_flight_ns = now_ns;
}

void
recorder_in_flight(struct recorder *r, uint32_t level, uint32_t n, int64_t now_ns)
{
	pass_time(r, now_ns);
	r->in_flight = n;
	r->in_flight_level = level;
	if (level == LEVEL_NONE)
		return;
	struct interval_level *in = level_of(r, level);

	if (n > in->in_flight_peak)
		in->in_flight_peak = n;
}

void
recorder_add_loop_gap(struct recorder *r, uint32_t level, int64_t gap_ns)
{
	if (level == LEVEL_NONE)
		return;
	struct interval_level *in = level_of(r, level);

	if (gap_ns > in->loop_gap_max_ns)
		in->loop_gap_max_ns = gap_ns;
}

void
recorder_add_loop_lag(struct recorder *r, uint32_t level, int64_t lag_ns)
{
	if (level != LEVEL_NONE)
		histogram_record(&level_of(r, level)->all.histograms[METRIC_LOOP_LAG], lag_ns);
}

uint32_t
recorder_peer(struct recorder *r, uint32_t backend, const char *address)
{
	uint32_t peer = peers_find(&r->peers, backend, address);

	CHECK_OP(peers_find(&r->running->peers, backend, address), ==, peer);
	return peer + 1;
}

void
recorder_list_peer(struct recorder *r, uint32_t peer, bool is_listed)
{
	r->peers.list[peer - 1].is_listed = r->running->peers.list[peer - 1].is_listed = is_listed;
}

void
recorder_add_connect(struct recorder *r, uint32_t peer, bool is_failed)
{
	r->running->connects++;
	r->running->connects_failed += is_failed;
	if (peer == 0)
		return;
	r->running->peers.list[peer - 1].connects++;
	r->running->peers.list[peer - 1].connects_failed += is_failed;
}

void
recorder_add_prefetch(struct recorder *r, uint64_t wanted, uint64_t failed)
{
	r->running->prefetch += wanted;
	r->running->prefetch_failed += failed;
}

void
recorder_add_lookup(struct recorder *r, uint32_t backend, int64_t took_ns, bool has_changed)
{
	struct lookup_counts *lookups = &r->running->peers.lookups[backend];

	lookups->good += took_ns >= 0;
	lookups->failed += took_ns < 0;
	lookups->changed += has_changed;
	lookups->sum_ns += took_ns >= 0 ? took_ns : 0;
	if (took_ns > lookups->most_ns)
		lookups->most_ns = took_ns;
}

void
recorder_add_handshake(struct recorder *r, int64_t took_ns, bool is_resumed, const char *spoken)
{
	struct tls_told *told = &r->running->tls;

	if (is_resumed)
		told->resumed++;
	else
		told->full++;
	if (told->spoken[0] == '\0')
		snprintf(told->spoken, TLS_SPOKEN_MAX, "%s", spoken);
	if (r->in_flight_level != LEVEL_NONE)
		histogram_record(&level_of(r, r->in_flight_level)->all.histograms[METRIC_TLS_HANDSHAKE], took_ns);
}

void
recorder_add_words(struct recorder *r, enum failure failure, const char *words)
{
	tls_told_words(&r->running->tls, failure, words);
}

void
recorder_add_reading(struct recorder *r, uint32_t level, bool is_self, const struct reading *reading)
{
	struct interval_level *in = level != LEVEL_NONE ? level_of(r, level) : NULL;

	if (is_self) {
		r->self = *reading;
		gauge_set_add(in != NULL ? &in->self : &r->running->self_outside, reading);
	} else {
		r->target = *reading;
		gauge_set_add(in != NULL ? &in->target : &r->running->target_outside, reading);
	}
}

/* What comes outside of any window is on the timeline alone. */
void
recorder_add_scraped(struct recorder *r, uint32_t level, const struct scraped *scraped)
{
	scraped_now_set(r->scraped, scraped);
	scrape_counts_add(r->running->scrapes, scraped);
	if (level != LEVEL_NONE)
		scraped_set_add(&level_of(r, level)->scraped, scraped);
}

void
recorder_close_level(struct recorder *r, uint32_t level)
{
	level_of(r, level)->is_last = true;
	r->slot_is_closing[r->last_slot] = true;
}

/* The interval that is handed out keeps its slots; the next one has slots of its own. */
static void
free_closed_slots(struct recorder *r)
{
	for (uint32_t slot = 0; slot < r->slots_n; slot++) {
		if (!r->slot_is_closing[slot])
			continue;
		r->slot_is_closing[slot] = false;
		r->slot_levels[slot] = LEVEL_NONE;
	}
}

struct interval *
recorder_take_interval(struct recorder *r, int64_t now_ns)
{
	if (r->spare == NULL)
		return NULL;
	pass_time(r, now_ns);
	struct interval *taken = r->running;

	taken->seq = r->taken++;
	taken->has_goals = r->goals_n > 0;
	taken->end_ns = now_ns;
	taken->in_flight = r->in_flight;
	taken->current_level = r->in_flight_level;
	taken->target = r->target;
	taken->self = r->self;
	memcpy(taken->scraped, r->scraped, sizeof(taken->scraped));
	free_closed_slots(r);
	r->running = r->spare;
	r->spare = NULL;
	r->running->start_ns = now_ns;
	peers_copy_names(&r->running->peers, &r->peers);
	return taken;
}

void
recorder_give_interval(struct recorder *r, struct interval *interval)
{
	CHECK(r->spare == NULL && interval != r->running);
	CHECK(interval == r->intervals[0] || interval == r->intervals[1]);
	interval_reset(interval);
	r->spare = interval;
}
