#include "campaign/target_process.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/units.h"
#include "campaign/listener.h"
#include "plan/course.h"

#define POLL_STEP_NS (20 * NS_PER_MS)

static bool
target_spawn(struct target_process *target, uv_loop_t *loop, const struct plan_command *command, struct error *err)
{
	struct child_config config = {.command = command->command,
		.shown = command->command,
		.is_signalled = true,
		.stop_ns = command->stop_ns};
	struct error why = {0};

	return child_start(&target->child, loop, &config, &why) || error_set(err, "target.command: %s", why.message);
}

static void
pause_once(uv_loop_t *loop)
{
	struct timespec step = {.tv_nsec = POLL_STEP_NS};

	nanosleep(&step, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

/* Where `ready` is polled afterwards, its deadline is long enough for this, too. */
static int64_t
deadline_after_ns(const struct plan *plan)
{
	int64_t ready_ns = plan->target.process.ready_ns;
	const struct plan_ready *polled = plan->course != NULL ? &plan->course->ready : NULL;

	return polled != NULL && polled->fetch.place.shown != NULL && polled->within_ns > ready_ns ? polled->within_ns
												   : ready_ns;
}

static void
say_not_ready(const struct target_process *target, const struct plan *plan, struct error *err)
{
	const struct plan_command *command = &plan->target.process;
	char ready[32];

	if (!target->child.is_running)
		error_set(err, "target.command '%s' ended (exit %d, signal %d) before it accepted connections at %s",
			command->command, (int)target->child.exit_status, target->child.term_signal,
			plan->target.url.text);
	else
		error_set(err, "target.command '%s' did not accept connections at %s within %s", command->command,
			plan->target.url.text, units_time_text(deadline_after_ns(plan), ready, sizeof(ready)));
}

bool
target_process_start(struct target_process *target, uv_loop_t *loop, const struct plan *plan,
	const struct addresses *addresses, const bool *is_interrupted, struct error *err)
{
	const struct plan_command *command = &plan->target.process;

	*target = (struct target_process){.started_ns = clock_now_ns(&monotonic_clock)};
	int64_t deadline_ns = target->started_ns + deadline_after_ns(plan);

	if (!target_spawn(target, loop, command, err))
		return false;
	while (target->child.is_running && !*is_interrupted && clock_now_ns(&monotonic_clock) < deadline_ns) {
		if (listener_accepts(addresses))
			return true;
		pause_once(loop);
	}
	if (!*is_interrupted)
		say_not_ready(target, plan, err);
	target_process_stop(target, loop);
	return false;
}

void
target_process_stop(struct target_process *target, uv_loop_t *loop)
{
	child_end(&target->child);
	child_wait(&target->child, loop, NULL);
	child_clear_group(&target->child, loop); /* its children too, also when it is gone itself */
	target->child.is_started = false;
}
