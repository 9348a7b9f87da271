#include "daemon/zone_rule.h"

#include <ctype.h>

#include "daemon/civil.h"

#define HOUR_S 3600

struct rule_text {
	const char *at, *end;
};

static bool
take(struct rule_text *text, char c)
{
	if (text->at == text->end || *text->at != c)
		return false;
	text->at++;
	return true;
}

static bool
take_number(struct rule_text *text, int least, int most, int *into)
{
	int value = 0;

	if (text->at == text->end || !isdigit((unsigned char)*text->at))
		return false;
	while (text->at < text->end && isdigit((unsigned char)*text->at) && value <= most)
		value = value * 10 + (*text->at++ - '0');
	*into = value;
	return value >= least && value <= most;
}

/* "CEST" or "<+0330>" */
static bool
take_name(struct rule_text *text)
{
	const char *from = text->at;

	if (take(text, '<')) {
		while (text->at < text->end && *text->at != '>')
			text->at++;
		return take(text, '>');
	}
	while (text->at < text->end && isalpha((unsigned char)*text->at))
		text->at++;
	return text->at - from >= 3;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool
take_time(struct rule_text *text, int32_t *into_s)
{
	int hours = 0, minutes = 0, seconds = 0;
	bool is_below_0 = take(text, '-');

	if (!is_below_0)
		(void)take(text, '+');
	if (!take_number(text, 0, 167, &hours))
		return false;
	if (take(text, ':')) {
		if (!take_number(text, 0, 59, &minutes))
			return false;
		if (take(text, ':') && !take_number(text, 0, 59, &seconds))
			return false;
	}
	*into_s = (hours * HOUR_S + minutes * 60 + seconds) * (is_below_0 ? -1 : 1);
	return true;
}

static bool
take_day(struct rule_text *text, struct zone_rule_day *day)
{
	day->time_s = 2 * HOUR_S;
	if (!take(text, ','))
		return false;
	if (take(text, 'M')) {
		day->kind = ZONE_DAY_OF_MONTH;
		if (!take_number(text, 1, 12, &day->month) || !take(text, '.') ||
			!take_number(text, 1, 5, &day->week) || !take(text, '.') ||
			!take_number(text, 0, 6, &day->weekday))
			return false;
	} else {
		day->kind = take(text, 'J') ? ZONE_DAY_JULIAN : ZONE_DAY_OF_YEAR;
		if (!take_number(text, day->kind == ZONE_DAY_JULIAN, 365, &day->day))
			return false;
	}
	return !take(text, '/') || take_time(text, &day->time_s);
}

bool
zone_rule_parse(const char *text, size_t length, struct zone_rule *into)
{
	struct rule_text left = {text, text + length};
	int32_t west_s;

	*into = (struct zone_rule){.has_summer = false};
	if (!take_name(&left) || !take_time(&left, &west_s))
		return false;
	into->standard_s = -west_s; /* POSIX counts to the west */
	if (left.at == left.end)
		return true;
	into->has_summer = true;
	into->summer_s = into->standard_s + HOUR_S;
	if (!take_name(&left))
		return false;
	if (left.at < left.end && *left.at != ',') {
		if (!take_time(&left, &west_s))
			return false;
		into->summer_s = -west_s;
	}
	return take_day(&left, &into->begins) && take_day(&left, &into->ends) && left.at == left.end;
}

/* When the day's time comes in that year, by a clock that is so much ahead of UTC. */
static int64_t
instant_s(const struct zone_rule_day *day, int64_t year, int32_t ahead_s)
{
	int64_t days = civil_to_days(year, 1, 1);

	if (day->kind == ZONE_DAY_OF_MONTH) {
		int64_t first = civil_to_days(year, day->month, 1);
		int of_first = civil_weekday(first);
		int at = (day->weekday - of_first + 7) % 7 + 7 * (day->week - 1);

		while (at >= civil_days_in_month(year, day->month)) /* the 5th is the last */
			at -= 7;
		days = first + at;
	} else if (day->kind == ZONE_DAY_JULIAN) { /* February 29 is never counted */
		bool is_leap = civil_days_in_month(year, 2) == 29;

		days += day->day - 1 + (is_leap && day->day >= 60);
	} else
		days += day->day;
	return days * DAY_S + day->time_s - ahead_s;
}

static int64_t
year_of(int64_t at_s)
{
	return civil_of_days(civil_floor_div(at_s, DAY_S)).year;
}

int32_t
zone_rule_offset_s(const struct zone_rule *rule, int64_t at_s)
{
	int64_t latest_s = INT64_MIN;
	int32_t offset_s = rule->standard_s;

	if (!rule->has_summer)
		return rule->standard_s;
	for (int64_t year = year_of(at_s) - 1; year <= year_of(at_s) + 1; year++) {
		int64_t begins_s = instant_s(&rule->begins, year, rule->standard_s);
		int64_t ends_s = instant_s(&rule->ends, year, rule->summer_s);

		/* Summer for good: it begins at the moment at which it ends (RFC 9636 §3.3.1), and that is nothing. */
		if (ends_s <= at_s && ends_s >= latest_s) {
			latest_s = ends_s;
			offset_s = rule->standard_s;
		}
		if (begins_s <= at_s && begins_s >= latest_s) {
			latest_s = begins_s;
			offset_s = rule->summer_s;
		}
	}
	return offset_s;
}

int64_t
zone_rule_next_s(const struct zone_rule *rule, int64_t at_s)
{
	int64_t next_s = INT64_MAX;

	for (int64_t year = year_of(at_s) - 1; rule->has_summer && year <= year_of(at_s) + 1; year++) {
		int64_t begins_s = instant_s(&rule->begins, year, rule->standard_s);
		int64_t ends_s = instant_s(&rule->ends, year, rule->summer_s);

		if (begins_s > at_s && begins_s < next_s)
			next_s = begins_s;
		if (ends_s > at_s && ends_s < next_s)
			next_s = ends_s;
	}
	return next_s;
}
