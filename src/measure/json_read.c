#include "measure/json_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure/json.h"

bool
json_fail(struct json_reader *r, const char *name, const char *problem)
{
	if (!r->has_failed)
		error_set(r->err, "%.64s: %s", name, problem);
	r->has_failed = true;
	return false;
}

cJSON *
json_parse(struct json_reader *r, const char *text, size_t length, size_t ceiling)
{
	size_t at = 0;
	const char *problem = length > ceiling ? "the line is too long" : json_check(text, length, &at);
	cJSON *tree = problem == NULL ? cJSON_ParseWithLength(text, length) : NULL;

	if (tree != NULL && cJSON_IsObject(tree))
		return tree;
	cJSON_Delete(tree);
	r->has_failed = true;
	error_set(r->err, "byte %zu: %s", at + 1,
		problem != NULL ? problem
		: tree != NULL  ? "an object is wanted"
				: "a number of more digits than any is written with");
	return NULL;
}

static const cJSON *
member(const struct json_reader *r, const cJSON *in, const char *name)
{
	return r->has_failed ? NULL : cJSON_GetObjectItemCaseSensitive(in, name);
}

const cJSON *
json_object(struct json_reader *r, const cJSON *in, const char *name)
{
	const cJSON *item = member(r, in, name);

	if (item == NULL || cJSON_IsObject(item))
		return item;
	json_fail(r, name, "an object is wanted");
	return NULL;
}

const cJSON *
json_array(struct json_reader *r, const cJSON *in, const char *name)
{
	const cJSON *item = member(r, in, name);

	if (item == NULL || cJSON_IsArray(item))
		return item;
	json_fail(r, name, "an array is wanted");
	return NULL;
}

/* Digits alone, as encoders write what a double cannot hold. */
static bool
value_of_digits(const char *text, uint64_t *value)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || text[length] != '\0' || text[0] == '0')
		return false;
	errno = 0;
	*value = strtoull(text, NULL, 10);
	return errno == 0 && *value > JSON_INTEGER_MAX;
}

bool
json_value_u64(const cJSON *item, uint64_t max, uint64_t *into)
{
	uint64_t value;

	if (cJSON_IsString(item)) {
		if (!value_of_digits(item->valuestring, &value))
			return false;
	} else {
		/* Range first: a conversion of anything else would be undefined. */
		if (!cJSON_IsNumber(item) ||
			!(item->valuedouble >= 0 && item->valuedouble <= (double)JSON_INTEGER_MAX) ||
			item->valuedouble != floor(item->valuedouble))
			return false;
		value = (uint64_t)item->valuedouble;
	}
	if (value > max)
		return false;
	*into = value;
	return true;
}

bool
json_value_double(const cJSON *item, double *into)
{
	if (cJSON_IsNull(item)) {
		*into = NAN;
		return true;
	}
	if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
		return false;
	*into = item->valuedouble;
	return true;
}

void
json_read_u64(struct json_reader *r, const cJSON *in, const char *name, uint64_t max, uint64_t *into)
{
	const cJSON *item = member(r, in, name);

	if (item != NULL && !json_value_u64(item, max, into))
		json_fail(r, name, "a whole number in its range is wanted");
}

void
json_read_u32(struct json_reader *r, const cJSON *in, const char *name, uint32_t max, uint32_t *into)
{
	uint64_t value = *into;

	json_read_u64(r, in, name, max, &value);
	*into = (uint32_t)value;
}

void
json_read_i64(struct json_reader *r, const cJSON *in, const char *name, int64_t min, int64_t max, int64_t *into)
{
	const cJSON *item = member(r, in, name);
	uint64_t value;

	if (item == NULL)
		return;
	if (cJSON_IsNumber(item) && item->valuedouble < 0 && item->valuedouble >= (double)min &&
		item->valuedouble >= -(double)JSON_INTEGER_MAX && item->valuedouble == trunc(item->valuedouble)) {
		*into = (int64_t)item->valuedouble; /* −1: not known; others: before T0, as the idle baseline is */
	} else if (json_value_u64(item, (uint64_t)max, &value) && (min < 0 || value >= (uint64_t)min)) {
		*into = (int64_t)value;
	} else {
		json_fail(r, name, "a whole number in its range is wanted");
	}
}

void
json_read_double(struct json_reader *r, const cJSON *in, const char *name, double *into)
{
	const cJSON *item = member(r, in, name);

	if (item != NULL && !json_value_double(item, into))
		json_fail(r, name, "a finite number or null is wanted");
}

void
json_read_bool(struct json_reader *r, const cJSON *in, const char *name, bool *into)
{
	const cJSON *item = member(r, in, name);

	if (item == NULL)
		return;
	if (cJSON_IsBool(item))
		*into = cJSON_IsTrue(item);
	else
		json_fail(r, name, "true or false is wanted");
}

void
json_read_text(struct json_reader *r, const cJSON *in, const char *name, char *into, size_t size)
{
	const cJSON *item = member(r, in, name);

	if (item == NULL)
		return;
	if (!cJSON_IsString(item) || strlen(item->valuestring) >= size) {
		json_fail(r, name, "a text is wanted, and not so long a one");
		return;
	}
	memcpy(into, item->valuestring, strlen(item->valuestring) + 1);
}

void
json_have_only(struct json_reader *r, const cJSON *in, const char *const *names)
{
	const cJSON *item;

	if (r->has_failed)
		return;
	cJSON_ArrayForEach(item, in)
	{
		const char *const *name = names;

		while (*name != NULL && strcmp(*name, item->string) != 0)
			name++;
		if (*name == NULL) {
			json_fail(r, item->string, "is not known here");
			return;
		}
	}
}

void
json_must_have(struct json_reader *r, const cJSON *in, const char *name)
{
	if (!r->has_failed && member(r, in, name) == NULL)
		json_fail(r, name, "is missing");
}
