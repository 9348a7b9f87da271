#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "request/feed_format.h"

/* A walk through a JSON text that json_check has passed and that a NUL ends: it trusts what it reads, keeps no tree and
 * allocates nothing. Each takes where a value begins. */

const char *feed_json_skip_space(const char *at);
const char *feed_json_end(const char *value); /* just past it */

/* The value of an object's member; NULL: it has none of that name, or is no object. */
const char *feed_json_member(const char *object, const char *name, size_t length);

/* The first item of a list, and the one after that; NULL: there is none. */
const char *feed_json_first(const char *list);
const char *feed_json_next(const char *item);

/* A path such as "a.b.0": members by name, the whole of the path first, and items of lists by number; NULL: nothing is
 * there. */
const char *feed_json_find(const char *value, const char *path, size_t length);

/* Adds what a string stands for. */
void feed_json_add_string(const char *string, struct buf *into);

bool feed_json_string_is(const char *string, const char *text, size_t length);

/* Adds a value of any type. */
enum feed_value feed_json_add(const char *value, struct buf *into);
