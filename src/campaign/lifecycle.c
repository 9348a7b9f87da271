#include "campaign/lifecycle.h"

#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "campaign/fetch.h"

#define HOOK_STOP_NS (5 * NS_PER_S) /* from SIGTERM to SIGKILL, of a hook that takes too long */

static int64_t
now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

void
lifecycle_init(struct lifecycle *lifecycle, const struct plan_course *course, uv_loop_t *loop,
	const bool *is_interrupted, const bool *is_aborted, struct chronicle *chronicle)
{
	*lifecycle = (struct lifecycle){.course = course,
		.loop = loop,
		.is_interrupted = is_interrupted,
		.is_aborted = is_aborted,
		.chronicle = chronicle};
	chronicle->ready_after_ns = -1;
}

/* To its end; what came of it is in the record. */
static void
run_hook(struct lifecycle *l, struct child *child, const struct plan_hook *hook, const bool *is_interrupted,
	struct hook_record *record)
{
	struct child_config config = {.command = hook->command.text,
		.shown = hook->command.shown,
		.within_ns = hook->within_ns,
		.stop_ns = HOOK_STOP_NS};
	struct error err = {0};
	int64_t began_ns = now_ns();

	record->was_run = true;
	if (child_start(child, l->loop, &config, &err)) {
		child_wait(child, l->loop, is_interrupted);
		record->has_failed = !child_has_succeeded(child);
		child_fate_text(child, record->text, sizeof(record->text));
	} else {
		record->has_failed = true;
		snprintf(record->text, sizeof(record->text), "%.150s", err.message);
	}
	if (!record->has_failed)
		record->text[0] = '\0';
	record->took_ns = now_ns() - began_ns;
}

bool
lifecycle_begin(struct lifecycle *l, struct error *err)
{
	const struct plan_hook *before = &l->course->before;
	struct hook_record *record = &l->chronicle->before;

	l->was_begun = true;
	if (before->command.text != NULL)
		run_hook(l, &l->before, before, l->is_interrupted, record);
	l->begun_ns = now_ns();
	if (*l->is_interrupted)
		return false;
	return !record->has_failed ||
	       error_set(err, "before: '%s' %s; nothing was sent", before->command.shown, record->text);
}

/* A poll under way, or the rest between two. */
struct waiting {
	uv_timer_t timer;
	bool is_over, is_closed;
	struct fetch_answer answer;
};

static void
on_polled(void *context, struct fetch *fetch, const struct fetch_answer *answer)
{
	struct waiting *waiting = context;

	(void)fetch;
	waiting->answer = *answer;
	waiting->is_over = true;
}

static void
on_rested(uv_timer_t *timer)
{
	struct waiting *waiting = timer->data;

	waiting->is_over = true;
}

static void
on_rest_closed(uv_handle_t *handle)
{
	struct waiting *waiting = handle->data;

	waiting->is_closed = true;
}

static bool
may_wait(const struct lifecycle *l, const struct child *target)
{
	return !*l->is_interrupted && (target == NULL || target->is_running);
}

static void
turn_until_over(struct lifecycle *l, struct waiting *waiting, const struct child *target)
{
	while (!waiting->is_over && may_wait(l, target))
		uv_run(l->loop, UV_RUN_ONCE);
	waiting->is_over = false;
}

static bool
say_not_ready(const struct lifecycle *l, const struct child *target, const struct fetch_answer *answer,
	const struct error *unresolved, struct error *err)
{
	const struct plan_ready *ready = &l->course->ready;
	char within[32], text[FETCH_TEXT_MAX];

	if (target != NULL && !target->is_running)
		return error_set(err, "ready: target.command %s before %s answered",
			child_fate_text(target, text, sizeof(text)), ready->fetch.place.shown);
	return error_set(err, "ready: %s was not ready within %s: %s", ready->fetch.place.shown,
		units_time_text(ready->within_ns, within, sizeof(within)),
		error_is_set(unresolved) ? unresolved->message : fetch_answer_text(answer, text, sizeof(text)));
}

