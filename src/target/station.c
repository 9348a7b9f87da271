#include "target/station.h"

#include <string.h>

#include "base/check.h"

void
station_init(struct station *s, size_t workers, size_t queue_max, const struct freeze *freeze)
{
	*s = (struct station){.workers = workers, .queue_max = queue_max, .freeze = *freeze};
	s->free_ns = workers > 0 ? must_calloc(workers, sizeof(*s->free_ns)) : NULL;
	list_init(&s->queue);
}

void
station_fini(struct station *s)
{
	free(s->free_ns);
	s->free_ns = NULL;
}

/* Gives the first free worker, the root of the heap, its new time and lets it sink to its place. */
static void
occupy_first_free(struct station *s, int64_t until_ns)
{
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= s->workers)
			break;
		if (child + 1 < s->workers && s->free_ns[child + 1] < s->free_ns[child])
			child++;
		if (s->free_ns[child] >= until_ns)
			break;
		s->free_ns[at] = s->free_ns[child];
		at = child;
	}
	s->free_ns[at] = until_ns;
}

static void
unqueue(struct station *s, struct visit *v)
{
	if (!v->is_queued)
		return;
	list_remove(&v->node);
	v->is_queued = false;
	s->queued--;
}

/* First come, first served means that starts are in order: those that began by now are at the front. */
static void
start_waiting(struct station *s, int64_t now_ns)
{
	struct visit *v;

	while ((v = list_first(&s->queue, struct visit, node)) != NULL && v->start_ns <= now_ns)
		unqueue(s, v);
}

static void
enqueue(struct station *s, struct visit *v)
{
	v->is_queued = true;
	list_add_last(&s->queue, &v->node);
	s->queued++;
	if (s->queued > s->queued_peak)
		s->queued_peak = s->queued;
}

bool
station_arrive(struct station *s, struct visit *v, int64_t arrival_ns, int64_t service_ns)
{
	v->arrival_ns = arrival_ns;
	v->is_queued = false;
	list_init(&v->node);
	start_waiting(s, arrival_ns);

	bool must_wait = s->workers > 0 && s->free_ns[0] > arrival_ns;

	if (must_wait && s->queued >= s->queue_max)
		return false;
	v->start_ns = freeze_done_ns(&s->freeze, must_wait ? s->free_ns[0] : arrival_ns, 0);
	v->done_ns = freeze_done_ns(&s->freeze, v->start_ns, service_ns);
	if (s->workers > 0)
		occupy_first_free(s, v->done_ns);
	if (must_wait)
		enqueue(s, v);
	return true;
}

void
station_leave(struct station *s, struct visit *v)
{
	unqueue(s, v);
}

size_t
station_queued(struct station *s, int64_t now_ns)
{
	start_waiting(s, now_ns);
	return s->queued;
}
