#include "engine/run_parts.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"

/* After a broken level the load waits this long at most until nothing is in flight. */
#define RECOVER_LIMIT_NS (30 * NS_PER_S)
/* A run that is stopped before its end waits this long at most for what is in flight. */
#define DRAIN_LIMIT_NS (5 * NS_PER_S)

const char *const run_phase_names[] = {"baseline", "warmup", "measure", "recover", "drain", "end"};

void
run_go_to(struct run *run, enum run_phase phase)
{
	if (run->phase == phase)
		return;
	run->phase = phase;
	run->is_idle = false;
	run->config.events->on_phase(run->config.context, phase, run_now_ns(run));
}

static void
run_on_level(void *context, uint32_t level)
{
	struct run *run = context;
	const struct timeline_level *l = &run->pump.timeline.levels[level];

	/* A warm-up that counts requests has no end until here. */
	if (level == 0 && run->warmup_end_ns == INT64_MAX)
		run->config.events->on_complete(run->config.context, l->start_ns);
	run->config.events->on_level(run->config.context, level, l->start_ns, l->end_ns, l->offered);
}

/* Descriptors for the connections and for what a process has open anyway. */
static bool
run_check_descriptors(const struct plan *plan, uint64_t connections, struct error *err)
{
	rlim_t needed = connections + 32;
	struct rlimit limit;

	CHECK_OP(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	if (needed <= limit.rlim_cur)
		return true;
	limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && needed <= limit.rlim_cur)
		return true;
	error_set(err,
		"target.connections: %llu connections need %llu file descriptors, but this process may open %llu; "
		"ask for at most %llu, or raise the limit (ulimit -n)",
		(unsigned long long)connections, (unsigned long long)needed, (unsigned long long)limit.rlim_cur,
		limit.rlim_cur > 32 ? (unsigned long long)limit.rlim_cur - 32 : 0);
	return error_place(err, plan->path, 0, 0);
}

/* Of several base URLs each must have a connection, in every process that shares the load. */
static bool
run_check_shares(const struct plan *plan, uint64_t connections, struct error *err)
{
	if (connections >= plan->target.backends.n)
		return true;
	error_set(err,
		"target.urls: of the %llu connections that are this process's share not each of the %zu has one; "
		"ask for more connections or fewer workers",
		(unsigned long long)connections, plan->target.backends.n);
	return error_place(err, plan->path, 0, 0);
}

bool
run_check(const struct plan *plan, uint32_t shard, uint32_t shards, struct error *err)
{
	return run_check_shares(plan, share_of(plan->target.connections, shard, shards), err) &&
	       run_check_descriptors(plan, share_of(plan->target.connections, shard, shards), err) &&
	       pump_check_levels(plan, err) && sessions_check(plan, err) && tls_check_target(&plan->target, err);
}

static void
run_set_tick(struct run *run)
{
	run->clock.tick_ns = run->pacing.is_relaxed ? run->config.plan->relaxed_tick_ns : 0;
}

/* The addresses of each backend, less those that no source can connect to. */
static bool
run_take_addresses(struct run *run, struct error *err)
{
	const struct plan_target *target = &run->config.plan->target;
	const struct plan_backend *backends = target->backends.items;

	if (!sources_init(&run->sources, &target->sources, err))
		return error_place(err, run->config.plan->path, 0, 0);
	run->addresses = must_calloc(target->backends.n, sizeof(*run->addresses));
	for (size_t i = 0; i < target->backends.n; i++) {
		run->addresses[i] = run->config.addresses[i];
		sources_filter(&run->sources, &run->addresses[i]);
		if (run->addresses[i].n == 0 && run->config.addresses[i].n > 0) {
			error_set(err,
				"target.source_addresses: none of them is of the family (IPv4 or IPv6) of %s's addresses",
				backends[i].url.text);
			return error_place(err, run->config.plan->path, 0, 0);
		}
	}
	return true;
}

