#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/zone.h"

/* When something is due: five fields as in Debian's crontab(5), one of its nicknames, or evenly.
 *
 *   minute 0-59 · hour 0-23 · day of the month 1-31 · month 1-12 or jan-dec · day of the week 0-7 or sun-sat
 *
 * A field is a list of *, N and N-M, a * or a range also with /STEP. Where both days are restricted either is enough;
 * one that begins with a * is not restricted by that rule. @hourly @daily @midnight @weekly @monthly @yearly @annually.
 *
 * Where clocks are changed by up to three hours, what Debian's cron(8) does holds. Times of the day (neither minute nor
 * hour begins with a *) that are left out are due at once when the clock was put forward, all of them together, and
 * those that come twice are due the first time alone. Whatever begins with a * goes by the clock on the wall as it is:
 * what is left out does not come, what comes twice is due twice. After a change by more than three hours the clock on
 * the wall decides for both.
 *
 * `every` knows no clock on a wall: its times are the multiples of its length since 1970, UTC. */
struct cron {
	uint64_t minutes; /* bit n: minute n */
	uint64_t hours, days, months, weekdays;
	bool is_any_day, is_any_weekday; /* begins with a * */
	bool is_wild;                    /* minute or hour begins with a * */
	int64_t every_ns;                /* 0: by the fields */
};

/* False with err set: which field, what it says and what would be right. What is never due ("0 0 30 2 *") is wrong. */
bool cron_parse(const char *text, struct cron *cron, struct error *err);

#define CRON_EVERY_MIN_NS (INT64_C(60) * 1000000000)
#define CRON_EVERY_MAX_NS (INT64_C(366) * 86400 * 1000000000)
bool cron_set_every(struct cron *cron, int64_t every_ns, struct error *err);

/* The first time after after_ns (wall time, ns since 1970); pure. Of `every` the zone may be NULL. */
int64_t cron_next_ns(const struct cron *cron, const struct zone *zone, int64_t after_ns);
