#include "request/condition.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define DIGITS_MOST ((size_t)63)

/* Decimal digits, a point, an exponent: neither strtod's hexadecimal numbers nor its infinities. */
static bool
is_of_number(char c)
{
	return isdigit((unsigned char)c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

static bool
read_number(const char *text, size_t length, double *number)
{
	char digits[DIGITS_MOST + 1];
	char *end;

	if (length == 0 || length > DIGITS_MOST)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_of_number(text[i]))
			return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	*number = strtod(digits, &end);
	return *end == '\0';
}

bool
condition_holds(const struct plan_condition *condition, const struct session *session)
{
	size_t length, wanted_length;
	const char *value = session_value(session, condition->value, &length);
	const char *text = condition->text != NULL ? condition->text : "";
	double number, wanted;

	wanted_length = strlen(text);
	bool are_numbers = read_number(value, length, &number) && read_number(text, wanted_length, &wanted);
	bool is_same = are_numbers ? number == wanted : length == wanted_length && memcmp(value, text, length) == 0;

	switch (condition->test) {
	case TEST_SET: return length > 0;
	case TEST_NOT_SET: return length == 0;
	case TEST_EQUAL: return is_same;
	case TEST_DIFFERENT: return !is_same;
	case TEST_AT_MOST: return are_numbers && number <= wanted;
	case TEST_AT_LEAST: return are_numbers && number >= wanted;
	case TEST_LESS: return are_numbers && number < wanted;
	case TEST_MORE: return are_numbers && number > wanted;
	}
	CHECK(false);
	return false;
}
