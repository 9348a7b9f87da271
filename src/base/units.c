#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

const char units_rate_form[] = "a rate such as 50/s, 3000/min, 2k/s or 20";
const char units_time_form[] = "a time with its unit, such as 500ms, 30s, 2m or 1h";
const char units_ratio_form[] = "a share such as 10% or 0.1";
const char units_bytes_form[] = "a size such as 64KiB, 1MiB or 512";
const char units_count_form[] = "a whole number such as 1000 or 10k";
const char units_users_form[] = "a number of users such as '10 users'";

/* A value is number × factor / per: whole numbers both, so that 3000/min and 95% come out exactly. */
struct unit {
	const char *name;
	double factor, per;
};

int64_t
s_to_ns(double s)
{
	CHECK(fabs(s) < 9.2e9);
	return (int64_t)llround(s * (double)NS_PER_S);
}

/* A plain decimal number at the start of text: digits, with a fraction perhaps, and nothing that strtod would also take
 * (signs, hex, inf, nan, exponents). Returns what follows it, or NULL. */
static const char *
parse_number(const char *text, double *value)
{
	const char *p = text;
	size_t digits = 0;

	for (; isdigit((unsigned char)*p); p++)
		digits++;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++)
			digits++;
	if (digits == 0 || digits > 18 || p[-1] == '.')
		return NULL;
	*value = strtod(text, NULL);
	return p;
}

/* number, optional spaces, one unit of the table (an empty name stands for "no unit"). */
static bool
parse_quantity(const char *text, const struct unit *units, size_t n, double *value)
{
	double number;
	const char *rest = parse_number(text, &number);

	if (rest == NULL)
		return false;
	while (*rest == ' ')
		rest++;
	for (size_t i = 0; i < n; i++)
		if (strcmp(rest, units[i].name) == 0) {
			*value = number * units[i].factor / units[i].per;
			return true;
		}
	return false;
}

bool
units_parse_rate(const char *text, double *per_s)
{
	static const struct unit units[] = {{"", 1, 1}, {"/s", 1, 1}, {"k/s", 1e3, 1}, {"M/s", 1e6, 1}, {"/min", 1, 60},
		{"k/min", 1e3, 60}, {"/m", 1, 60}, {"/h", 1, 3600}, {"k/h", 1e3, 3600}};

	return parse_quantity(text, units, ARRAY_LEN(units), per_s);
}

bool
units_parse_time_ns(const char *text, int64_t *ns)
{
	static const struct unit units[] = {
		{"ns", 1, 1},
		{"us", 1e3, 1},
		{"µs", 1e3, 1},
		{"ms", 1e6, 1},
		{"s", 1e9, 1},
		{"m", 60e9, 1},
		{"min", 60e9, 1},
		{"h", 3600e9, 1},
		{"d", 86400e9, 1},
	};
	double value;

	if (strcmp(text, "0") == 0) {
		*ns = 0;
		return true;
	}
	if (!parse_quantity(text, units, ARRAY_LEN(units), &value) || value > 9e18)
		return false;
	*ns = (int64_t)llround(value);
	return true;
}

bool
units_parse_ratio(const char *text, double *ratio)
{
	static const struct unit units[] = {{"%", 1, 100}, {"", 1, 1}};

	return parse_quantity(text, units, ARRAY_LEN(units), ratio);
}

static bool
parse_whole(const char *text, const struct unit *units, size_t n, uint64_t *whole)
{
	double value;

	if (!parse_quantity(text, units, n, &value) || value > 9e15 || value != floor(value))
		return false;
	*whole = (uint64_t)value;
	return true;
}

bool
units_parse_bytes(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{"", 1, 1},
		{"B", 1, 1},
		{"kB", 1e3, 1},
		{"KB", 1e3, 1},
		{"MB", 1e6, 1},
		{"GB", 1e9, 1},
		{"KiB", 1024, 1},
		{"MiB", 1048576, 1},
		{"GiB", 1073741824, 1},
	};

	return parse_whole(text, units, ARRAY_LEN(units), bytes);
}

bool
units_parse_count(const char *text, uint64_t *count)
{
	static const struct unit units[] = {{"", 1, 1}, {"k", 1e3, 1}, {"M", 1e6, 1}};

	return parse_whole(text, units, ARRAY_LEN(units), count);
}

bool
units_parse_users(const char *text, double *users)
{
	static const struct unit units[] = {{"users", 1, 1}, {"user", 1, 1}};
	double value;

	if (!parse_quantity(text, units, ARRAY_LEN(units), &value) || value != floor(value))
		return false;
	*users = value;
	return true;
}

/* Three significant digits of a value below 1000. */
static int
significant(double value, char *into, size_t size)
{
	return snprintf(into, size, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
}

const char *
units_time_text(int64_t ns, char *into, size_t size)
{
	static const struct unit units[] = {{"µs", 1e3, 1}, {"ms", 1e6, 1}, {"s", 1e9, 1}};
	char digits[32];

	if (ns < 0)
		snprintf(into, size, "n/a");
	else if (ns < 1000)
		snprintf(into, size, "%dns", (int)ns);
	else if (ns >= 3600 * NS_PER_S)
		snprintf(into, size, "%dh%02dm", (int)(ns / (3600 * NS_PER_S)), (int)(ns / (60 * NS_PER_S) % 60));
	else if (ns >= 120 * NS_PER_S)
		snprintf(into, size, "%dm%02ds", (int)(ns / (60 * NS_PER_S)), (int)(ns / NS_PER_S % 60));
	else {
		size_t i = 0;

		while (i + 1 < ARRAY_LEN(units) && (double)ns / units[i].factor >= 999.5)
			i++;
		significant((double)ns / units[i].factor, digits, sizeof(digits));
		snprintf(into, size, "%s%s", digits, units[i].name);
	}
	return into;
}

const char *
units_bytes_text(uint64_t bytes, char *into, size_t size)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	char digits[32];
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(names) && value >= 1023.5) {
		value /= 1024;
		i++;
	}
	if (i == 0)
		snprintf(digits, sizeof(digits), "%.0f", value);
	else
		significant(value, digits, sizeof(digits));
	snprintf(into, size, "%s %s", digits, names[i]);
	return into;
}

const char *
units_count_text(double count, char *into, size_t size)
{
	char digits[32];

	if (count < 999.5)
		snprintf(into, size, count == floor(count) ? "%.0f" : "%.1f", count);
	else if (count < 999999.5) {
		long long whole = llround(count);

		snprintf(into, size, "%lld,%03lld", whole / 1000, whole % 1000);
	} else {
		bool is_giga = count >= 999.5e6;

		significant(count / (is_giga ? 1e9 : 1e6), digits, sizeof(digits));
		snprintf(into, size, "%s%c", digits, is_giga ? 'G' : 'M');
	}
	return into;
}
