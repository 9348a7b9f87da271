#pragma once

#include "report/result.h"
#include "unit/report/golden.h"

/* result.json as tests look at it. */
static const struct system_info machine = {
	.hostname = "host",
	.kernel = "Linux 6.1",
	.architecture = "x86_64",
	.cpu_model = "CPU",
	.compiler = "gcc 12",
	.libuv = "1.44.2",
	.cjson = "1.7.15",
	.zlib = "1.2.13",
	.cores = 2,
	.memory_bytes = UINT64_C(8589934592),
};

static inline char *
written(const struct report *report)
{
	struct buf buf;

	buf_init(&buf, RESULT_BYTES_CEILING);
	assert_true(result_add_json(report, &machine, &buf));
	return buf_steal(&buf);
}

/* Blots out what follows `before` up to the next quote: what a release or another zlib changes. */
static inline void
mask(char *text, const char *before)
{
	for (char *at = text; (at = strstr(at, before)) != NULL;) {
		at += strlen(before);
		char *end = strchr(at, '"');

		*at++ = '0';
		memmove(at, end, strlen(end) + 1);
	}
}

/* Its schema is checked on these files by test_schema.py. */
static inline void
assert_golden_document(const char *name, char *text)
{
	mask(text, "\"version\":\t\"");
	mask(text, "\"HISTF");
	assert_golden(name, text);
}

static inline cJSON *
at(cJSON *value, const char *path)
{
	char copy[128], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	while (value != NULL && (key = strsep(&rest, ".")) != NULL)
		value = cJSON_IsArray(value) ? cJSON_GetArrayItem(value, (int)strtol(key, NULL, 10))
					     : cJSON_GetObjectItemCaseSensitive(value, key);
	if (value == NULL)
		fail_msg("there is no %s", path);
	return value;
}

static inline double
number(cJSON *result, const char *path)
{
	cJSON *value = at(result, path);

	if (!cJSON_IsNumber(value))
		fail_msg("%s is not a number", path);
	return value->valuedouble;
}
