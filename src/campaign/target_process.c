#include "campaign/target_process.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "campaign/listener.h"

#define POLL_STEP_NS (20 * NS_PER_MS)

static void
target_on_closed(uv_handle_t *handle)
{
	struct target_process *target = container_of((uv_process_t *)handle, struct target_process, process);

	target->is_closed = true;
}

static void
target_on_exit(uv_process_t *process, int64_t exit_status, int term_signal)
{
	struct target_process *target = container_of(process, struct target_process, process);

	target->is_running = false;
	target->exit_status = exit_status;
	target->term_signal = term_signal;
	target->exited_at_ns = clock_now_ns(&monotonic_clock);
	uv_close((uv_handle_t *)process, target_on_closed);
}

/* Without an `exec` the shell may stay in between and turn a signal into an exit code; only a plain command can take
 * it. */
static bool
command_is_plain(const char *command)
{
	return strpbrk(command, ";&|<>()`\n") == NULL && strncmp(command, "exec ", 5) != 0;
}

static bool
target_spawn(struct target_process *target, uv_loop_t *loop, const char *command, struct error *err)
{
	char line[8192];

	if ((size_t)snprintf(line, sizeof(line), "%s%s", command_is_plain(command) ? "exec " : "", command) >=
		sizeof(line))
		return error_set(err, "target.command is longer than %zu bytes", sizeof(line));
	char *arguments[] = {"sh", "-c", line, NULL};
	uv_stdio_container_t stdio[] = {
		{.flags = UV_IGNORE},
		{.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
		{.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
	};
	uv_process_options_t options = {
		.file = "/bin/sh",
		.args = arguments,
		.exit_cb = target_on_exit,
		.flags = UV_PROCESS_DETACHED,
		.stdio = stdio,
		.stdio_count = 3,
	};
	int error = uv_spawn(loop, &target->process, &options);

	if (error != 0) {
		uv_close((uv_handle_t *)&target->process, target_on_closed);
		while (!target->is_closed)
			uv_run(loop, UV_RUN_ONCE);
		return error_set(err, "target.command: cannot start '%s': %s", command, uv_strerror(error));
	}
	target->is_started = target->is_running = true;
	return true;
}

static void
pause_once(uv_loop_t *loop)
{
	struct timespec step = {.tv_nsec = POLL_STEP_NS};

	nanosleep(&step, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

static void
say_not_ready(const struct target_process *target, const struct plan *plan, struct error *err)
{
	const struct plan_command *command = &plan->target.process;
	char ready[32];

	if (!target->is_running)
		error_set(err, "target.command '%s' ended (exit %d, signal %d) before it accepted connections at %s",
			command->command, (int)target->exit_status, target->term_signal, plan->target.url.text);
	else
		error_set(err, "target.command '%s' did not accept connections at %s within %s", command->command,
			plan->target.url.text, units_time_text(command->ready_ns, ready, sizeof(ready)));
}

bool
target_process_start(struct target_process *target, uv_loop_t *loop, const struct plan *plan,
	const struct addresses *addresses, const bool *is_interrupted, struct error *err)
{
	const struct plan_command *command = &plan->target.process;
	int64_t deadline_ns = clock_now_ns(&monotonic_clock) + command->ready_ns;

	*target = (struct target_process){.exited_at_ns = -1, .stop_ns = command->stop_ns};
	if (!target_spawn(target, loop, command->command, err))
		return false;
	while (target->is_running && !*is_interrupted && clock_now_ns(&monotonic_clock) < deadline_ns) {
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
	int64_t deadline_ns = clock_now_ns(&monotonic_clock) + target->stop_ns;

	if (!target->is_started)
		return;
	kill(-target->process.pid, SIGTERM); /* its children too, also when it is gone itself */
	while (target->is_running && clock_now_ns(&monotonic_clock) < deadline_ns)
		pause_once(loop);
	kill(-target->process.pid, SIGKILL);
	while (!target->is_closed)
		pause_once(loop);
	target->is_started = false;
}
