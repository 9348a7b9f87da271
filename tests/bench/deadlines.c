#include "deadlines.h"

#include "base/check.h"

#define ROOM_MIN 4096

static bool
is_before(const struct deadline *a, const struct deadline *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void
deadlines_add(struct deadlines *d, struct deadline deadline)
{
	if (d->n == d->room) {
		d->room = d->room > 0 ? 2 * d->room : ROOM_MIN;
		d->heap = must_realloc(d->heap, d->room * sizeof(*d->heap));
	}
	deadline.order = d->added++;
	size_t at = d->n++;

	for (; at > 0 && is_before(&deadline, &d->heap[(at - 1) / 2]); at = (at - 1) / 2)
		d->heap[at] = d->heap[(at - 1) / 2];
	d->heap[at] = deadline;
}

/* The last one moves to the hole on top and sinks until both below it are later. */
static void
sink(struct deadlines *d, struct deadline last)
{
	size_t at = 0;

	for (size_t child = 1; child < d->n; child = 2 * at + 1) {
		if (child + 1 < d->n && is_before(&d->heap[child + 1], &d->heap[child]))
			child++;
		if (is_before(&last, &d->heap[child]))
			break;
		d->heap[at] = d->heap[child];
		at = child;
	}
	d->heap[at] = last;
}

bool
deadlines_take(struct deadlines *d, int64_t now_ns, struct deadline *deadline)
{
	if (d->n == 0 || d->heap[0].at_ns > now_ns)
		return false;
	*deadline = d->heap[0];
	d->n--;
	if (d->n > 0)
		sink(d, d->heap[d->n]);
	return true;
}

void
deadlines_fini(struct deadlines *d)
{
	free(d->heap);
}
