#include "fleet/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "measure/events.h"

void
worker_init(struct worker *worker, uint32_t index, const struct fleet_options *options)
{
	*worker = (struct worker){.index = index, .cut_ns = -1, .complete_ns = -1};
	worker->transport = options->transport != NULL ? options->transport->ops : &pipe_transport;
	snprintf(worker->name, sizeof(worker->name), "worker %u of %u", index + 1, options->workers);
	buf_init(&worker->lines, EVENT_LINE_MAX);
}

bool
worker_spawn(struct worker *worker, uv_loop_t *loop, const struct fleet_options *options, bool shares_target_cpu,
	struct error *err)
{
	return worker->transport->start(worker, loop, options, shares_target_cpu, err);
}

void
worker_say(struct worker *worker, const struct control *control)
{
	worker->transport->say(worker, control);
}

bool
worker_has_heard(const struct worker *worker)
{
	return worker->transport->has_heard == NULL || worker->transport->has_heard(worker);
}

void
worker_kill(struct worker *worker)
{
	if (worker->is_spawned && !worker->has_exited)
		worker->transport->kill(worker);
}

/* What was dealt with makes room. */
char *
worker_room(struct worker *worker, size_t suggested)
{
	struct buf *lines = &worker->lines;

	if (worker->taken > 0) {
		memmove(lines->bytes, lines->bytes + worker->taken, lines->length - worker->taken);
		lines->length -= worker->taken;
		worker->taken = 0;
	}
	return buf_reserve(lines, suggested) ? lines->bytes + lines->length : NULL;
}

void
worker_listen(struct worker *worker, bool is_listening)
{
	if (worker->has_eof || is_listening == worker->is_reading)
		return;
	worker->is_reading = is_listening;
	worker->transport->listen(worker, is_listening);
}

const char *
worker_next_line(struct worker *worker, size_t *length)
{
	size_t left = worker->lines.length - worker->taken;

	if (left == 0)
		return NULL;
	const char *line = worker->lines.bytes + worker->taken;
	const char *end = memchr(line, '\n', left);

	if (end == NULL)
		return NULL;
	*length = (size_t)(end - line);
	worker->taken += *length + 1;
	return line;
}

void
worker_close(struct worker *worker)
{
	if (worker->link != NULL)
		worker->transport->close(worker);
}

void
worker_fini(struct worker *worker)
{
	CHECK_OP(worker->handles_open, ==, 0);
	buf_fini(&worker->lines);
	free(worker->link);
}

const char *
worker_fate_text(const struct worker *worker, char *into, size_t size)
{
	if (worker->fate[0] != '\0')
		snprintf(into, size, "%s", worker->fate);
	else if (worker->term_signal != 0)
		snprintf(into, size, "was killed by signal %d (%s)", worker->term_signal,
			strsignal(worker->term_signal));
	else
		snprintf(into, size, "ended by itself, with exit code %d", worker->exit_status);
	return into;
}