struct run *
run_new(const struct run_config *config, struct error *err)
{
	struct run *run = must_alloc(sizeof(*run));
	const struct plan *plan = &run->plan;

	run->plan = *config->plan;
	run->plan.target.connections = share_of(plan->target.connections, config->shard, config->shards);
	run->plan.target.prefetch = share_of(plan->target.prefetch, config->shard, config->shards);
	run->config = *config;
	run->config.plan = plan;
	run->clock = (struct run_clock){.clock = config->clock};
	reading_init(&run->target);
	reading_init(&run->self);
	run->tls = tls_contexts_of_target(&plan->target, protocol_of(plan->target.protocol)->alpn, err);
	if (run->tls == NULL || !run_check(config->plan, config->shard, config->shards, err) ||
		!run_take_addresses(run, err) || !requests_init(&run->requests, plan, err)) {
		sources_fini(&run->sources);
		free(run->addresses);
		tls_contexts_free(run->tls, &plan->target);
		free(run);
		return NULL;
	}
	run->clock.t0_ns = clock_now_ns(config->clock) + plan->idle_baseline_ns;
	pacing_init(&run->pacing, plan->pacing, config->shares_target_cpu);
	run_set_tick(run);
	waker_init(&run->waker, config->loop, &run->clock);
	pump_init(&run->pump, &(struct pump_config){
				      .plan = plan,
				      .clock = &run->clock,
				      .loop = config->loop,
				      .addresses = run->addresses,
				      .sources = &run->sources,
				      .tls = run->tls,
				      .exchanges = config->exchanges,
				      .templates = run->requests.templates,
				      .readers = run->requests.readers,
				      .extractors = run->requests.extractors,
				      .checks = run->requests.checks,
				      .follows = run->requests.follows,
				      .expected = run->requests.expected,
				      .until = run->requests.until,
				      .rows_most = run->requests.rows_most,
				      .split = run->requests.split,
				      .shard = config->shard,
				      .shards = config->shards,
				      .on_level = run_on_level,
				      .context = run,
			      });
	return run;
}

void
run_start_at(struct run *run, int64_t t0_ns)
{
	run->clock.t0_ns = t0_ns;
}

void
run_free(struct run *run)
{
	pump_fini(&run->pump);
	requests_fini(&run->requests);
	sources_fini(&run->sources);
	free(run->addresses);
	tls_contexts_free(run->tls, &run->plan.target);
	free(run);
}

int64_t
run_now_ns(const struct run *run)
{
	return run_clock_now(&run->clock);
}

struct run_end
run_end_of(const struct run *run)
{
	struct run_end end = run->end;

	end.is_relaxed = run->pacing.is_relaxed;
	end.pacing_reason = run->pacing.reason;
	return end;
}

void
run_add_reading(struct run *run, bool is_self, const struct reading *reading)
{
	struct reading stamped = *reading;

	stamped.at_ns = run_now_ns(run);
	*(is_self ? &run->self : &run->target) = stamped;
	if (stamped.at_ns < 0 || run->phase == RUN_ENDED)
		return; /* the idle baseline is not a part of any level */
	recorder_add_reading(
		run->pump.recorder, timeline_window_of(&run->pump.timeline, stamped.at_ns), is_self, &stamped);
	if (is_self) {
		pacing_add_reading(&run->pacing, &stamped);
		run_set_tick(run);
	}
}

void
run_add_scraped(struct run *run, const struct scraped *scraped)
{
	int64_t now_ns = run_now_ns(run);

	if (now_ns >= 0 && run->phase != RUN_ENDED)
		recorder_add_scraped(run->pump.recorder, timeline_window_of(&run->pump.timeline, now_ns), scraped);
}

void
run_give_interval(struct run *run, struct interval *interval)
{
	CHECK_OP(run->intervals_out, >, 0);
	run->intervals_out--;
	recorder_give_interval(run->pump.recorder, interval);
}

/* Ends the running interval when it is time and one is free to go on with; else at the next turn. */
static void
run_tick(struct run *run, int64_t now_ns, bool is_due)
{
	int64_t step_ns = run->config.plan->output.interval_ns;
	struct pump *pump = &run->pump;

	if (!is_due && !run->level_closed && now_ns < run->tick_ns)
		return;
	struct interval *interval = recorder_take_interval(pump->recorder, now_ns);

	if (interval == NULL)
		return;
	stream_measure_clocks();
	run->level_closed = false;
	run->tick_ns = now_ns - now_ns % step_ns + step_ns;
	interval->in_flight = pump->in_flight;
	interval->connections = pump->has_pool ? backends_open_n(&pump->backends) : 0;
	interval->users = pump_users(pump, now_ns);
	interval->backlog = pump_backlog(pump);
	interval->offered = pump_offered(pump, now_ns);
	interval->current_level = timeline_window_of(&pump->timeline, now_ns);
	interval->target = run->target;
	interval->self = run->self;
	run->intervals_out++;
	run->config.events->on_interval(run->config.context, interval);
}

