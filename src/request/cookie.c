#include "request/cookie.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"

#define FIRST_YEAR 1601 /* §5.1.1 */

static struct cookie_text
trimmed(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct cookie_text){at, (size_t)(end - at)};
}

/* What comes before the next `separator`, or all; the text moves behind that. */
static struct cookie_text
take_until(struct cookie_text *text, char separator)
{
	const char *end = text->at + text->length, *stop = memchr(text->at, separator, text->length);
	struct cookie_text part = trimmed(text->at, stop != NULL ? stop : end);

	text->at = stop != NULL ? stop + 1 : end;
	text->length = (size_t)(end - text->at);
	return part;
}

/* A line end, say, that would end the Cookie header too. */
static bool
has_control(const char *at, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)at[i] < ' ' && at[i] != '\t') || at[i] == 0x7f)
			return true;
	return false;
}

static bool
is_word(struct cookie_text text, const char *word)
{
	return text.length == strlen(word) && strncasecmp(text.at, word, text.length) == 0;
}

/* §5.1.1's delimiters. */
static bool
is_delimiter(unsigned char c)
{
	return c == '\t' || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) || (c >= 0x5b && c <= 0x60) ||
	       (c >= 0x7b && c <= 0x7e);
}

/* `least` to `most` digits, which no further one follows; −1: there are none. */
static int
take_digits(struct cookie_text *text, size_t least, size_t most)
{
	int value = 0;
	size_t n = 0;

	while (n < text->length && n < most && isdigit((unsigned char)text->at[n]))
		value = 10 * value + text->at[n++] - '0';
	if (n < least || (n < text->length && isdigit((unsigned char)text->at[n])))
		return -1;
	text->at += n;
	text->length -= n;
	return value;
}

struct date {
	int second, minute, hour, day, month, year; /* −1: not found yet; month from 1 */
};

/* "20:35:07" */
static bool
take_time(struct cookie_text token, struct date *date)
{
	int parts[3];

	for (int i = 0; i < 3; i++) {
		parts[i] = take_digits(&token, 1, 2);
		if (parts[i] < 0 || (i < 2 && (token.length == 0 || *token.at != ':')))
			return false;
		token.at += i < 2;
		token.length -= i < 2;
	}
	date->hour = parts[0];
	date->minute = parts[1];
	date->second = parts[2];
	return true;
}

static int
month_of(struct cookie_text token)
{
	static const char names[][4] = {
		"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

	for (int i = 0; i < (int)ARRAY_LEN(names) && token.length >= 3; i++)
		if (strncasecmp(token.at, names[i], 3) == 0)
			return i + 1;
	return -1;
}

/* Each token is what it can be first, of what is not found yet. */
static void
take_token(struct cookie_text token, struct date *date)
{
	struct cookie_text rest = token;

	if (date->hour < 0 && take_time(token, date))
		return;
	if (date->day < 0 && (date->day = take_digits(&rest, 1, 2)) >= 0)
		return;
	if (date->month < 0 && (date->month = month_of(token)) >= 0)
		return;
	rest = token;
	if (date->year < 0)
		date->year = take_digits(&rest, 2, 4);
}

/* Days from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil). */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400, of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool
is_date(const struct date *date)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (date->hour < 0 || date->day < 1 || date->month < 1 || date->year < FIRST_YEAR || date->hour > 23 ||
		date->minute > 59 || date->second > 59)
		return false;
	bool is_leap = (date->year % 4 == 0 && date->year % 100 != 0) || date->year % 400 == 0;

	return date->day <= days[date->month - 1] + (date->month == 2 && is_leap);
}

bool
cookie_parse_date(const char *text, size_t length, int64_t *seconds)
{
	struct date date = {-1, -1, -1, -1, -1, -1};
	const char *end = text + length;

	while (text < end) {
		const char *start = text;

		while (text < end && !is_delimiter((unsigned char)*text))
			text++;
		if (text > start)
			take_token((struct cookie_text){start, (size_t)(text - start)}, &date);
		else
			text++;
	}
	if (date.year >= 70 && date.year <= 99)
		date.year += 1900;
	else if (date.year >= 0 && date.year <= 69)
		date.year += 2000;
	if (!is_date(&date))
		return false;
	*seconds = days_of(date.year, date.month, date.day) * 86400 + date.hour * 3600 + date.minute * 60 + date.second;
	return true;
}

/* §5.2.2. What is beyond any run is a number that is. */
static void
take_max_age(struct cookie *cookie, struct cookie_text value)
{
	bool is_negative = value.length > 0 && *value.at == '-';
	int64_t seconds = 0;

	for (size_t i = is_negative; i < value.length; i++) {
		if (!isdigit((unsigned char)value.at[i]))
			return;
		if (seconds < INT64_C(1) << 40)
			seconds = 10 * seconds + value.at[i] - '0';
	}
	if (value.length == (size_t)is_negative)
		return;
	cookie->has_max_age = true;
	cookie->max_age_s = is_negative ? -seconds : seconds;
}

/* The last of each is meant. */
static void
take_attribute(struct cookie *cookie, struct cookie_text attribute)
{
	struct cookie_text value = attribute, name = take_until(&value, '=');
	int64_t seconds;

	value = trimmed(value.at, value.at + value.length);
	if (is_word(name, "secure"))
		cookie->is_secure = true;
	else if (is_word(name, "max-age"))
		take_max_age(cookie, value);
	else if (is_word(name, "expires") && cookie_parse_date(value.at, value.length, &seconds))
		cookie->expires_s = seconds;
	else if (is_word(name, "path"))
		cookie->path = value.length > 0 && *value.at == '/' ? value : (struct cookie_text){value.at, 0};
	else if (is_word(name, "domain") && value.length > 0) {
		size_t dot = *value.at == '.';

		cookie->domain = (struct cookie_text){value.at + dot, value.length - dot};
	}
}

bool
cookie_parse(struct cookie *cookie, const char *field, size_t length)
{
	struct cookie_text rest = {field, length}, pair;

	*cookie = (struct cookie){.expires_s = COOKIE_NEVER};
	if (has_control(field, length))
		return false;
	pair = take_until(&rest, ';');
	if (memchr(pair.at, '=', pair.length) == NULL)
		return false;
	cookie->name = take_until(&pair, '=');
	cookie->value = trimmed(pair.at, pair.at + pair.length);
	while (rest.length > 0)
		take_attribute(cookie, take_until(&rest, ';'));
	return cookie->name.length > 0;
}
