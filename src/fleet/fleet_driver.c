#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "fleet/leader_parts.h"

/* What all are to do at one moment lies so far ahead. */
#define LEVEL_AHEAD_NS (50 * NS_PER_MS)
#define SILENCE_TOLD_TICKS 3

static struct fleet *
fleet_of(const struct driver *driver)
{
	return (struct fleet *)(uintptr_t)container_of(driver, const struct fleet, base);
}

/* More workers than CPUs: whoever spins takes one from another. */
static bool
workers_share_cpus(uint32_t workers)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && workers > (uint32_t)CPU_COUNT(&cpus);
}

static bool
fleet_start(struct driver *driver, const struct run_config *config, struct error *err)
{
	struct fleet *fleet = fleet_of(driver);

	fleet->config = *config;
	fleet->plan = config->plan;
	fleet->config.shares_target_cpu |=
		fleet->transport == &pipe_transport && workers_share_cpus(fleet->options.workers);
	if (!run_check(fleet->plan, 0, fleet->options.workers, err))
		return false;
	fleet->workers = must_calloc(fleet->options.workers, sizeof(*fleet->workers));
	fleet->records = must_calloc(fleet->options.workers, sizeof(*fleet->records));
	fleet->levels = must_calloc(SUMMARY_LEVELS_MAX, sizeof(*fleet->levels));
	fleet->spans = must_calloc(FLEET_SPANS_MAX, sizeof(*fleet->spans));
	for (uint32_t i = 0; i < fleet->options.workers; i++)
		worker_init(&fleet->workers[i], i, &fleet->options);
	merger_init(&fleet->merger, fleet->plan, fleet->options.workers);
	return true;
}

static void
fleet_run(struct driver *driver)
{
	fleet_go(fleet_of(driver));
}

static void
fleet_steer(struct fleet *fleet, const struct control *control)
{
	struct control level = *control;
	int64_t soonest_ns = fleet_now_ns(fleet) + LEVEL_AHEAD_NS;

	if (fleet->t0_ns < 0) {
		log_warn("control: the workers are not ready; a level was left out");
		return;
	}
	if (level.at_ns < soonest_ns)
		level.at_ns = soonest_ns > 0 ? soonest_ns : 0;
	fleet->is_steered = true;
	fleet_say_all(fleet, &level);
}

static void
fleet_control(struct driver *driver, const struct control *control)
{
	struct fleet *fleet = fleet_of(driver);

	if (control_is_of_leader(control))
		log_warn("control: nobody leads this run: level, drain or stop is wanted");
	else if (control->kind == CONTROL_LEVEL)
		fleet_steer(fleet, control);
	else {
		fleet->wants_drain = true;
		fleet->wants_stop = fleet->wants_stop || control->kind == CONTROL_STOP;
	}
}

static bool
may_go_back(const struct fleet *fleet)
{
	return fleet->state == FLEET_LOADED && !fleet->is_stopping && !fleet->wants_drain && !fleet->is_steered;
}

static uint32_t
span_after(const struct fleet *fleet)
{
	return fleet->levels_n > 0 ? fleet_span_of(fleet, fleet->levels_n - 1) + 1 : 0;
}

static void
fleet_recover(struct driver *driver)
{
	struct fleet *fleet = fleet_of(driver);

	if (!may_go_back(fleet) || fleet->phase > RUN_MEASURE || fleet->wants_recover || fleet->is_pausing)
		return;
	fleet->wants_recover = true;
	fleet->resume_span = span_after(fleet);
}

static void
fleet_repeat(struct driver *driver, uint32_t level)
{
	struct fleet *fleet = fleet_of(driver);
	uint32_t span = fleet_span_of(fleet, level);

	if (!may_go_back(fleet))
		return;
	if (!fleet->is_pausing || span < fleet->resume_span)
		fleet->resume_span = span;
	fleet->wants_recover = !fleet->is_pausing;
}

static void
fleet_interrupt(struct driver *driver)
{
	struct fleet *fleet = fleet_of(driver);

	fleet->end.run.was_interrupted = true;
	fleet->wants_drain = true;
	fleet->wants_stop = ++fleet->interrupts > 1;
}

/* The level whose window runs at that time. */
static uint32_t
level_at(const struct fleet *fleet, int64_t at_ns)
{
	uint32_t last = fleet->declared_n - 1;

	if (fleet->phase >= RUN_RECOVER)
		return LEVEL_NONE;
	if (fleet->declared_n > 0 && at_ns >= fleet->levels[last].start_ns)
		return at_ns < fleet->levels[last].end_ns ? last : LEVEL_NONE;
	return fleet->declared_n == 0 && fleet->warmup.is_declared && at_ns < fleet->warmup.end_ns ? LEVEL_WARMUP
												   : LEVEL_NONE;
}