void
run_begin_drain(struct run *run, int64_t now_ns, bool is_early)
{
	int64_t timeout_ns = run->config.plan->target.timeout_ns;

	if (is_early) {
		run->is_stopping = true;
		pump_stop(&run->pump, now_ns);
		run->config.events->on_cut(run->config.context, now_ns);
	}
	run->deadline_ns = is_early && timeout_ns > DRAIN_LIMIT_NS ? now_ns + DRAIN_LIMIT_NS : INT64_MAX;
	run->wants_recover = false;
	run_go_to(run, RUN_DRAIN);
}

void
run_begin_recover(struct run *run, int64_t now_ns)
{
	struct timeline *timeline = &run->pump.timeline;
	bool is_cut = timeline->n > 0 && timeline->levels[timeline->n - 1].end_ns > now_ns;

	run->wants_recover = false;
	if (is_cut && timeline->levels[timeline->n - 1].span < run->resume_span)
		run->resume_span = timeline->levels[timeline->n - 1].span; /* it starts again from its beginning */
	pump_stop(&run->pump, now_ns);
	run->config.events->on_cut(run->config.context, now_ns);
	run->deadline_ns = run->config.is_led ? INT64_MAX : now_ns + RECOVER_LIMIT_NS;
	run_go_to(run, RUN_RECOVER);
}

/* Led: true until the leader, who is told once, has said how to go on. */
static bool
run_waits_for_leader(struct run *run, int64_t now_ns)
{
	if (!run->config.is_led)
		return false;
	if (!run->is_idle && run->pump.in_flight == 0 && !run->level_closed) {
		run->is_idle = true;
		run->config.events->on_idle(run->config.context, now_ns);
	}
	if (run->phase == RUN_DRAIN)
		return !run->wants_end;
	return !run->wants_resume || now_ns < run->resume.at_ns;
}

static void
run_turn_recover(struct run *run, int64_t now_ns)
{
	if (run->pump.in_flight == 0) {
		if (!run_waits_for_leader(run, now_ns))
			run_resume(run, now_ns);
	} else if (now_ns >= run->deadline_ns) {
		run->end.did_not_recover = true;
		run->is_stopping = true;
		run_begin_drain(run, now_ns, false);
		run->deadline_ns = now_ns;
	}
}

/* Everything is answered and handed out: unless whoever judged the last level wants it again, this is the end. */
static void
run_turn_drain(struct run *run, int64_t now_ns)
{
	if (now_ns >= run->deadline_ns && run->pump.in_flight > 0) {
		pump_abandon(&run->pump, now_ns);
		return; /* the next turn closes the levels, so that they are judged */
	}
	if (run->pump.in_flight > 0 || run->level_closed || run_waits_for_leader(run, now_ns))
		return;
	if (run->wants_recover && !run->is_stopping)
		run_begin_recover(run, now_ns);
	else if (run->intervals_out == 0)
		run_go_to(run, RUN_ENDED);
}

static void
run_begin_load(struct run *run)
{
	const struct schedule *lead = run->pump.timeline.lead;
	int64_t warmup_ns = run->warmup_end_ns = schedule_measured_from_ns(lead);

	run_go_to(run, warmup_ns > 0 ? RUN_WARMUP : RUN_MEASURE);
	if (warmup_ns > 0)
		run->config.events->on_level(
			run->config.context, LEVEL_WARMUP, 0, warmup_ns, schedule_level_at(lead, 0));
}

static void
run_turn_load(struct run *run, int64_t now_ns)
{
	if (run->pump.is_unreachable) {
		run->end.was_unreachable = true;
		run->end.unreachable_by = run->pump.unreachable_by;
		run_begin_drain(run, now_ns, true);
		return;
	}
	if (run->phase == RUN_WARMUP && run->pump.timeline.n > 0)
		run_go_to(run, RUN_MEASURE);
	if (run->wants_recover)
		run_begin_recover(run, now_ns);
	else if (run->phase == RUN_MEASURE && !pump_has_arrivals(&run->pump, now_ns)) {
		/* A load that ends by its count has no end in time: its last level ends with its last exchange. */
		if (run->pump.in_flight > 0 && timeline_window_of(&run->pump.timeline, now_ns) != LEVEL_NONE)
			return;
		bool is_cut = timeline_window_of(&run->pump.timeline, now_ns) != LEVEL_NONE;

		if (is_cut)
			timeline_cut(&run->pump.timeline, now_ns);
		if (is_cut)
			run->config.events->on_complete(run->config.context, now_ns);
		run_begin_drain(run, now_ns, false);
	}
}

