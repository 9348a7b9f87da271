#include "plan/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"

#define NUMBER_MAX 64

static bool
parse_time(const char *text, double *value)
{
	int64_t ns;

	if (!units_parse_time_ns(text, &ns))
		return false;
	*value = (double)ns;
	return true;
}

static bool
parse_bytes(const char *text, double *value)
{
	uint64_t bytes;

	if (!units_parse_bytes(text, &bytes))
		return false;
	*value = (double)bytes;
	return true;
}

static bool
parse_count(const char *text, double *value)
{
	uint64_t count;

	if (strchr(text, '%') == NULL && units_parse_ratio(text, value))
		return true;
	if (!units_parse_count(text, &count))
		return false;
	*value = (double)count;
	return true;
}

/* -2%, 40%, -0.1 */
static bool
parse_change(const char *text, double *value)
{
	bool is_negative = text[0] == '-';

	if (!units_parse_ratio(text + is_negative, value))
		return false;
	*value = is_negative ? -*value : *value;
	return true;
}

/* "5%/h" → "5%" and 1, "1%/d" → "1%" and 1/24: what is there per hour. */
static bool
split_per_time(const char *text, char number[NUMBER_MAX], double *per_h)
{
	static const struct {
		const char *name;
		double per_h;
	} times[] = {{"/h", 1}, {"/min", 60}, {"/d", 1.0 / 24}};
	size_t length = strlen(text);

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		size_t suffix = strlen(times[i].name);

		if (length <= suffix || length - suffix >= NUMBER_MAX ||
			strcmp(text + length - suffix, times[i].name) != 0)
			continue;
		snprintf(number, NUMBER_MAX, "%.*s", (int)(length - suffix), text);
		*per_h = times[i].per_h;
		return true;
	}
	return false;
}

static bool
parse_growth(const char *text, double *value)
{
	char number[NUMBER_MAX];
	double per_h;

	if (!split_per_time(text, number, &per_h) || !parse_change(number, value))
		return false;
	*value *= per_h;
	return true;
}

static bool
parse_slope(const char *text, double *value)
{
	bool is_negative = text[0] == '-';
	char number[NUMBER_MAX];
	double per_h;

	if (!split_per_time(text + is_negative, number, &per_h) || !parse_bytes(number, value))
		return false;
	*value *= is_negative ? -per_h : per_h;
	return true;
}

static void
print_time(double value, char *into, size_t size)
{
	units_time_text(value < 9e18 ? (int64_t)value : INT64_MAX, into, size);
}

static void
print_ratio(double value, char *into, size_t size)
{
	snprintf(into, size, "%.3g%%", value * 100);
}

static void
print_rate(double value, char *into, size_t size)
{
	char amount[NUMBER_MAX];

	snprintf(into, size, "%s/s", units_count_text(value, amount, sizeof(amount)));
}

static void
print_bytes(double value, char *into, size_t size)
{
	units_bytes_text(value > 0 ? (uint64_t)value : 0, into, size);
}

static void
print_count(double value, char *into, size_t size)
{
	units_count_text(value, into, size);
}

/* With its sign, and whole from 1000% on. */
static void
print_share(double value, const char *unit, char *into, size_t size)
{
	double percent = value * 100;

	snprintf(
		into, size, fabs(percent) >= 1000 ? "%s%.0f%%%s" : "%s%.3g%%%s", percent > 0 ? "+" : "", percent, unit);
}

static void
print_change(double value, char *into, size_t size)
{
	print_share(value, "", into, size);
}

static void
print_growth(double value, char *into, size_t size)
{
	print_share(value, "/h", into, size);
}

static void
print_slope(double value, char *into, size_t size)
{
	char amount[NUMBER_MAX];

	snprintf(into, size, "%s%s/h",
		value < 0   ? "-"
		: value > 0 ? "+"
			    : "",
		units_bytes_text((uint64_t)fabs(value), amount, sizeof(amount)));
}

#define parse_ratio units_parse_ratio
#define parse_rate units_parse_rate
#define form_time units_time_form
#define form_ratio units_ratio_form
#define form_rate units_rate_form
#define form_bytes units_bytes_form
#define form_count "a number such as 50 or 2.5"
#define form_change "a share such as 10%, 0.1 or -2%"
#define form_growth "a share per time such as 5%/h, 1%/d or -2%/h"
#define form_slope "a size per time such as 10MiB/h or 1GiB/d"

const struct unit_row unit_rows[UNIT_COUNT_OF_ROWS] = {
#define UNIT(NAME, result_name, kind_name, how)                                                                        \
	[UNIT_##NAME] = {                                                                                              \
		.name = result_name,                                                                                   \
		.kind = kind_name,                                                                                     \
		.form = form_##how,                                                                                    \
		.parse = parse_##how,                                                                                  \
		.print = print_##how,                                                                                  \
	},
#include "plan/unit.def"
#undef UNIT
};
