#include "campaign/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "campaign/background.h"

#define PUSH_BODY_CEILING ((size_t)1024 * 1024)

static void push_on_answer(void *context, struct fetch *fetch, const struct fetch_answer *answer);

bool
push_init(struct push *push, uv_loop_t *loop, const struct live_run *run, struct push_record *record, struct error *err)
{
	*push = (struct push){.plan = &run->plan->output.push, .loop = loop, .run = *run, .record = record};
	if (push->plan->fetch == NULL)
		return true;
	record->shown = push->plan->fetch->place.shown;
	push->queue = must_calloc(PUSH_QUEUE_MAX, sizeof(*push->queue));
	push->batch = must_calloc(PUSH_BATCH_MAX, sizeof(*push->batch));
	buf_init(&push->body, PUSH_BODY_CEILING);
	buf_init(&push->scratch, PUSH_BODY_CEILING);
	push->begun_ns = clock_now_ns(&monotonic_clock);
	push->has_fetch = fetch_init(&push->fetch, loop, push->plan->fetch, push_on_answer, push, err);
	return push->has_fetch && fetch_resolve(&push->fetch, err);
}

static void
push_compose(struct background_work *work)
{
	struct push *push = container_of(work, struct push, work);
	struct error err = {0};

	push->is_composed = (push->plan->kind == PUSH_PROMETHEUS
					    ? live_encode_remote_write(&push->body, &push->scratch, &push->run,
						      push->batch, push->batch_n)
					    : live_encode_lines(&push->body, &push->run, push->batch, push->batch_n)) &&
			    fetch_set_body(&push->fetch, push->body.bytes, push->body.length, &err);
}

/* How many of the batch are still in the queue: others were pushed out of it meanwhile, and counted as lost. */
static uint64_t
push_forget_batch(struct push *push)
{
	uint64_t batch_end = push->batch_first + push->batch_n;
	uint64_t there = batch_end > push->first ? batch_end - push->first : 0;

	push->first += there;
	return there;
}

/* What a server says it will never take is not told again (remote-write 1.0, "Retries & Backoff"). */
static bool
is_refused(const struct fetch_answer *answer)
{
	return answer->failure == FAILURE_COUNT && answer->status >= 400 && answer->status < 500 &&
	       answer->status != 429;
}

static void
push_on_answer(void *context, struct fetch *fetch, const struct fetch_answer *answer)
{
	struct push *push = context;
	struct push_record *record = push->record;

	push->is_busy = false;
	push->has_failed = !fetch_is_good(fetch, answer);
	if (push->has_failed) {
		record->failed++;
		fetch_answer_text(answer, record->text, sizeof(record->text));
		if (is_refused(answer))
			record->lost += push_forget_batch(push);
		return;
	}
	uint64_t there = push_forget_batch(push);

	record->lost -= push->batch_n - there; /* they had been told when they were pushed out */
	record->told += push->batch_n;
}

static void
push_on_composed(struct background_work *work, int status)
{
	struct push *push = container_of(work, struct push, work);

	CHECK_OP(status, ==, 0);
	if (push->is_composed) {
		fetch_begin(&push->fetch);
		return;
	}
	push->is_busy = false;
	push->has_failed = true;
	push->record->failed++;
	push->record->lost += push_forget_batch(push);
	snprintf(push->record->text, sizeof(push->record->text), "the request is larger than %zu bytes",
		PUSH_BODY_CEILING);
}

static void
push_begin(struct push *push)
{
	uint64_t left = push->end - push->first;

	push->is_busy = true;
	push->begun_ns = clock_now_ns(&monotonic_clock);
	push->batch_first = push->first;
	push->batch_n = left < PUSH_BATCH_MAX ? (size_t)left : PUSH_BATCH_MAX;
	for (size_t i = 0; i < push->batch_n; i++)
		push->batch[i] = push->queue[(push->first + i) % PUSH_QUEUE_MAX];
	background_queue(push->loop, &push->work, push_compose, push_on_composed);
}

void
push_add(struct push *push, const struct summary *summary, int64_t at_wall_ns)
{
	if (!push->has_fetch)
		return;
	if (push->end - push->first == PUSH_QUEUE_MAX) {
		push->first++;
		push->record->lost++;
	}
	if (at_wall_ns < push->last_wall_ns + NS_PER_MS)
		at_wall_ns = push->last_wall_ns + NS_PER_MS;
	push->last_wall_ns = at_wall_ns;
	live_moment_take(&push->queue[push->end++ % PUSH_QUEUE_MAX], summary, at_wall_ns);
	if (!push->is_busy && clock_now_ns(&monotonic_clock) - push->begun_ns >= push->plan->every_ns)
		push_begin(push);
}

static void
push_wait(struct push *push)
{
	while (push->is_busy)
		uv_run(push->loop, UV_RUN_ONCE);
}

void
push_stop(struct push *push)
{
	if (push->queue == NULL)
		return;
	push_wait(push);
	for (push->has_failed = false; push->has_fetch && push->first < push->end && !push->has_failed; push_wait(push))
		push_begin(push);
	push->record->lost += push->end - push->first;
	if (push->has_fetch) {
		fetch_close(&push->fetch);
		while (!push->fetch.is_closed)
			uv_run(push->loop, UV_RUN_ONCE);
		fetch_fini(&push->fetch);
	}
	buf_fini(&push->body);
	buf_fini(&push->scratch);
	free(push->queue);
	free(push->batch);
	*push = (struct push){0};
}
