#include "target/llm_engine.h"

#include <math.h>

#include "base/check.h"
#include "target/service.h"

void
engine_init(struct engine *e, const struct engine_model *model, const struct freeze *freeze, int64_t now_ns)
{
	CHECK(model->batch_max > 0 && model->tokens_per_step > 0);
	*e = (struct engine){.model = model, .freeze = *freeze, .step_end_ns = INT64_MAX, .free_ns = now_ns};
	e->is_loaded = model->cold_start_ns == 0;
	list_init(&e->waiting);
	list_init(&e->prefilling);
	list_init(&e->running);
	list_init(&e->chores);
}

int64_t
engine_next_ns(const struct engine *e)
{
	return e->step_end_ns;
}

/* Its list and the count of it. */
static void
take_out(struct engine *e, struct sequence *s)
{
	switch (s->place) {
	case SEQUENCE_OUT: return;
	case SEQUENCE_WAITING: e->waiting_count--; break;
	case SEQUENCE_PREFILLING: e->prefilling_count--; break;
	case SEQUENCE_RUNNING: e->running_count--; break;
	}
	list_remove(&s->node);
	s->place = SEQUENCE_OUT;
}

static void
put_running(struct engine *e, struct sequence *s)
{
	list_add_last(&e->running, &s->node);
	s->place = SEQUENCE_RUNNING;
	if (++e->running_count > e->counts.running_peak)
		e->counts.running_peak = e->running_count;
}

static bool
has_room(const struct engine *e)
{
	return e->running_count + e->prefilling_count < e->model->batch_max;
}

static int64_t
prefill_of_ns(const struct engine_model *m, const struct sequence *s)
{
	double tokens = (double)s->prompt_tokens - m->cache_saves * (double)s->cached_tokens;

	return (int64_t)((double)m->prefill_per_token_ns * tokens + 0.5);
}

static int64_t
load_ns(struct engine *e, int64_t at_ns)
{
	const struct engine_model *m = e->model;
	bool is_cold = !e->is_loaded || (m->cold_after_ns > 0 && at_ns - e->free_ns >= m->cold_after_ns);

	if (!is_cold || m->cold_start_ns == 0)
		return 0;
	e->is_loaded = true;
	e->counts.cold_starts++;
	return m->cold_start_ns;
}

static int64_t
with_noise_ns(struct engine *e, int64_t length_ns)
{
	uint64_t k = e->begun++;

	if (e->model->noise_sigma == 0)
		return length_ns;
	double normal = service_normal_at(e->seed, TARGET_STREAM_NOISE, TARGET_STREAM_NOISE_ANGLE, k);

	return (int64_t)((double)length_ns * exp(e->model->noise_sigma * normal) + 0.5);
}

static void
begin(struct engine *e, int64_t at_ns, int64_t length_ns)
{
	e->step_start_ns = at_ns;
	e->step_end_ns = freeze_done_ns(&e->freeze, at_ns, length_ns);
}

/* All that wait at at_ns and fit. False if there is none, or none is left after the callbacks. */
static bool
begin_prefill(struct engine *e, int64_t at_ns)
{
	struct sequence *s;

	while (has_room(e) && (s = list_first(&e->waiting, struct sequence, node)) != NULL && s->arrival_ns <= at_ns) {
		take_out(e, s);
		list_add_last(&e->prefilling, &s->node);
		s->place = SEQUENCE_PREFILLING;
		e->prefilling_count++;
		s->join_ns = at_ns;
		e->on_join(s, e->user);
	}
	if (e->prefilling_count == 0)
		return false;
	int64_t load = load_ns(e, at_ns), length_ns = load + e->model->prefill_ns;

	for (struct list *n = e->prefilling.next; n != &e->prefilling; n = n->next) {
		s = container_of(n, struct sequence, node);
		s->load_ns = load;
		length_ns += prefill_of_ns(e->model, s);
	}
	e->counts.prefills++;
	e->is_prefill = true;
	begin(e, at_ns, with_noise_ns(e, length_ns));
	return true;
}

static void
begin_step(struct engine *e, int64_t at_ns)
{
	e->is_prefill = false;
	e->counts.steps++;
	e->counts.step_sequences += e->running_count;
	int64_t length_ns = e->model->step_ns + e->model->step_per_sequence_ns * ((int64_t)e->running_count - 1);

	begin(e, at_ns, with_noise_ns(e, length_ns));
}

