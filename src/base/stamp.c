#include "base/stamp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "base/units.h"

#define READINGS 8
#define OLDEST_NS (60 * NS_PER_S)

static int64_t
clock_read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct stamp_reading
read_clocks(void *user)
{
	(void)user;
	struct stamp_reading r;

	r.before_ns = clock_read_ns(CLOCK_MONOTONIC);
	r.real_ns = clock_read_ns(CLOCK_REALTIME);
	r.after_ns = clock_read_ns(CLOCK_MONOTONIC);
	return r;
}

static int64_t
reading_error_ns(const struct stamp_reading *r)
{
	return (r->after_ns - r->before_ns) / 2 + 1;
}

static struct stamp_reading
read_narrowest(struct stamp *stamp)
{
	struct stamp_reading best = stamp->read(stamp->user);

	for (int i = 1; i < READINGS; i++) {
		struct stamp_reading r = stamp->read(stamp->user);

		if (reading_error_ns(&r) < reading_error_ns(&best))
			best = r;
	}
	return best;
}

static void
stamp_adopt(struct stamp *stamp, int64_t offset_ns, int64_t error_ns)
{
	stamp->offset_ns = offset_ns;
	stamp->error_ns = error_ns;
}

void
stamp_measure(struct stamp *stamp)
{
	struct stamp_reading r = read_narrowest(stamp);
	int64_t error_ns = reading_error_ns(&r);
	int64_t offset_ns = r.real_ns - (r.before_ns + (r.after_ns - r.before_ns) / 2);
	bool was_set = llabs(offset_ns - stamp->offset_ns) > error_ns + stamp->error_ns;

	if (was_set)
		stamp->steps++;
	if (was_set || error_ns < stamp->error_ns)
		stamp_adopt(stamp, offset_ns, error_ns);
}

void
stamp_init_with(struct stamp *stamp, struct stamp_reading (*read)(void *user), void *user)
{
	*stamp = (struct stamp){.read = read, .user = user};
	struct stamp_reading r = read_narrowest(stamp);

	stamp_adopt(stamp, r.real_ns - (r.before_ns + (r.after_ns - r.before_ns) / 2), reading_error_ns(&r));
}

void
stamp_init(struct stamp *stamp)
{
	stamp_init_with(stamp, read_clocks, NULL);
}

static bool
is_possible(const struct stamp *stamp, int64_t t_ns, int64_t now_ns)
{
	return t_ns <= now_ns + stamp->error_ns && t_ns >= now_ns - OLDEST_NS;
}

int64_t
stamp_to_monotonic_ns(struct stamp *stamp, int64_t real_ns, int64_t now_ns)
{
	int64_t t_ns = real_ns - stamp->offset_ns;

	if (!is_possible(stamp, t_ns, now_ns)) {
		stamp_measure(stamp);
		t_ns = real_ns - stamp->offset_ns;
		if (!is_possible(stamp, t_ns, now_ns))
			return now_ns;
	}
	return t_ns < now_ns ? t_ns : now_ns;
}
