#include "campaign/sides.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"
#include "measure/verdict.h"

#define STOP_NS (2 * NS_PER_S) /* from SIGTERM to SIGKILL, of what a side left running */
#define ARGUMENTS_MAX 512

/* Passed, failed and inconclusive are ends that the other side is to be compared with. */
static bool
is_whole(const struct child *child)
{
	return child->term_signal == 0 && child->exit_status >= 0 && child->exit_status <= EXIT_INCONCLUSIVE &&
	       child->exit_status != EXIT_USAGE;
}

void
sides_signal(struct sides *sides, int signum)
{
	sides->is_ending = true;
	for (size_t i = 0; i < 2; i++)
		child_signal(&sides->children[i], signum);
}

static void
on_exit_of_side(void *context, struct child *child)
{
	struct sides *sides = context;

	if (!is_whole(child) && !sides->is_ending)
		sides_signal(sides, SIGINT);
}

/* The very program that runs now, wherever it was started from. */
static void
fill_arguments(const char **arguments, const struct sides_source *source, const char *dir, const char *arm,
	const char *parent, const char *workers)
{
	size_t n = 0;

	CHECK_OP(2 * source->settings_n + 16, <=, ARGUMENTS_MAX);
	arguments[n++] = "brunt";
	arguments[n++] = "run";
	for (size_t i = 0; i < source->settings_n; i++) {
		arguments[n++] = "--set";
		arguments[n++] = source->settings[i];
	}
	arguments[n++] = "--out";
	arguments[n++] = dir;
	arguments[n++] = "--arm";
	arguments[n++] = arm;
	arguments[n++] = "--suite";
	arguments[n++] = parent;
	if (source->workers > 0) {
		arguments[n++] = "--workers";
		arguments[n++] = workers;
	}
	if (source->formats != NULL) {
		arguments[n++] = "--format";
		arguments[n++] = source->formats;
	}
	arguments[n++] = "--quiet";
	arguments[n++] = "--";
	arguments[n++] = source->profile;
	arguments[n] = NULL;
}

static bool
start(struct sides *sides, size_t i, uv_loop_t *loop, const struct sides_source *source, const struct side_order *order,
	struct error *err)
{
	char arm[48], parent[16], workers[16];
	const char *arguments[ARGUMENTS_MAX];
	const struct child_config config = {.program = "/proc/self/exe",
		.arguments = arguments,
		.shown = "brunt run",
		.is_silent = true,
		.stop_ns = STOP_NS,
		.on_exit = on_exit_of_side,
		.context = sides};

	snprintf(arm, sizeof(arm), "%zu/%zu", order->arm, order->repeat);
	snprintf(parent, sizeof(parent), "%ld", (long)getpid());
	snprintf(workers, sizeof(workers), "%u", source->workers);
	fill_arguments(arguments, source, order->dir, arm, parent, workers);
	return child_start(&sides->children[i], loop, &config, err);
}

bool
sides_run(struct sides *sides, uv_loop_t *loop, const struct sides_source *source, const struct side_order orders[2],
	struct error *err)
{
	bool is_started = true;

	*sides = (struct sides){.is_ending = false};
	for (size_t i = 0; i < 2 && is_started; i++)
		is_started = !orders[i].is_wanted || start(sides, i, loop, source, &orders[i], err);
	if (!is_started)
		sides_signal(sides, SIGINT);
	for (size_t i = 0; i < 2; i++) {
		child_wait(&sides->children[i], loop, NULL);
		child_clear_group(&sides->children[i], loop);
	}
	return is_started;
}
