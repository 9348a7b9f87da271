#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A regular expression as Perl and most other languages have it (PCRE2), over UTF-8 and whatever else a server says.
 * Made ready once at start; looking for it allocates nothing and may take so many steps and no more. */
struct pattern;

/* Of backtracking, for one text. More means that the expression could take for ever: (a+)+$, say. */
#define PATTERN_STEPS_MOST 200000

enum pattern_result { PATTERN_FOUND, PATTERN_NOT_FOUND, PATTERN_GAVE_UP };

/* NULL with err set: it is none. */
struct pattern *pattern_new(const char *text, struct error *err);
void pattern_free(struct pattern *pattern);

bool pattern_has_group(const struct pattern *pattern);

/* Its first match in the text; group, where it is not NULL, becomes what its first group fits: NULL where that takes no
 * part in it. */
enum pattern_result pattern_find(
	const struct pattern *pattern, const char *text, size_t length, const char **group, size_t *group_length);
