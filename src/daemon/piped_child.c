#include "daemon/piped_child.h"

#include "base/check.h"
#include "daemon/yield.h"

#define OPEN_MS 1000 /* for what is still in the pipes when it is gone */

static void on_closed(uv_handle_t *handle);

static void
close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

/* The timer goes after the pipes, when the child's own handles, closed as it went, are closed too. */
static void
on_closed(uv_handle_t *handle)
{
	struct piped_child *child = handle->data;

	child->open_n--;
	if (child->open_n == 1 && child->is_gone)
		close_handle((uv_handle_t *)&child->late);
	if (child->open_n > 0)
		return;
	CHECK(!child->child.is_started || child->child.is_closed);
	child->config.on_end(child->config.context);
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *into)
{
	struct piped_child *child = handle->data;

	(void)suggested;
	*into = uv_buf_init(child->input, sizeof(child->input));
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *input)
{
	struct piped_child *child = stream->data;

	if (n < 0)
		close_handle((uv_handle_t *)stream);
	else
		child->config.on_bytes(child->config.context,
			stream == (uv_stream_t *)&child->pipes[PIPED_SAID] ? PIPED_SAID : PIPED_OUTPUT, input->base,
			(size_t)n);
}

static size_t
first_pipe(const struct piped_child *child)
{
	return child->config.has_input ? PIPED_INPUT : PIPED_OUTPUT;
}

static void
on_late(uv_timer_t *timer)
{
	struct piped_child *child = timer->data;

	for (size_t i = first_pipe(child); i < PIPED_N; i++)
		close_handle((uv_handle_t *)&child->pipes[i]);
	close_handle((uv_handle_t *)timer);
}

static void
on_exit_of_child(void *context, struct child *of)
{
	struct piped_child *child = context;

	(void)of;
	child->is_gone = true;
	if (child->config.on_exit != NULL)
		child->config.on_exit(child->config.context);
	if (child->config.has_input)
		close_handle((uv_handle_t *)&child->pipes[PIPED_INPUT]);
	/* What it wrote last may still be in the pipes, where these have not come to their end. */
	CHECK_OP(uv_timer_start(&child->late, on_late, child->open_n > 1 ? OPEN_MS : 0, 0), ==, 0);
}

static void
open_pipes(struct piped_child *child, uv_loop_t *loop, uv_stdio_container_t stdio[PIPED_N])
{
	stdio[PIPED_INPUT] = (uv_stdio_container_t){.flags = UV_IGNORE};
	for (size_t i = first_pipe(child); i < PIPED_N; i++) {
		CHECK_OP(uv_pipe_init(loop, &child->pipes[i], 0), ==, 0);
		child->pipes[i].data = child;
		stdio[i] = (uv_stdio_container_t){
			.flags = UV_CREATE_PIPE | (i == PIPED_INPUT ? UV_READABLE_PIPE : UV_WRITABLE_PIPE),
			.data.stream = (uv_stream_t *)&child->pipes[i]};
	}
	CHECK_OP(uv_timer_init(loop, &child->late), ==, 0);
	child->late.data = child;
	child->open_n = (unsigned)(PIPED_N - first_pipe(child)) + 1;
}

static bool
start(struct piped_child *child, uv_loop_t *loop, uv_stdio_container_t stdio[PIPED_N], struct error *err)
{
	const struct piped_child_config *config = &child->config;
	bool was_paused = !config->yields && yield_pause();
	bool is_started = child_start(&child->child, loop,
		&(struct child_config){.program = config->program,
			.arguments = config->arguments,
			.stdio = stdio,
			.shown = config->shown,
			.within_ns = config->within_ns,
			.stop_ns = config->stop_ns,
			.on_exit = on_exit_of_child,
			.context = child},
		err);

	yield_resume(was_paused);
	return is_started;
}

bool
piped_child_start(
	struct piped_child *child, uv_loop_t *loop, const struct piped_child_config *config, struct error *err)
{
	uv_stdio_container_t stdio[PIPED_N];

	child->config = *config;
	child->is_gone = false;
	open_pipes(child, loop, stdio);
	if (!start(child, loop, stdio, err)) {
		on_late(&child->late);
		return false;
	}
	for (size_t i = PIPED_OUTPUT; i < PIPED_N; i++)
		CHECK_OP(uv_read_start((uv_stream_t *)&child->pipes[i], on_alloc, on_read), ==, 0);
	return true;
}
