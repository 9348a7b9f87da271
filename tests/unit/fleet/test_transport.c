#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "fleet/leader_parts.h"
#include "measure/events.h"
#include "unit/engine/plans.h"

#define WORKERS 2

/* A transport whose workers announce themselves and then say and hear nothing. */
struct fake {
	struct transport base;
	const struct plan *plan;
	uv_timer_t ticks;
	bool refuses, has_ticks;
	unsigned started, starts_said, killed, released;
};

static void
on_tick(uv_timer_t *timer)
{
	(void)timer;
}

static bool
fake_gather(struct transport *transport, uv_loop_t *loop, const struct fleet_options *options, const bool *is_stopped,
	struct error *err)
{
	struct fake *fake = container_of(transport, struct fake, base);

	(void)options;
	assert_false(*is_stopped);
	assert_int_equal(uv_timer_init(loop, &fake->ticks), 0);
	assert_int_equal(uv_timer_start(&fake->ticks, on_tick, 5, 5), 0);
	fake->has_ticks = true;
	return !fake->refuses || error_set(err, "2 are wanted, and 1 is there");
}

static bool
fake_start(struct worker *worker, uv_loop_t *loop, const struct fleet_options *options, bool shares_target_cpu,
	struct error *err)
{
	struct fake *fake = container_of(options->transport, struct fake, base);

	(void)loop;
	(void)shares_target_cpu;
	(void)err;
	worker->link = NULL;
	worker->is_spawned = true;
	fake->started++;
	buf_printf(&worker->lines,
		"{\"event\":\"run\",\"v\":1,\"id\":\"\",\"hash\":\"%s\",\"requests\":[\"root\"],\"shard\":%u,\"shards\":%u}\n",
		fake->plan->hash, worker->index, WORKERS);
	return true;
}

static struct fake *the_fake;

static void
fake_say(struct worker *worker, const struct control *control)
{
	(void)worker;
	the_fake->starts_said += control->kind == CONTROL_START;
}

static bool
fake_has_heard(const struct worker *worker)
{
	return worker->index == 0;
}

static void
fake_kill(struct worker *worker)
{
	the_fake->killed++;
	worker->has_eof = worker->has_exited = true;
}

static void
fake_listen(struct worker *worker, bool is_listening)
{
	(void)worker;
	(void)is_listening;
}

static void
fake_release(struct transport *transport)
{
	struct fake *fake = container_of(transport, struct fake, base);

	fake->released++;
	if (fake->has_ticks)
		uv_close((uv_handle_t *)&fake->ticks, NULL);
}

static const struct transport_ops fake_transport = {
	.name = "fake",
	.beats_missed_max = 8,
	.start_ahead_ns = 200 * NS_PER_MS,
	.gather = fake_gather,
	.start = fake_start,
	.say = fake_say,
	.has_heard = fake_has_heard,
	.kill = fake_kill,
	.listen = fake_listen,
	.release = fake_release,
};

static void
on_phase(void *context, enum run_phase phase, int64_t at_ns)
{
	(void)context;
	(void)at_ns;
	assert_int_equal(phase, RUN_BASELINE); /* no load ever began */
}

static void
on_end(void *context)
{
	(void)context;
}

static struct driver_end
drive(struct fake *fake)
{
	static const struct run_events events = {.on_phase = on_phase, .on_end = on_end};
	struct plan *plan = plan_of("load: {steady: {rate: 9/s, for: 1s}}\n");
	struct fleet_options options = {.workers = WORKERS, .transport = &fake->base};
	struct error err = {0};
	uv_loop_t loop;

	fake->plan = plan;
	the_fake = fake;
	fake->base.ops = &fake_transport;
	struct driver *driver = fleet_driver_new(&options);

	assert_int_equal(uv_loop_init(&loop), 0);
	struct run_config config = {
		.plan = plan, .loop = &loop, .clock = &monotonic_clock, .shards = 1, .events = &events};

	assert_true(driver->ops->start(driver, &config, &err));
	driver->ops->go(driver);
	struct driver_end end = driver->ops->end_of(driver);

	assert_int_equal(driver->ops->shards(driver).n, 0);
	driver->ops->free(driver);
	while (uv_run(&loop, UV_RUN_NOWAIT) != 0)
		;
	assert_int_equal(uv_loop_close(&loop), 0);
	plan_free(plan);
	return end;
}

static void
test_where_not_all_confirm_in_time_when_to_begin_nobody_begins(void **state)
{
	struct fake fake = {.refuses = false};
	struct driver_end end = drive(&fake);

	(void)state;
	assert_int_equal(fake.starts_said, WORKERS);
	assert_int_equal(fake.killed, WORKERS);
	assert_int_equal(fake.released, 1);
	assert_true(end.has_failed && end.is_of_others);
	assert_string_equal(end.text, "not all of 2 workers confirmed in time when to begin; nothing was sent");
}

static void
test_where_too_few_are_there_nobody_is_asked(void **state)
{
	struct fake fake = {.refuses = true};
	struct driver_end end = drive(&fake);

	(void)state;
	assert_int_equal(fake.started, 0);
	assert_int_equal(fake.released, 1);
	assert_true(end.has_failed && end.is_of_others);
	assert_string_equal(end.text, "2 are wanted, and 1 is there");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_not_all_confirm_in_time_when_to_begin_nobody_begins),
		cmocka_unit_test(test_where_too_few_are_there_nobody_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
