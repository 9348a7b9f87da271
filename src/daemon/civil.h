#pragma once

#include <stdint.h>

/* Dates of the Gregorian calendar and days since 1970-01-01, both ways: Howard Hinnant, "chrono-Compatible Low-Level
 * Date Algorithms" (days_from_civil, civil_from_days). Months and days count from 1. */
#define DAY_S 86400

struct civil {
	int64_t year;
	int month, day;
};

static inline int64_t
civil_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static inline int64_t
civil_to_days(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = civil_floor_div(year, 400), of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static inline struct civil
civil_of_days(int64_t days)
{
	days += 719468;
	int64_t era = civil_floor_div(days, 146097), of_era = days - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
	int at = (int)(month < 10 ? month + 3 : month - 9);

	return (struct civil){
		.year = year + era * 400 + (at <= 2), .month = at, .day = (int)(of_year - (153 * month + 2) / 5 + 1)};
}

/* 0: Sunday. 1970-01-01 was a Thursday. */
static inline int
civil_weekday(int64_t days)
{
	return (int)(days + 4 - 7 * civil_floor_div(days + 4, 7));
}

static inline int
civil_days_in_month(int64_t year, int month)
{
	return (int)(civil_to_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
		     civil_to_days(year, month, 1));
}