static bool
poll_until_ready(struct lifecycle *l, struct fetch *fetch, struct waiting *waiting, int64_t since_ns,
	const struct child *target, struct error *err)
{
	const struct plan_ready *ready = &l->course->ready;
	uint64_t every_ms = (uint64_t)((ready->every_ns + NS_PER_MS - 1) / NS_PER_MS);
	struct error unresolved;

	for (;;) {
		unresolved = (struct error){0};
		if (fetch_resolve(fetch, &unresolved)) { /* a name may come to be known only when its server starts */
			fetch_begin(fetch);
			turn_until_over(l, waiting, target);
			l->chronicle->ready_polls++;
			if (!fetch->is_busy && fetch_is_good(fetch, &waiting->answer)) {
				l->chronicle->ready_after_ns = waiting->answer.ended_ns - since_ns;
				return true;
			}
		}
		if (*l->is_interrupted)
			return false;
		if (fetch->is_refused) {
			l->is_refused = true;
			return error_set(err, "ready: %s", unresolved.message);
		}
		if (!may_wait(l, target) || now_ns() - since_ns >= ready->within_ns)
			return say_not_ready(l, target, &waiting->answer, &unresolved, err);
		CHECK_OP(uv_timer_start(&waiting->timer, on_rested, every_ms, 0), ==, 0);
		turn_until_over(l, waiting, target);
	}
}

bool
lifecycle_wait_ready(struct lifecycle *l, int64_t since_ns, const struct child *target, struct error *err)
{
	struct waiting waiting = {.answer.failure = FAILURE_CONNECT_TIMEOUT};
	struct fetch fetch;

	if (l->course->ready.fetch.place.shown == NULL)
		return true;
	if (!fetch_init(&fetch, l->loop, &l->course->ready.fetch, on_polled, &waiting, err))
		return false;
	CHECK_OP(uv_timer_init(l->loop, &waiting.timer), ==, 0);
	waiting.timer.data = &waiting;
	bool is_ready = poll_until_ready(l, &fetch, &waiting, since_ns, target, err);

	fetch_close(&fetch);
	uv_close((uv_handle_t *)&waiting.timer, on_rest_closed);
	while (!fetch.is_closed || !waiting.is_closed)
		uv_run(l->loop, UV_RUN_ONCE);
	fetch_fini(&fetch);
	return is_ready;
}

bool
lifecycle_start_beside(struct lifecycle *l, struct error *err)
{
	const struct plan_hook *beside = &l->course->beside;
	struct child_config config = {
		.command = beside->command.text, .shown = beside->command.shown, .stop_ns = beside->within_ns};
	struct error why = {0};

	if (beside->command.text == NULL)
		return true;
	l->chronicle->beside.was_run = true;
	l->beside_began_ns = now_ns();
	return child_start(&l->beside, l->loop, &config, &why) || error_set(err, "beside: %s", why.message);
}

/* That it was still running is what was wanted of it. */
void
lifecycle_stop_beside(struct lifecycle *l)
{
	struct hook_record *record = &l->chronicle->beside;

	if (!l->beside.is_started)
		return;
	bool ended_before = !l->beside.is_running;

	record->took_ns = (ended_before ? l->beside.exited_at_ns : now_ns()) - l->beside_began_ns;
	record->has_failed = ended_before && !child_has_succeeded(&l->beside);
	if (record->has_failed)
		child_fate_text(&l->beside, record->text, sizeof(record->text));
	child_end(&l->beside);
	child_wait(&l->beside, l->loop, NULL);
	child_clear_group(&l->beside, l->loop);
	l->beside.is_started = false;
}

void
lifecycle_end(struct lifecycle *l)
{
	if (!l->was_begun || l->was_ended)
		return;
	l->was_ended = true;
	lifecycle_stop_beside(l);
	if (l->course->after.command.text != NULL)
		run_hook(l, &l->after, &l->course->after, l->is_aborted, &l->chronicle->after);
	child_clear_group(&l->after, l->loop);
	child_clear_group(&l->before, l->loop);
}
