#include "engine/backlog.h"

#include <stdlib.h>

#include "base/check.h"

void
backlog_init(struct backlog *backlog, const struct schedule *schedule)
{
	*backlog = (struct backlog){.schedule = schedule};
	backlog->turns = must_calloc(BACKLOG_TURNS, sizeof(*backlog->turns));
}

void
backlog_fini(struct backlog *backlog)
{
	free(backlog->turns);
	backlog->turns = NULL;
}

static struct backlog_turn *
turn_at(struct backlog *backlog, uint32_t i)
{
	return &backlog->turns[(backlog->first + i) % BACKLOG_TURNS];
}

void
backlog_add(struct backlog *backlog, const struct schedule_cursor *head, uint64_t position, int64_t taken_ns)
{
	struct backlog_turn *last = backlog->turns_n > 0 ? turn_at(backlog, backlog->turns_n - 1) : NULL;

	if (backlog->n == 0) {
		backlog->tail = *head;
		backlog->tail_position = position;
	}
	backlog->n++;
	if (last != NULL && last->first + last->n == position &&
		(last->taken_ns == taken_ns || backlog->turns_n >= BACKLOG_TURNS / 4 * 3)) {
		last->n++;
		return;
	}
	CHECK_OP(backlog->turns_n, <, BACKLOG_TURNS);
	*turn_at(backlog, backlog->turns_n++) = (struct backlog_turn){.first = position, .n = 1, .taken_ns = taken_ns};
}

bool
backlog_peek(struct backlog *backlog, struct arrival *arrival, int64_t *taken_ns)
{
	if (backlog->n == 0)
		return false;
	struct backlog_turn *turn = turn_at(backlog, 0);

	/* What lies between was lost in a loop gap. */
	for (; backlog->tail_position < turn->first; backlog->tail_position++)
		schedule_advance(backlog->schedule, &backlog->tail);
	*taken_ns = turn->taken_ns;
	CHECK(schedule_peek(backlog->schedule, &backlog->tail, arrival));
	return true;
}

void
backlog_remove(struct backlog *backlog)
{
	struct backlog_turn *turn = turn_at(backlog, 0);

	CHECK_OP(backlog->n, >, 0);
	CHECK_OP(backlog->tail_position, ==, turn->first);
	schedule_advance(backlog->schedule, &backlog->tail);
	backlog->tail_position++;
	backlog->n--;
	turn->first++;
	if (--turn->n == 0) {
		backlog->first = (backlog->first + 1) % BACKLOG_TURNS;
		backlog->turns_n--;
	}
}
