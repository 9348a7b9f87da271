#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One pass over a JSON text that says whether it is one, and tells of the few values in it that somebody wants: without
 * a tree, a copy or an allocation. Strict as RFC 8259 is: one value, no comments, no leading zeros, no control
 * characters in strings, UTF-8 throughout. */

#define JSON_SCAN_DEPTH_MAX 64

/* Members of an object, ended by a null name. An array stands for each of its elements, so that choices[].delta.content
 * is {"choices", inside: {"delta", inside: {"content"}}}. */
struct json_want {
	const char *name;
	size_t length;
	unsigned meaning; /* what it is called when it is found; 0: only what is inside is wanted */
	const struct json_want *inside;
};

#define JSON_WANTS_MAX 32 /* of one object */

#define JSON_WANT(name, meaning)                                                                                       \
	{                                                                                                              \
		(name), sizeof(name) - 1, (meaning), NULL                                                              \
	}
#define JSON_WANT_IN(name, meaning, inside)                                                                            \
	{                                                                                                              \
		(name), sizeof(name) - 1, (meaning), (inside)                                                          \
	}
#define JSON_WANTS_END                                                                                                 \
	{                                                                                                              \
		NULL, 0, 0, NULL                                                                                       \
	}

enum json_type { JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL, JSON_OBJECT };

struct json_value {
	enum json_type type;
	const char *text; /* a string's: between its quotes, still escaped; an object's: NULL */
	size_t length;
};

/* Called for each wanted value, in the order of the text; for an object before what is inside. */
typedef void (*json_found)(void *context, unsigned meaning, const struct json_value *value);

/* False: it is no JSON, is nested deeper than JSON_SCAN_DEPTH_MAX, or names a wanted member twice in one object, which
 * every parser takes in its own way (RFC 8259 §4). What was found until then is worth nothing. */
bool json_scan(const char *text, size_t length, const struct json_want *wants, json_found found, void *context);

/* Whether a string, which may hold escapes, says this; `plain` is ASCII. */
bool json_says(const struct json_value *value, const char *plain);
/* A whole number that is not negative; false: it is none, or above 2^53 − 1. */
bool json_count(const struct json_value *value, uint64_t *count);
