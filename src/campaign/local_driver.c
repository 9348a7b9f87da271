#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/units.h"
#include "campaign/driver.h"

/* The engine in this process, on the campaign's own loop. */
struct local_driver {
	struct driver base;
	struct run *run;
	const struct clock *clock;
	int64_t start_at_wall_ns; /* 0: as soon as possible */
	bool has_failed;
	char text[160];
};

static struct run *
run_of(const struct driver *driver)
{
	return container_of(driver, const struct local_driver, base)->run;
}

static bool
is_too_late(struct local_driver *local)
{
	char late[32];
	int64_t ahead_ns = local->start_at_wall_ns - wall_now_ns();

	if (local->start_at_wall_ns == 0 || ahead_ns > 0)
		return false;
	snprintf(local->text, sizeof(local->text),
		"the load was to begin %s before all was ready for it; nothing was sent: leave more time before --start-at",
		units_time_text(-ahead_ns, late, sizeof(late)));
	return true;
}

static bool
local_start(struct driver *driver, const struct run_config *config, struct error *err)
{
	struct local_driver *local = container_of(driver, struct local_driver, base);

	if (is_too_late(local))
		return error_set(err, "%s", local->text);
	local->clock = config->clock;
	local->run = run_new(config, err);
	return local->run != NULL;
}

/* The clock that is measured by stands to the wall as it does now: asked as late as possible, since a wall is set. */
static void
local_set_beginning(struct local_driver *local)
{
	int64_t ahead_ns = local->start_at_wall_ns - wall_now_ns();

	local->has_failed = is_too_late(local);
	if (!local->has_failed) {
		run_start_at(local->run, clock_now_ns(local->clock) + ahead_ns);
		return;
	}
	run_start_at(local->run, clock_now_ns(local->clock) + NS_PER_S);
	run_control(local->run, &(struct control){.kind = CONTROL_STOP, .at_ns = -1});
}

static void
local_go(struct driver *driver)
{
	struct local_driver *local = container_of(driver, struct local_driver, base);

	run_prefetch(local->run);
	if (local->start_at_wall_ns != 0)
		local_set_beginning(local);
	run_go(local->run);
}

static void
local_control(struct driver *driver, const struct control *control)
{
	run_control(run_of(driver), control);
}

static void
local_recover(struct driver *driver)
{
	run_recover(run_of(driver));
}

static void
local_repeat(struct driver *driver, uint32_t level)
{
	run_repeat(run_of(driver), level);
}

static void
local_interrupt(struct driver *driver)
{
	run_interrupt(run_of(driver));
}

static void
local_add_reading(struct driver *driver, bool is_self, const struct reading *reading)
{
	run_add_reading(run_of(driver), is_self, reading);
}

static void
local_add_scraped(struct driver *driver, const struct scraped *scraped)
{
	run_add_scraped(run_of(driver), scraped);
}

static void
local_give_interval(struct driver *driver, struct interval *interval)
{
	run_give_interval(run_of(driver), interval);
}

static int64_t
local_now_ns(const struct driver *driver)
{
	return run_now_ns(run_of(driver));
}

static struct driver_end
local_end_of(const struct driver *driver)
{
	const struct local_driver *local = container_of(driver, const struct local_driver, base);
	struct driver_end end = {.run = run_end_of(local->run), .workers = 1, .has_failed = local->has_failed};

	snprintf(end.text, sizeof(end.text), "%s", local->text);
	return end;
}

static void
local_free(struct driver *driver)
{
	struct local_driver *local = container_of(driver, struct local_driver, base);

	if (local->run != NULL)
		run_free(local->run);
	free(local);
}

static const struct driver_ops local_driver_ops = {
	.name = "local",
	.start = local_start,
	.go = local_go,
	.control = local_control,
	.recover = local_recover,
	.repeat = local_repeat,
	.interrupt = local_interrupt,
	.add_reading = local_add_reading,
	.add_scraped = local_add_scraped,
	.give_interval = local_give_interval,
	.now_ns = local_now_ns,
	.end_of = local_end_of,
	.free = local_free,
};

struct driver *
local_driver_new(int64_t start_at_wall_ns)
{
	struct local_driver *local = must_alloc(sizeof(*local));

	local->start_at_wall_ns = start_at_wall_ns;
	local->base.ops = &local_driver_ops;
	return &local->base;
}
