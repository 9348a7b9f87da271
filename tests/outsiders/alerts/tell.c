/* tell KIND WHAT [SECRET] < one line per step: tells a sink of an alert, for Python's hmac, a shell and Alertmanager to
 * look at.
 *
 *     fire NUMBER NAME      recover NUMBER NAME      wait MS      (afterwards until nothing waits, or 5 s)
 *
 * TRIES: of each, 3 where it is not said. In the end: told, failed, lost, what waits, and the last failure, a line
 * each. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "daemon/sink.h"

static void
turn_for(uv_loop_t *loop, const struct sinks *sinks, int64_t for_ns, bool until_told)
{
	int64_t until_ns = clock_now_ns(&monotonic_clock) + for_ns;

	while (clock_now_ns(&monotonic_clock) < until_ns && !(until_told && sinks_waiting(sinks) == 0)) {
		uv_run(loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

static struct alert
alert_of(uint64_t number, const char *name)
{
	int64_t now_ns = wall_now_ns();
	struct alert alert = {.number = number,
		.severity = ALERT_CRITICAL,
		.course = {.state = ALERT_FIRING, .since_ns = now_ns - 10 * NS_PER_S, .fired_ns = now_ns},
		.value = 1.5e9,
		.threshold = NAN};

	snprintf(alert.rule, sizeof(alert.rule), "slow");
	snprintf(alert.name, sizeof(alert.name), "%s", name);
	snprintf(alert.run, sizeof(alert.run), "20261122T020000Z-1a2b3c");
	snprintf(alert.text, sizeof(alert.text),
		"p95 is 1.50s (p95 > 1s): \"quoted\", <b>marked</b>, $(echo x), \xc3\xbc");
	snprintf(alert.advice, sizeof(alert.advice), "look at it");
	return alert;
}

static void
step(uv_loop_t *loop, struct sinks *sinks, const char *line)
{
	char what[16], name[65] = "";
	uint64_t number;

	if (sscanf(line, "%15s %" SCNu64 " %64s", what, &number, name) < 2)
		exit(2);
	if (strcmp(what, "wait") == 0) {
		turn_for(loop, sinks, (int64_t)number * NS_PER_MS, false);
		return;
	}
	struct alert alert = alert_of(number, name);
	bool has_recovered = strcmp(what, "recover") == 0;

	alert.ended_ns = has_recovered ? wall_now_ns() : 0;
	sinks_tell(sinks, NULL, &alert, has_recovered ? ALERT_RECOVERED : ALERT_FIRED);
}

int
main(int argc, char **argv)
{
	uv_loop_t loop;
	struct error err = {0};
	struct sink_status status;
	char line[256];

	if (argc < 3)
		return 2;
	const struct sink_wish wish = {.name = "test",
		.webhook = strcmp(argv[1], "webhook") == 0 ? argv[2] : NULL,
		.command = strcmp(argv[1], "command") == 0 ? argv[2] : NULL,
		.alertmanager = strcmp(argv[1], "alertmanager") == 0 ? argv[2] : NULL,
		.secret = argc > 3 ? argv[3] : NULL,
		.timeout_ns = 500 * NS_PER_MS,
		.tries = getenv("TRIES") != NULL ? strtoull(getenv("TRIES"), NULL, 10) : 3,
		.remind_ns = NS_PER_S};

	CHECK_OP(uv_loop_init(&loop), ==, 0);
	struct sinks *sinks = sinks_new(&loop);

	bool is_added = sinks_add(sinks, &wish, &err);

	while (is_added && fgets(line, sizeof(line), stdin) != NULL)
		step(&loop, sinks, line);
	turn_for(&loop, sinks, 5 * NS_PER_S, true);
	if (is_added) {
		sinks_status(sinks, 0, &status);
		printf("%" PRIu64 "\n%" PRIu64 "\n%" PRIu64 "\n%zu\n%s\n", status.told, status.failed, status.lost,
			status.waiting, status.last_failure);
	} else
		printf("! %s\n", err.message);
	sinks_close(sinks, NULL, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_OP(uv_loop_close(&loop), ==, 0);
	return is_added ? 0 : 1;
}
