#include "micro.h"

#include <string.h>

#include "base/check.h"
#include "load/params.h"
#include "load/schedule.h"

/* The next arrival of a steady load, looked at and taken. */
struct timetable {
	struct steady steady;
	struct schedule schedule;
	struct schedule_cursor cursor;
};

static const struct plan_choice *
find_shape(const char *name)
{
	for (size_t i = 0; shapes[i] != NULL; i++)
		if (strcmp(shapes[i]->choice.name, name) == 0)
			return &shapes[i]->choice;
	CHECK(!"a shape of that name");
	return NULL;
}

static void *
timetable_new(void)
{
	struct timetable *t = must_alloc(sizeof(*t));

	t->steady = (struct steady){.level = 50000, .count = UINT64_C(1) << 40};
	struct plan_load load = {.shape = {.choice = find_shape("steady"), .params = &t->steady}};

	schedule_init(&t->schedule, &load, 1);
	return t;
}

static void
timetable_repeat(void *context, uint64_t times)
{
	struct timetable *t = context;
	struct arrival arrival;

	for (uint64_t i = 0; i < times; i++) {
		CHECK(schedule_peek(&t->schedule, &t->cursor, &arrival));
		schedule_advance(&t->schedule, &t->cursor);
	}
}

const struct micro micro_schedule = {"schedule", "one arrival of a steady load", timetable_new, timetable_repeat, free};
