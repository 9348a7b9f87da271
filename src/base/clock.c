#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/check.h"
#include "base/units.h"

#define WALL_FORMAT "%Y-%m-%dT%H:%M:%SZ"

static int64_t
monotonic_now_ns(const struct clock *clock)
{
	struct timespec now;

	(void)clock;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

const struct clock monotonic_clock = {.now_ns = monotonic_now_ns};

static int64_t
virtual_now_ns(const struct clock *clock)
{
	return clock->virtual_now_ns;
}

void
clock_init_virtual(struct clock *clock, int64_t now_ns)
{
	*clock = (struct clock){.now_ns = virtual_now_ns, .virtual_now_ns = now_ns};
}

void
clock_set_ns(struct clock *clock, int64_t now_ns)
{
	CHECK(clock->now_ns == virtual_now_ns);
	CHECK_OP(now_ns, >=, clock->virtual_now_ns);
	clock->virtual_now_ns = now_ns;
}

int64_t
wall_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static const char *
wall_format(int64_t wall_ns, const char *format, char *into, size_t size)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	CHECK(strftime(into, size, format, &utc) > 0);
	return into;
}

const char *
wall_text(int64_t wall_ns, char *into, size_t size)
{
	return wall_format(wall_ns, WALL_FORMAT, into, size);
}

const char *
wall_text_ns(int64_t wall_ns, char *into, size_t size)
{
	char whole[32];

	wall_format(wall_ns, "%Y-%m-%dT%H:%M:%S", whole, sizeof(whole));
	snprintf(into, size, "%s.%09dZ", whole, (int)(wall_ns % NS_PER_S));
	return into;
}

int64_t
wall_of_text(const char *text)
{
	struct tm tm = {0};

	return strptime(text, WALL_FORMAT, &tm) != NULL ? (int64_t)timegm(&tm) * NS_PER_S : 0;
}

const char *
wall_text_compact(int64_t wall_ns, char *into, size_t size)
{
	return wall_format(wall_ns, "%Y%m%dT%H%M%SZ", into, size);
}
