#include "fleet/start_at.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/units.h"

/* Up to nine digits of a fraction; what lies below a nanosecond is nobody's matter. NULL: it is none. */
static const char *
read_fraction(const char *at, int64_t *ns)
{
	int64_t place_ns = NS_PER_S / 10;

	*ns = 0;
	if (*at != '.')
		return at;
	if (!isdigit((unsigned char)at[1]))
		return NULL;
	for (at++; isdigit((unsigned char)*at); at++, place_ns /= 10)
		*ns += (*at - '0') * place_ns;
	return at;
}

/* Two digits, at most `most`; −1: they are not. */
static int
two_digits(const char *at, int most)
{
	if (!isdigit((unsigned char)at[0]) || !isdigit((unsigned char)at[1]))
		return -1;
	int value = (at[0] - '0') * 10 + at[1] - '0';

	return value <= most ? value : -1;
}

/* What lies beyond 2262 is far off all the same. */
static int64_t
ns_of(int64_t seconds, int64_t fraction_ns)
{
	return seconds < INT64_MAX / NS_PER_S ? seconds * NS_PER_S + fraction_ns : INT64_MAX;
}

/* "Z", "+01:00": what has to be taken off to come to UTC. */
static bool
read_offset(const char *at, int64_t *seconds)
{
	*seconds = 0;
	if ((at[0] == 'Z' || at[0] == 'z') && at[1] == '\0')
		return true;
	if ((at[0] != '+' && at[0] != '-') || strlen(at) != 6 || at[3] != ':')
		return false;
	int hours = two_digits(at + 1, 23), minutes = two_digits(at + 4, 59);

	*seconds = (at[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return hours >= 0 && minutes >= 0;
}

/* RFC 3339, section 5.6; a leap second is none that the system's clock shows. */
static bool
parse_date(const char *text, int64_t *wall_ns)
{
	static const char form[] = "0000-00-00T00:00:00";
	struct tm tm = {0}, again;
	int64_t fraction_ns, offset_s;

	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)text[i])
				   : toupper((unsigned char)text[i]) != form[i] && !(form[i] == 'T' && text[i] == ' '))
			return false;
	tm.tm_year = two_digits(text, 99) * 100 + two_digits(text + 2, 99) - 1900;
	tm.tm_mon = two_digits(text + 5, 12) - 1;
	tm.tm_mday = two_digits(text + 8, 31);
	tm.tm_hour = two_digits(text + 11, 23);
	tm.tm_min = two_digits(text + 14, 59);
	tm.tm_sec = two_digits(text + 17, 59);
	again = tm;
	time_t seconds = timegm(&again);
	const char *rest = read_fraction(text + sizeof(form) - 1, &fraction_ns);

	/* The 31st of February would be a day in March. */
	if (tm.tm_mon < 0 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0 || again.tm_mday != tm.tm_mday ||
		again.tm_mon != tm.tm_mon || rest == NULL || !read_offset(rest, &offset_s))
		return false;
	*wall_ns = ns_of((int64_t)seconds - offset_s, fraction_ns);
	return true;
}

static bool
parse_seconds(const char *text, int64_t *wall_ns)
{
	size_t digits = strspn(text, "0123456789");
	int64_t seconds = 0, fraction_ns;
	const char *rest = read_fraction(text + digits, &fraction_ns);

	if (digits == 0 || digits > 9 + 1 || rest == NULL || *rest != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		seconds = seconds * 10 + (text[i] - '0');
	*wall_ns = ns_of(seconds, fraction_ns);
	return true;
}

bool
start_at_parse(const char *text, int64_t now_wall_ns, int64_t *wall_ns, struct error *err)
{
	char late[32];

	if (!parse_date(text, wall_ns) && !parse_seconds(text, wall_ns))
		return error_set(err,
			"--start-at: '%.60s' is no time; write 2026-11-22T02:00:00Z, with +01:00 in place of Z if you like, "
			"or seconds since 1970",
			text);
	int64_t ahead_ns = *wall_ns - now_wall_ns;

	if (ahead_ns <= 0)
		return error_set(err, "--start-at: %.60s was %s ago; nothing was sent", text,
			units_time_text(-ahead_ns, late, sizeof(late)));
	if (ahead_ns / NS_PER_S > START_AT_AHEAD_MAX_S)
		return error_set(err, "--start-at: %.60s is %lld days ahead, and a week is the most", text,
			(long long)(ahead_ns / NS_PER_S / 86400));
	return true;
}