/* The workers look at themselves; the leader drives no load, so that what it takes limits none. */
static void
fleet_add_reading(struct driver *driver, bool is_self, const struct reading *reading)
{
	struct fleet *fleet = fleet_of(driver);
	struct reading stamped = *reading;

	stamped.at_ns = fleet_now_ns(fleet);
	if (is_self || stamped.at_ns < 0 || fleet->state >= FLEET_ENDING)
		return;
	merger_add_target_reading(&fleet->merger, level_at(fleet, stamped.at_ns), &stamped);
}

static void
fleet_add_scraped(struct driver *driver, const struct scraped *scraped)
{
	struct fleet *fleet = fleet_of(driver);
	int64_t now_ns = fleet_now_ns(fleet);

	if (now_ns >= 0 && fleet->state < FLEET_ENDING)
		merger_add_scraped(&fleet->merger, level_at(fleet, now_ns), scraped);
}

static void
fleet_give_interval(struct driver *driver, struct interval *interval)
{
	struct fleet *fleet = fleet_of(driver);

	CHECK_OP(fleet->intervals_out, >, 0);
	fleet->intervals_out--;
	merger_give(&fleet->merger, interval);
}

static int64_t
fleet_driver_now_ns(const struct driver *driver)
{
	return fleet_now_ns(fleet_of(driver));
}

static struct driver_end
fleet_end_of(const struct driver *driver)
{
	return fleet_of(driver)->end;
}

/* What became of it; or, of one that says every second that it lives, that it does not. */
static void
describe_state(const struct fleet *fleet, const struct worker *worker, struct shard_record *record)
{
	if (record->is_lost)
		snprintf(record->text, sizeof(record->text), "%s", worker->fate);
	else if (fleet->transport->beats_missed_max > 0 && worker_is_living(worker) &&
		 worker->silent_ticks >= SILENCE_TOLD_TICKS)
		snprintf(record->text, sizeof(record->text), "not heard of for %u s", worker->silent_ticks);
}

static struct shard_records
fleet_shards(struct driver *driver)
{
	struct fleet *fleet = fleet_of(driver);

	if (fleet->workers == NULL || fleet->end.has_failed)
		return (struct shard_records){.n = 0};
	for (uint32_t i = 0; i < fleet->options.workers; i++) {
		const struct worker *worker = &fleet->workers[i];
		struct shard_record *record = &fleet->records[i];

		*record = (struct shard_record){.is_lost = worker->state == WORKER_LOST};
		merger_account(&fleet->merger, i, record);
		describe_state(fleet, worker, record);
		if (fleet->transport->describe != NULL)
			fleet->transport->describe(worker, record);
	}
	return (struct shard_records){fleet->records, fleet->options.workers};
}

static void
fleet_free(struct driver *driver)
{
	struct fleet *fleet = fleet_of(driver);

	for (uint32_t i = 0; fleet->workers != NULL && i < fleet->options.workers; i++)
		worker_fini(&fleet->workers[i]);
	if (fleet->workers != NULL)
		merger_fini(&fleet->merger);
	free(fleet->workers);
	free(fleet->levels);
	free(fleet->spans);
	free(fleet->records);
	free(fleet);
}

static const struct driver_ops fleet_driver_ops = {
	.name = "fleet",
	.start = fleet_start,
	.go = fleet_run,
	.control = fleet_control,
	.recover = fleet_recover,
	.repeat = fleet_repeat,
	.interrupt = fleet_interrupt,
	.add_reading = fleet_add_reading,
	.add_scraped = fleet_add_scraped,
	.give_interval = fleet_give_interval,
	.now_ns = fleet_driver_now_ns,
	.end_of = fleet_end_of,
	.shards = fleet_shards,
	.free = fleet_free,
};

struct driver *
fleet_driver_new(const struct fleet_options *options)
{
	struct fleet *fleet = must_alloc(sizeof(*fleet));

	fleet->base.ops = &fleet_driver_ops;
	fleet->options = *options;
	fleet->transport = options->transport != NULL ? options->transport->ops : &pipe_transport;
	fleet->end.is_of_others = fleet->transport->gather != NULL;
	fleet->end.workers = options->workers;
	fleet->t0_ns = -1;
	return &fleet->base;
}
