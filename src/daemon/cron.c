#include "daemon/cron.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/units.h"
#include "daemon/civil.h"

#define FIELDS_N 5
#define FIELD_TEXT_MAX 128
#define SMALL_CHANGE_S (3 * 3600) /* cron(8): up to so much, times that are left out or come twice are looked after */
/* Leap days that must also be a certain weekday come after 40 years at the latest, across a year such as 2100. */
#define HORIZON_DAYS (45 * 366)
#define SPANS_MAX 16 /* of three days */

static const char *const month_names[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field {
	const char *what;
	int least, most;
	const char *const *names; /* of least, least + 1 …; NULL: none */
	const char *form;
} fields[FIELDS_N] = {
	{"minute", 0, 59, NULL, "0 to 59"},
	{"hour", 0, 23, NULL, "0 to 23"},
	{"day of the month", 1, 31, NULL, "1 to 31"},
	{"month", 1, 12, month_names, "1 to 12 or jan to dec"},
	{"day of the week", 0, 7, weekday_names, "0 to 7 (0 and 7 are Sunday) or sun to sat"},
};

static const struct {
	const char *name, *fields;
} nicknames[] = {
	{"@hourly", "0 * * * *"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@weekly", "0 0 * * 0"},
	{"@monthly", "0 0 1 * *"},
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
};

struct reading {
	const struct field *field;
	const char *text; /* the whole field */
	const char *at;
	struct error *err;
};

static bool
refuse(const struct reading *r, const char *why)
{
	return error_set(r->err, "%s '%s': %s", r->field->what, r->text, why);
}

static bool
refuse_value(const struct reading *r)
{
	char why[160];

	snprintf(why, sizeof(why), "write %s, a range such as %d-%d, a list, * or */2", r->field->form, r->field->least,
		r->field->least + 4);
	return refuse(r, why);
}

static int
name_value(const struct field *field, const char *at, size_t length)
{
	for (int i = 0; field->names != NULL && field->names[i] != NULL; i++)
		if (strlen(field->names[i]) == length && strncasecmp(field->names[i], at, length) == 0)
			return field->least + i;
	return -1;
}

/* A number or a name. */
static bool
read_value(struct reading *r, int *into)
{
	size_t letters = 0;
	int value = 0;

	while (isalpha((unsigned char)r->at[letters]))
		letters++;
	if (letters > 0) {
		*into = name_value(r->field, r->at, letters);
		r->at += letters;
		return *into >= 0 || refuse_value(r);
	}
	if (!isdigit((unsigned char)*r->at))
		return refuse_value(r);
	while (isdigit((unsigned char)*r->at) && value <= r->field->most)
		value = value * 10 + (*r->at++ - '0');
	*into = value;
	return (value >= r->field->least && value <= r->field->most) || refuse_value(r);
}

static bool
read_step(struct reading *r, int span, int *step)
{
	char why[120];
	int value = 0;

	r->at++;
	while (isdigit((unsigned char)*r->at) && value < 1000)
		value = value * 10 + (*r->at++ - '0');
	*step = value;
	if (value >= 1 && value <= span)
		return true;
	snprintf(why, sizeof(why), "after the / comes a step from 1 to %d", span);
	return refuse(r, why);
}

/* N or N-M. */
static bool
read_bounds(struct reading *r, int *from, int *to, bool *is_range)
{
	if (!read_value(r, from))
		return false;
	*to = *from;
	*is_range = *r->at == '-';
	if (!*is_range)
		return true;
	bool is_named = isalpha((unsigned char)*++r->at);

	if (!read_value(r, to))
		return false;
	if (r->field->names == weekday_names && is_named && *to == 0)
		*to = 7; /* fri-sun */
	return *to >= *from || refuse(r, "the range ends before it begins; write it as two, such as 22-23,0-4");
}

/* *, N or N-M, the first and the last with /STEP. */
static bool
read_range(struct reading *r, uint64_t *bits)
{
	int from = r->field->least, to = r->field->names == weekday_names ? 6 : r->field->most, step = 1;
	bool is_range = true;

	if (*r->at == '*')
		r->at++;
	else if (!read_bounds(r, &from, &to, &is_range))
		return false;
	if (*r->at == '/' && !is_range)
		return refuse(r, "a step goes with a range or *, such as 5-59/15");
	if (*r->at == '/' && !read_step(r, to - from, &step))
		return false;
	for (int i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return true;
}

static bool
read_field(const struct field *field, const char *text, uint64_t *bits, struct error *err)
{
	struct reading r = {.field = field, .text = text, .at = text, .err = err};

	*bits = 0;
	for (;;) {
		if (!read_range(&r, bits))
			return false;
		if (*r.at == '\0')
			return true;
		if (*r.at != ',')
			return refuse_value(&r);
		r.at++;
	}
}

/* Cuts the text at its spaces; false: there are not five parts. */
static bool
split(const char *text, char into[FIELDS_N][FIELD_TEXT_MAX])
{
	size_t n = 0;

	for (const char *at = text; *(at += strspn(at, " \t")) != '\0'; n++) {
		size_t length = strcspn(at, " \t");

		if (n == FIELDS_N || length >= FIELD_TEXT_MAX)
			return false;
		memcpy(into[n], at, length);
		into[n][length] = '\0';
		at += length;
	}
	return n == FIELDS_N;
}

/* Some month has the first of its days; a restricted weekday beside them comes anyway. */
static bool
is_ever_due(const struct cron *cron)
{
	static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int first = __builtin_ctzll(cron->days);

	if (!cron->is_any_day && !cron->is_any_weekday)
		return true;
	for (int month = 1; month <= 12; month++)
		if ((cron->months >> month & 1) != 0 && first <= longest[month - 1])
			return true;
	return false;
}

static bool
parse_fields(const char *text, struct cron *cron, struct error *err)
{
	char parts[FIELDS_N][FIELD_TEXT_MAX];
	uint64_t bits[FIELDS_N];

	if (!split(text, parts))
		return error_set(err,
			"'%.120s' is no cron expression: write minute, hour, day of the month, month and day of the "
			"week, such as '0 2 * * mon-fri', or one of @hourly, @daily, @weekly, @monthly and @yearly",
			text);
	for (size_t i = 0; i < FIELDS_N; i++)
		if (!read_field(&fields[i], parts[i], &bits[i], err))
			return false;
	*cron = (struct cron){.minutes = bits[0],
		.hours = bits[1],
		.days = bits[2],
		.months = bits[3],
		.weekdays = (bits[4] | bits[4] >> 7) & 0x7f,
		.is_any_day = parts[2][0] == '*',
		.is_any_weekday = parts[4][0] == '*',
		.is_wild = parts[0][0] == '*' || parts[1][0] == '*'};
	return is_ever_due(cron) || error_set(err, "'%.120s' is never due: no month of those has that day", text);
}

bool
cron_parse(const char *text, struct cron *cron, struct error *err)
{
	const char *name = text + strspn(text, " \t");
	size_t length = strcspn(name, " \t");

	if (*name != '@')
		return parse_fields(text, cron, err);
	for (size_t i = 0; i < ARRAY_LEN(nicknames); i++)
		if (strlen(nicknames[i].name) == length && strncasecmp(name, nicknames[i].name, length) == 0 &&
			name[length + strspn(name + length, " \t")] == '\0')
			return parse_fields(nicknames[i].fields, cron, err);
	return error_set(
		err, "'%.120s' is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually", text);
}

bool
cron_set_every(struct cron *cron, int64_t every_ns, struct error *err)
{
	if (every_ns < CRON_EVERY_MIN_NS || every_ns > CRON_EVERY_MAX_NS)
		return error_set(err, "every: write a time from 1m to 366 days (8784h)");
	*cron = (struct cron){.every_ns = every_ns};
	return true;
}

static bool
is_day_due(const struct cron *cron, int64_t days)
{
	struct civil date = civil_of_days(days);
	bool of_month = cron->days >> date.day & 1, of_week = cron->weekdays >> civil_weekday(days) & 1;

	if ((cron->months >> date.month & 1) == 0)
		return false;
	return cron->is_any_day || cron->is_any_weekday ? of_month && of_week : of_month || of_week;
}

/* When a clock on the wall shows local_s, after after_s; INT64_MAX: not (any more). Spans are those around it. */
static int64_t
instant_s(const struct cron *cron, const struct zone_span *spans, size_t n, int64_t local_s, int64_t after_s)
{
	for (size_t i = 0; i < n; i++) {
		int64_t at_s = local_s - spans[i].offset_s;
		int64_t forward_s = i > 0 ? spans[i].offset_s - spans[i - 1].offset_s : 0;
		bool is_looked_after =
			!cron->is_wild && i > 0 && forward_s <= SMALL_CHANGE_S && forward_s >= -SMALL_CHANGE_S;
		/* By the clock as it was before this stretch, it would come after its end or not. */
		bool was_before = i > 0 && local_s - spans[i - 1].offset_s < spans[i].from_s;

		if (is_looked_after && forward_s > 0 && !was_before && at_s < spans[i].from_s)
			at_s = spans[i].from_s; /* left out */
		else if (at_s < spans[i].from_s || at_s >= spans[i].to_s)
			continue;
		else if (is_looked_after && forward_s < 0 && was_before)
			continue; /* comes for the second time */
		if (at_s > after_s)
			return at_s;
	}
	return INT64_MAX;
}

/* The first time of a day of the calendar that is after after_s; INT64_MAX: none. */
static int64_t
first_of_day_s(const struct cron *cron, const struct zone *zone, int64_t days, int64_t after_s)
{
	struct zone_span spans[SPANS_MAX];
	size_t n = zone_spans(zone, (days - 1) * DAY_S, (days + 2) * DAY_S, spans, SPANS_MAX);
	int64_t first_s = INT64_MAX;

	for (int hour = 0; hour < 24; hour++)
		for (int minute = 0; (cron->hours >> hour & 1) != 0 && minute < 60; minute++) {
			if ((cron->minutes >> minute & 1) == 0)
				continue;
			int64_t local_s = days * DAY_S + hour * 3600 + minute * 60;
			int64_t at_s = instant_s(cron, spans, n, local_s, after_s);

			if (at_s < first_s)
				first_s = at_s;
			if (n == 1 && first_s != INT64_MAX) /* no change of clocks: the first is the first */
				return first_s;
		}
	return first_s;
}

int64_t
cron_next_ns(const struct cron *cron, const struct zone *zone, int64_t after_ns)
{
	if (cron->every_ns > 0)
		return (civil_floor_div(after_ns, cron->every_ns) + 1) * cron->every_ns;
	int64_t after_s = civil_floor_div(after_ns, NS_PER_S), first_s = INT64_MAX;
	/* A clock that is put back across midnight shows a day twice, and the next one begins before it is over. */
	int64_t from = civil_floor_div(after_s + zone_offset_s(zone, after_s), DAY_S) - 1, last = from + HORIZON_DAYS;

	for (int64_t days = from; days <= last; days++) {
		if (!is_day_due(cron, days))
			continue;
		int64_t at_s = first_of_day_s(cron, zone, days, after_s);

		if (at_s < first_s)
			first_s = at_s;
		if (first_s != INT64_MAX && last > days + 1)
			last = days + 1;
	}
	CHECK(first_s != INT64_MAX); /* cron_parse has refused what is never due */
	return first_s * NS_PER_S;
}