static void
run_turn(struct run *run, int64_t now_ns)
{
	run_take_controls(run, now_ns);
	refresh_turn(&run->refresh, now_ns);
	if (now_ns >= 0 && run->phase == RUN_BASELINE)
		run_begin_load(run);
	if (now_ns >= 0 && pump_turn(&run->pump, now_ns, run->waker.asked_ns))
		run->level_closed = true;
	if (run->phase == RUN_RECOVER)
		run_turn_recover(run, now_ns);
	else if (run->phase == RUN_DRAIN)
		run_turn_drain(run, now_ns);
	else
		run_turn_load(run, now_ns);
	if (now_ns >= 0)
		run_tick(run, now_ns, false);
}

static int64_t
run_next_ns(const struct run *run, int64_t now_ns)
{
	int64_t next_ns = now_ns < 0 ? 0 : pump_next_ns(&run->pump, now_ns);

	if (run->tick_ns > now_ns && run->tick_ns < next_ns)
		next_ns = run->tick_ns;
	if (run->phase >= RUN_RECOVER && run->deadline_ns < next_ns)
		next_ns = run->deadline_ns;
	for (size_t i = 0; i < run->controls_n; i++)
		if (run->controls[i].at_ns > now_ns && run->controls[i].at_ns < next_ns)
			next_ns = run->controls[i].at_ns;
	if (run->wants_resume && run->resume.at_ns > now_ns && run->resume.at_ns < next_ns)
		next_ns = run->resume.at_ns;
	/* A tick that is overdue waits for an interval to come back, which a loop turn will say. */
	return next_ns < now_ns + NS_PER_S ? next_ns : now_ns + NS_PER_S;
}

/* Hands out what is left, waits for it to come back, closes every handle. */
static void
run_finish(struct run *run)
{
	bool is_last_out = false;

	if (run->pump.has_pool) {
		backends_close(&run->pump.backends);
		refresh_close(&run->refresh);
	}
	waker_close(&run->waker);
	while (!run->waker.is_closed || (run->pump.has_pool && !backends_are_closed(&run->pump.backends)) ||
		!run->refresh.is_closed || !is_last_out || run->intervals_out > 0) {
		unsigned out = run->intervals_out;

		if (!is_last_out)
			run_tick(run, run_now_ns(run) > 0 ? run_now_ns(run) : 0, true);
		is_last_out = is_last_out || run->intervals_out > out || run->config.clock != &monotonic_clock;
		uv_run(run->config.loop, run->intervals_out > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	}
	run->config.events->on_end(run->config.context);
}

void
run_prefetch(struct run *run)
{
	struct backends *backends = &run->pump.backends;
	const struct plan_target *target = &run->config.plan->target;

	if (target->prefetch == 0 || !run->pump.has_pool)
		return;
	backends_prefetch(backends, target);
	while (backends_are_prefetching(backends) && run->interrupts == 0) {
		waker_wait(&run->waker, backends_next_deadline_ns(backends), false);
		backends_turn(backends, run_now_ns(run));
	}
	uint64_t failed = backends_prefetch_failed(backends);

	backends_end_prefetch(backends);
	recorder_add_prefetch(run->pump.recorder, target->prefetch, failed);
	if (failed > 0)
		log_warn("target.prefetch: %llu of %llu connections could not be opened", (unsigned long long)failed,
			(unsigned long long)target->prefetch);
	run->clock.t0_ns = clock_now_ns(run->config.clock) + run->config.plan->idle_baseline_ns;
}

void
run_go(struct run *run)
{
	int64_t now_ns = run_now_ns(run);

	run->config.events->on_phase(run->config.context, RUN_BASELINE, now_ns);
	run->tick_ns = run->config.plan->output.interval_ns;
	run->pump.turned_ns = now_ns;
	run->refresh.is_closed = true;
	if (run->pump.has_pool)
		refresh_init(&run->refresh, run->config.plan, run->config.loop, &run->pump.backends, run->pump.recorder,
			&run->sources, run->addresses);
	while (run->phase != RUN_ENDED) {
		waker_wait(&run->waker, run_next_ns(run, now_ns), run->clock.tick_ns > 0 && pump_can_doze(&run->pump));
		now_ns = run_now_ns(run);
		run_turn(run, now_ns);
	}
	run_finish(run);
}
