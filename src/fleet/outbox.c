#include "fleet/outbox.h"

#include <errno.h>
#include <unistd.h>

#include "base/check.h"
#include "campaign/background.h"

void
outbox_init(struct outbox *outbox, uv_loop_t *loop, const struct plan *plan, int fd)
{
	*outbox = (struct outbox){.loop = loop, .plan = plan, .fd = fd};
	buf_init(&outbox->before, OUTBOX_LINES_MAX);
	buf_init(&outbox->after, OUTBOX_LINES_MAX);
	buf_init(&outbox->job, OUTBOX_LINES_MAX);
	buf_init(&outbox->running_after, OUTBOX_LINES_MAX);
}

void
outbox_fini(struct outbox *outbox)
{
	CHECK(!outbox->is_busy);
	buf_fini(&outbox->before);
	buf_fini(&outbox->after);
	buf_fini(&outbox->job);
	buf_fini(&outbox->running_after);
}

struct buf *
outbox_lines(struct outbox *outbox)
{
	return outbox->waiting != NULL ? &outbox->after : &outbox->before;
}

static bool
write_all(int fd, const struct buf *lines)
{
	size_t written = 0;

	while (written < lines->length) {
		ssize_t n = write(fd, lines->bytes + written, lines->length - written);

		if (n < 0 && errno != EINTR)
			return false;
		written += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static void
outbox_work(struct background_work *work)
{
	struct outbox *outbox = container_of(work, struct outbox, work);

	if (outbox->running != NULL && outbox->running->end_ns > outbox->running->start_ns) {
		background_encode(outbox->running);
		event_encode_interval(&outbox->job, outbox->running, outbox->plan);
	}
	buf_add(&outbox->job, outbox->running_after.bytes, outbox->running_after.length);
	/* A line that did not fit would be missing without a trace. */
	outbox->is_broken = outbox->is_broken || outbox->job.overflowed || !write_all(outbox->fd, &outbox->job);
	buf_clear(&outbox->job);
	buf_clear(&outbox->running_after);
}

static void
outbox_after_work(struct background_work *work, int status)
{
	struct outbox *outbox = container_of(work, struct outbox, work);
	struct interval *written = outbox->running;

	CHECK_OP(status, ==, 0);
	outbox->running = NULL;
	outbox->is_busy = false;
	if (written != NULL)
		outbox->on_interval_written(outbox->context, written);
	if (outbox->is_broken)
		outbox->on_broken(outbox->context);
	outbox_send(outbox);
}

static void
buf_swap(struct buf *a, struct buf *b)
{
	struct buf kept = *a;

	*a = *b;
	*b = kept;
}

void
outbox_send(struct outbox *outbox)
{
	if (outbox->is_busy || (outbox->before.length == 0 && outbox->waiting == NULL))
		return;
	buf_swap(&outbox->before, &outbox->job);
	buf_swap(&outbox->after, &outbox->running_after);
	outbox->running = outbox->waiting;
	outbox->waiting = NULL;
	outbox->is_busy = true;
	background_queue(outbox->loop, &outbox->work, outbox_work, outbox_after_work);
}

void
outbox_add_interval(struct outbox *outbox, struct interval *interval)
{
	CHECK(outbox->waiting == NULL);
	outbox->waiting = interval;
	outbox_send(outbox);
}

bool
outbox_flush(struct outbox *outbox)
{
	CHECK(!outbox->is_busy && outbox->waiting == NULL);
	outbox->is_broken = outbox->is_broken || !write_all(outbox->fd, &outbox->before);
	buf_clear(&outbox->before);
	return !outbox->is_broken;
}
