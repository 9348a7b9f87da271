#include <stdlib.h>

#include "base/check.h"
#include "campaign/driver.h"

/* The engine in this process, on the campaign's own loop. */
struct local_driver {
	struct driver base;
	struct run *run;
};

static struct run *
run_of(const struct driver *driver)
{
	return container_of(driver, const struct local_driver, base)->run;
}

static bool
local_start(struct driver *driver, const struct run_config *config, struct error *err)
{
	struct local_driver *local = container_of(driver, struct local_driver, base);

	local->run = run_new(config, err);
	return local->run != NULL;
}

static void
local_go(struct driver *driver)
{
	run_prefetch(run_of(driver));
	run_go(run_of(driver));
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
	return (struct driver_end){.run = run_end_of(run_of(driver)), .workers = 1};
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
local_driver_new(void)
{
	struct local_driver *local = must_alloc(sizeof(*local));

	local->base.ops = &local_driver_ops;
	return &local->base;
}
