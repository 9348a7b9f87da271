#include "import/moment.h"

#include <ctype.h>
#include <stdio.h>

#include "base/units.h"

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil, for years of four digits. */
static int64_t
days_since_1970(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400, of_era = year % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t
moment_s(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second)
{
	return days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

bool
moment_read(const char *text, int64_t *ns)
{
	unsigned year, month, day, hour, minute, second, zone_hours = 0, zone_minutes = 0;
	int64_t fraction_ns = 0, unit_ns = NS_PER_S / 10;
	int length = 0;

	if (sscanf(text, "%4u-%2u-%2u%*1[Tt ]%2u:%2u:%2u%n", &year, &month, &day, &hour, &minute, &second, &length) !=
			6 ||
		length == 0 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	text += length;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++, unit_ns /= 10)
			fraction_ns += (*text - '0') * unit_ns;
	bool has_zone = sscanf(text, "%*1[+-]%2u:%2u", &zone_hours, &zone_minutes) == 2;

	if (!has_zone && *text != 'Z' && *text != 'z')
		return false;
	int64_t zone_s = ((int64_t)zone_hours * 60 + zone_minutes) * 60;

	*ns = (moment_s(year, month, day, hour, minute, second) - (*text == '-' ? -zone_s : zone_s)) * NS_PER_S +
	      fraction_ns;
	return true;
}