/* The next thing to do at at_ns, or later if nobody is there yet. */
static void
begin_next(struct engine *e, int64_t at_ns)
{
	struct chore *chore = list_first(&e->chores, struct chore, node);

	if (chore != NULL && chore->arrival_ns <= at_ns) {
		if (e->running_count > 0) {
			begin_step(e, at_ns);
			return;
		}
		list_remove(&chore->node);
		e->chore = chore;
		begin(e, at_ns, chore->length_ns);
		return;
	}
	if (begin_prefill(e, at_ns))
		return;
	if (e->running_count > 0) {
		begin_step(e, at_ns);
		return;
	}
	/* Idle now; who is known already may be due a little later. */
	struct sequence *s = list_first(&e->waiting, struct sequence, node);

	if (chore != NULL && (s == NULL || chore->arrival_ns <= s->arrival_ns))
		begin_next(e, chore->arrival_ns);
	else if (s != NULL)
		begin_next(e, s->arrival_ns);
}

static bool
has_work(const struct engine *e)
{
	return e->waiting_count + e->running_count > 0 || !list_is_empty(&e->chores);
}

/* Whoever began may have left, and others have come, while it was told so. */
static void
begin_work(struct engine *e, int64_t at_ns)
{
	e->is_busy = true;
	while (e->step_end_ns == INT64_MAX && has_work(e))
		begin_next(e, at_ns);
	e->is_busy = false;
}

static void
begin_if_idle(struct engine *e, int64_t arrival_ns)
{
	if (e->step_end_ns == INT64_MAX && !e->is_busy)
		begin_work(e, arrival_ns > e->free_ns ? arrival_ns : e->free_ns);
}

void
engine_arrive(struct engine *e, struct sequence *s)
{
	struct list *after = e->waiting.prev;

	CHECK(s->place == SEQUENCE_OUT && s->wanted_tokens > 0 && s->cached_tokens <= s->prompt_tokens);
	s->made_tokens = 0;
	s->place = SEQUENCE_WAITING;
	while (after != &e->waiting && container_of(after, struct sequence, node)->arrival_ns > s->arrival_ns)
		after = after->prev;
	list_add_first(after, &s->node);
	if (++e->waiting_count > e->counts.waiting_peak)
		e->counts.waiting_peak = e->waiting_count;
	begin_if_idle(e, s->arrival_ns);
}

void
engine_do(struct engine *e, struct chore *chore)
{
	list_add_last(&e->chores, &chore->node);
	begin_if_idle(e, chore->arrival_ns);
}

void
engine_leave(struct engine *e, struct sequence *s)
{
	take_out(e, s);
}

/* One sequence's share of a prefill or a step that has ended. It may be gone after the callback. */
static void
make_tokens(struct engine *e, struct sequence *s, bool was_prefill, int64_t at_ns)
{
	uint64_t left = s->wanted_tokens - s->made_tokens, count = was_prefill ? 1 : e->model->tokens_per_step;

	if (was_prefill)
		e->prefilling_count--;
	else
		e->running_count--;
	s->place = SEQUENCE_OUT;
	if (count > left)
		count = left;
	s->made_tokens += count;
	e->counts.tokens += count;
	if (s->made_tokens < s->wanted_tokens)
		put_running(e, s);
	e->on_tokens(s, count, at_ns, e->user);
}

/* Whoever was part of it, taken out first: a callback may make any of them leave. */
static void
end_step(struct engine *e, bool was_prefill, int64_t at_ns)
{
	struct list *from = was_prefill ? &e->prefilling : &e->running, due;
	struct sequence *s;

	list_init(&due);
	while ((s = list_first(from, struct sequence, node)) != NULL) {
		list_remove(&s->node);
		list_add_last(&due, &s->node);
	}
	while ((s = list_first(&due, struct sequence, node)) != NULL) {
		list_remove(&s->node);
		make_tokens(e, s, was_prefill, at_ns);
	}
}

void
engine_advance(struct engine *e)
{
	int64_t at_ns = e->step_end_ns;
	struct chore *chore = e->chore;

	CHECK(at_ns != INT64_MAX && !e->is_busy);
	e->is_busy = true;
	e->step_end_ns = INT64_MAX;
	e->free_ns = at_ns;
	e->chore = NULL;
	if (chore != NULL)
		chore->on_done(chore, at_ns);
	else
		end_step(e, e->is_prefill, at_ns);
	begin_work(e, at_ns);
}
