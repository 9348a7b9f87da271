#include "campaign/requests_log.h"

#include "base/check.h"
#include "base/log.h"
#include "campaign/background.h"

#define WRITE_EVERY_MS 100
#define LINES_CEILING ((size_t)256 * 1024)
#define LINES_MARGIN ((size_t)2048) /* more than a line may take */
#define ENTRIES_PER_BREATH 64

void
requests_log_init(struct requests_log *log, const struct plan *plan, struct result_dir *dir)
{
	*log = (struct requests_log){.dir = dir, .is_closed = true};
	if (plan->output.requests_log == REQUESTS_LOG_OFF || dir == NULL)
		return;
	log->plan = plan;
	log->record = (struct requests_record){.is_kept = true, .full_ns = -1};
	exchange_ring_init(&log->ring, plan->output.requests_log);
	buf_init(&log->lines, LINES_CEILING);
}

void
requests_log_fini(struct requests_log *log)
{
	if (log->plan == NULL)
		return;
	exchange_ring_fini(&log->ring);
	buf_fini(&log->lines);
}

static void
flush(struct requests_log *log)
{
	if (log->lines.length > 0)
		result_dir_add_requests(log->dir, log->lines.bytes, log->lines.length);
	buf_clear(&log->lines);
}

/* Past its most nothing more is written, and what is not is counted. */
static void
write_entry(struct requests_log *log, const struct exchange_entry *entry)
{
	size_t before = log->lines.length;

	if (log->record.full_ns >= 0) {
		log->record.beyond++;
		return;
	}
	CHECK(exchange_entry_encode(&log->lines, entry, log->plan));
	size_t length = log->lines.length - before;

	if (log->bytes + length > log->plan->output.requests_log_bytes) {
		log->lines.length = before;
		log->record.full_ns = entry->last_byte_ns >= 0 ? entry->last_byte_ns : entry->due_ns;
		log->record.beyond = 1;
		return;
	}
	log->bytes += length;
	log->record.written++;
	if (log->lines.length + LINES_MARGIN > LINES_CEILING)
		flush(log);
}

/* What came in until now; what comes in meanwhile is the next turn's. */
static void
drain(struct requests_log *log)
{
	size_t left = EXCHANGE_RING_LEN;
	struct exchange_entry entry;

	for (; left > 0 && exchange_ring_take(&log->ring, &entry); left--) {
		write_entry(log, &entry);
		if (left % ENTRIES_PER_BREATH == 0)
			background_breathe();
	}
	flush(log);
}

static void
requests_log_work(struct background_work *work)
{
	drain(container_of(work, struct requests_log, work));
}

static void
on_closed(uv_handle_t *handle)
{
	container_of((uv_timer_t *)handle, struct requests_log, timer)->is_closed = true;
}

static void
close_if_idle(struct requests_log *log)
{
	if (log->is_stopping && !log->is_writing)
		uv_close((uv_handle_t *)&log->timer, on_closed);
}

static void
after_work(struct background_work *work, int status)
{
	struct requests_log *log = container_of(work, struct requests_log, work);

	CHECK_OP(status, ==, 0);
	log->is_writing = false;
	close_if_idle(log);
}

static void
on_timer(uv_timer_t *timer)
{
	struct requests_log *log = container_of(timer, struct requests_log, timer);

	if (log->is_writing || log->is_stopping)
		return;
	log->is_writing = true;
	background_queue(timer->loop, &log->work, requests_log_work, after_work);
}

void
requests_log_start(struct requests_log *log, uv_loop_t *loop)
{
	if (log->plan == NULL)
		return;
	log->is_closed = false;
	CHECK_OP(uv_timer_init(loop, &log->timer), ==, 0);
	CHECK_OP(uv_timer_start(&log->timer, on_timer, WRITE_EVERY_MS, WRITE_EVERY_MS), ==, 0);
}

void
requests_log_stop(struct requests_log *log)
{
	if (log->plan == NULL)
		return;
	if (!log->is_closed) {
		uv_loop_t *loop = log->timer.loop;

		log->is_stopping = true;
		uv_timer_stop(&log->timer);
		close_if_idle(log);
		while (!log->is_closed)
			uv_run(loop, UV_RUN_ONCE);
	}
	drain(log); /* the load is over: nobody fills it any more */
	log->record.dropped = atomic_load(&log->ring.dropped);
	if (log->record.full_ns >= 0)
		log_warn(
			"requests.ndjson is as large as output.requests_log_max lets it be: %llu requests are not in it",
			(unsigned long long)log->record.beyond);
	if (log->record.dropped > 0)
		log_warn("requests.ndjson could not be written as fast as requests ended: %llu are not in it",
			(unsigned long long)log->record.dropped);
}
