#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a zone's clocks go on for good: POSIX.1 "TZ" as RFC 9636 §3.3.1 has it in a footer ("CET-1CEST,M3.5.0,M10.5.0/3",
 * hours from −167 to 167). Pure. */
struct zone_rule_day {
	enum { ZONE_DAY_OF_MONTH, ZONE_DAY_JULIAN, ZONE_DAY_OF_YEAR } kind; /* Mm.w.d, Jn, n */
	int month, week, weekday, day;
	int32_t time_s; /* by the clock that is about to be changed */
};

struct zone_rule {
	int32_t standard_s, summer_s; /* ahead of UTC */
	bool has_summer;
	struct zone_rule_day begins, ends;
};

bool zone_rule_parse(const char *text, size_t length, struct zone_rule *into);
int32_t zone_rule_offset_s(const struct zone_rule *rule, int64_t at_s);
int64_t zone_rule_next_s(const struct zone_rule *rule, int64_t at_s); /* the first change after; INT64_MAX: none */
