#include "base/check.h"
#include "cluster/cluster.h"

static void
on_message(void *context, const struct bus_message *message)
{
	(void)context;
	(void)message;
}

static void
on_connected(void *context, bool is_connected)
{
	(void)context;
	(void)is_connected;
}

bool
cluster_stop_all(const struct bus_options *options, struct error *err)
{
	struct bus_events events = {.on_message = on_message, .on_connected = on_connected};
	uv_loop_t loop;

	CHECK_OP(uv_loop_init(&loop), ==, 0);
	struct bus *bus = bus_open(&loop, options, &events, err);

	if (bus != NULL) {
		bus_say(bus, "brunt.stop", NULL, NULL, "", 0);
		bus_close(bus);
	}
	while (uv_run(&loop, UV_RUN_NOWAIT) != 0)
		;
	CHECK_OP(uv_loop_close(&loop), ==, 0);
	return bus != NULL;
}
