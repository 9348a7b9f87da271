#include "campaign/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

#define COMMAND_BYTES 65536
#define CLEAR_STEP_MS 10

static void
child_on_closed(uv_handle_t *handle)
{
	struct child *child = handle->data;

	child->is_closed = --child->handles_n == 0;
}

static void
child_close(struct child *child)
{
	uv_close((uv_handle_t *)&child->process, child_on_closed);
	uv_close((uv_handle_t *)&child->timer, child_on_closed);
}

static void
child_on_exit(uv_process_t *process, int64_t exit_status, int term_signal)
{
	struct child *child = process->data;

	child->is_running = false;
	child->exit_status = exit_status;
	child->term_signal = term_signal;
	child->exited_at_ns = clock_now_ns(&monotonic_clock);
	child_close(child);
	if (child->on_exit != NULL)
		child->on_exit(child->context, child);
}

static void
child_kill_group(const struct child *child, int signal)
{
	(void)kill(-child->process.pid, signal); /* gone already: that is what was wanted */
}

static void
child_on_timer(uv_timer_t *timer)
{
	struct child *child = timer->data;

	if (child->is_ending) {
		child_kill_group(child, SIGKILL);
		return;
	}
	child->is_overdue = true;
	child_end(child);
}

/* Without an `exec` the shell may stay in between and turn a signal into an exit code; only a plain command can take
 * it. */
static bool
command_is_plain(const char *command)
{
	return strpbrk(command, ";&|<>()`\n") == NULL && strncmp(command, "exec ", 5) != 0;
}

static void
child_init(struct child *child, uv_loop_t *loop, const struct child_config *config)
{
	*child = (struct child){.exited_at_ns = -1,
		.stop_ns = config->stop_ns,
		.on_exit = config->on_exit,
		.context = config->context,
		.handles_n = 2};
	CHECK_OP(uv_timer_init(loop, &child->timer), ==, 0);
	child->timer.data = child->process.data = child;
}

static uint64_t
ms_of(int64_t ns)
{
	return (uint64_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* "exec sleep 5" for the shell; false: too long. */
static bool
command_line(const struct child_config *config, char *into, size_t size)
{
	return (size_t)snprintf(into, size, "%s%s",
		       config->is_signalled && command_is_plain(config->command) ? "exec " : "",
		       config->command) < size;
}

static bool
is_among(const char *pair, const char *const *pairs)
{
	size_t length = strcspn(pair, "=") + 1;

	for (; *pairs != NULL; pairs++)
		if (strncmp(*pairs, pair, length) == 0)
			return true;
	return false;
}

/* Ours, but for what they say otherwise, and theirs; malloc'ed, the texts are not copied. NULL: ours alone. */
static char **
environment_with(const char *const *more)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; more != NULL && more[i] != NULL; i++)
		all++;
	for (size_t i = 0; environ[i] != NULL; i++)
		all++;
	if (more == NULL)
		return NULL;
	char **list = must_calloc(all + 1, sizeof(*list));

	for (size_t i = 0; more[i] != NULL; i++)
		list[n++] = (char *)(uintptr_t)more[i]; /* uv_spawn only reads them */
	for (size_t i = 0; environ[i] != NULL; i++)
		if (!is_among(environ[i], more))
			list[n++] = environ[i];
	return list;
}

bool
child_start(struct child *child, uv_loop_t *loop, const struct child_config *config, struct error *err)
{
	char line[COMMAND_BYTES] = "";
	char *of_shell[] = {"sh", "-c", line, NULL};
	uv_stdio_container_t ours = {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO}, none = {.flags = UV_IGNORE};
	uv_stdio_container_t stdio[] = {none, config->is_silent ? none : ours, ours};
	uv_process_options_t options = {
		.file = config->command != NULL ? "/bin/sh" : config->program,
		.args = config->command != NULL ? of_shell
						: (char **)(uintptr_t)config->arguments, /* uv_spawn only reads them */
		.exit_cb = child_on_exit,
		.flags = UV_PROCESS_DETACHED,
		.stdio = config->stdio != NULL ? config->stdio : stdio,
		.stdio_count = 3,
	};

	if (config->command != NULL && !command_line(config, line, sizeof(line)))
		return error_set(err, "the command is longer than %zu bytes", sizeof(line));
	child_init(child, loop, config);
	options.env = environment_with(config->environment);
	int error = uv_spawn(loop, &child->process, &options);

	free(options.env);
	if (error != 0) {
		child_close(child);
		while (!child->is_closed)
			uv_run(loop, UV_RUN_ONCE);
		return error_set(err, "cannot start '%s': %s", config->shown, uv_strerror(error));
	}
	child->is_started = child->is_running = true;
	if (config->within_ns > 0)
		CHECK_OP(uv_timer_start(&child->timer, child_on_timer, ms_of(config->within_ns), 0), ==, 0);
	return true;
}

void
child_signal(const struct child *child, int signal)
{
	if (child->is_running)
		(void)kill(child->process.pid, signal); /* gone already: its exit will tell */
}

void
child_end(struct child *child)
{
	if (!child->is_running || child->is_ending)
		return;
	child->is_ending = true;
	child_kill_group(child, SIGTERM);
	CHECK_OP(uv_timer_start(&child->timer, child_on_timer, ms_of(child->stop_ns), 0), ==, 0);
}

void
child_wait(struct child *child, uv_loop_t *loop, const bool *is_interrupted)
{
	while (child->is_started && !child->is_closed) {
		if (is_interrupted != NULL && *is_interrupted)
			child_end(child);
		uv_run(loop, UV_RUN_ONCE);
	}
}

static bool
group_is_there(const struct child *child)
{
	return kill(-child->process.pid, 0) == 0 || errno == EPERM;
}

static void
nothing(uv_timer_t *timer)
{
	(void)timer;
}

static void
on_step_closed(uv_handle_t *handle)
{
	*(bool *)handle->data = true;
}

void
child_clear_group(struct child *child, uv_loop_t *loop)
{
	int64_t deadline_ns = clock_now_ns(&monotonic_clock) + child->stop_ns;
	bool is_closed = false;
	uv_timer_t step;

	CHECK(!child->is_running);
	if (!child->is_started || !group_is_there(child))
		return;
	child_kill_group(child, SIGTERM);
	CHECK_OP(uv_timer_init(loop, &step), ==, 0);
	step.data = &is_closed;
	CHECK_OP(uv_timer_start(&step, nothing, CLEAR_STEP_MS, CLEAR_STEP_MS), ==, 0);
	while (group_is_there(child) && clock_now_ns(&monotonic_clock) < deadline_ns)
		uv_run(loop, UV_RUN_ONCE);
	child_kill_group(child, SIGKILL);
	uv_close((uv_handle_t *)&step, on_step_closed);
	while (!is_closed)
		uv_run(loop, UV_RUN_ONCE);
}

const char *
child_fate_text(const struct child *child, char *into, size_t size)
{
	if (child->is_overdue)
		snprintf(into, size, "took too long and was ended");
	else if (child->term_signal != 0)
		snprintf(into, size, "was ended by signal %d (%s)", child->term_signal, strsignal(child->term_signal));
	else
		snprintf(into, size, "ended with exit status %d", (int)child->exit_status);
	return into;
}
