#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "report/escape.h"
#include "report/value.h"

/* cJSON says NULL where there is no memory: as fatal as in must_alloc. */
static cJSON *
must(cJSON *value)
{
	CHECK(value != NULL);
	return value;
}

cJSON *
value_object(void)
{
	return must(cJSON_CreateObject());
}

cJSON *
value_array(void)
{
	return must(cJSON_CreateArray());
}

cJSON *
value_of_text(const char *text)
{
	struct buf clean;

	if (text == NULL || text[0] == '\0')
		return must(cJSON_CreateNull());
	buf_init(&clean, strlen(text) * 8);
	CHECK(escape_add(&clean, text, strlen(text)));
	cJSON *value = must(cJSON_CreateString(clean.bytes));

	buf_fini(&clean);
	return value;
}

cJSON *
value_of_count(uint64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, n);
	return must(cJSON_CreateRaw(digits));
}

cJSON *
value_of_ns(int64_t ns)
{
	return ns < 0 ? must(cJSON_CreateNull()) : value_of_count((uint64_t)ns);
}

cJSON *
value_of_number(double value)
{
	return must(isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

/* A key may be a request's name. */
void
value_set(cJSON *object, const char *key, cJSON *value)
{
	struct buf clean;

	buf_init(&clean, strlen(key) * 8 + 1);
	CHECK(escape_add(&clean, key, strlen(key)));
	CHECK(cJSON_AddItemToObject(object, clean.bytes != NULL ? clean.bytes : "", value));
	buf_fini(&clean);
}

void
value_set_text(cJSON *object, const char *key, const char *text)
{
	value_set(object, key, value_of_text(text));
}

void
value_set_count(cJSON *object, const char *key, uint64_t n)
{
	value_set(object, key, value_of_count(n));
}

void
value_set_ns(cJSON *object, const char *key, int64_t ns)
{
	value_set(object, key, value_of_ns(ns));
}

void
value_set_seconds(cJSON *object, const char *key, int64_t ns)
{
	value_set(object, key, value_of_number(ns < 0 ? NAN : ns_to_s(ns)));
}

void
value_set_number(cJSON *object, const char *key, double value)
{
	value_set(object, key, value_of_number(value));
}

void
value_set_bool(cJSON *object, const char *key, bool value)
{
	value_set(object, key, must(cJSON_CreateBool(value)));
}

cJSON *
value_add_object(cJSON *object, const char *key)
{
	cJSON *value = value_object();

	value_set(object, key, value);
	return value;
}

cJSON *
value_add_array(cJSON *object, const char *key)
{
	cJSON *value = value_array();

	value_set(object, key, value);
	return value;
}
