#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Searches for one text in what streams by (Knuth, Morris, Pratt 1977), with a state of a few words whatever the sizes:
 * the borders that KMP keeps in a table are worked out when they are needed, as the texts that people look for are
 * short and rarely overlap themselves. */
struct match {
	const char *wanted;
	size_t wanted_length;
	size_t matched; /* how much of `wanted` the bytes so far end with; all of it: found */
};

/* wanted outlives the search; NULL or empty: it is found already. */
void match_begin(struct match *match, const char *wanted);
void match_add(struct match *match, const char *bytes, size_t length);
/* The same for what stands between the quotes of a JSON string: its escapes mean what they stand for. */
void match_add_json(struct match *match, const char *text, size_t length);

static inline bool
match_is_found(const struct match *match)
{
	return match->matched == match->wanted_length;
}
