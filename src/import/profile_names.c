#include "import/profile_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define NAME_LENGTH 48 /* of 64 that a name may have: room for a number */

/* Letters, digits and dots as they are; whatever is between them, however long, a '-'. */
static char *
add_words(char *to, const char *end, const char *text, size_t length)
{
	for (size_t i = 0; i < length && to < end; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *reference_end =
			c == '$' && length - i > 1 && text[i + 1] == '{' ? memchr(text + i, '}', length - i) : NULL;

		if (reference_end != NULL) { /* what stands there says nothing of what is asked for */
			i = (size_t)(reference_end - text);
			c = '-';
		} else if (c == '%' && length - i > 2) {
			i += 2;
			c = '-';
		}
		if (isalnum(c) || c == '_' || (c == '.' && to[-1] != '-' && to[-1] != '\0'))
			*to++ = (char)c;
		else if (to[-1] != '-' && to[-1] != '\0')
			*to++ = '-';
	}
	return to;
}

/* buffer: NAME_LENGTH + 2, its first byte a NUL that stands before the name. */
static void
close_name(char *begin, char *to)
{
	while (to > begin && (to[-1] == '-' || to[-1] == '.'))
		to--;
	*to = '\0';
}

static const char *
name_of_request(struct arena *arena, const struct draft_request *request)
{
	char text[NAME_LENGTH + 2] = {0}, *to = text + 1, *end = text + 1 + NAME_LENGTH;

	if (request->name != NULL)
		to = add_words(to, end, request->name, strlen(request->name));
	else {
		if (strcmp(request->method, "GET") != 0) {
			to = add_words(to, end, request->method, strlen(request->method));
			for (char *p = text + 1; p < to; p++)
				*p = (char)tolower((unsigned char)*p);
		}
		if (to > text + 1 && to < end)
			*to++ = '-';
		to = add_words(to, end, request->path, strlen(request->path));
	}
	close_name(text + 1, to);
	return text[1] != '\0' ? arena_strdup(arena, text + 1) : "root";
}

struct named {
	const char *name;
	struct draft_taken *taken;
	size_t index;
};

static int
compare_names(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static bool
is_there(const struct named *named, size_t n, const char *name)
{
	size_t first = 0, after = n;

	while (first < after) {
		size_t middle = first + (after - first) / 2;
		int order = strcmp(named[middle].name, name);

		if (order == 0)
			return true;
		if (order < 0)
			first = middle + 1;
		else
			after = middle;
	}
	return false;
}

/* The second and later ones of a name get a number, which no other name has. */
static void
number(struct draft *draft, struct named *named, size_t n)
{
	unsigned next = 2;

	for (size_t i = 0; i < n; i++) {
		named[i].taken->final_name = named[i].name;
		if (i == 0 || strcmp(named[i].name, named[i - 1].name) != 0) {
			next = 2;
			continue;
		}
		do
			named[i].taken->final_name = arena_printf(&draft->arena, "%s-%u", named[i].name, next++);
		while (is_there(named, n, named[i].taken->final_name));
	}
}

void
profile_name_requests(struct draft *draft)
{
	struct named *named = must_calloc(draft->n + 1, sizeof(*named));
	size_t n = 0;

	for (size_t i = 0; i < draft->n; i++) {
		if (draft->taken[i].is_chosen)
			named[n++] = (struct named){
				name_of_request(&draft->arena, draft->taken[i].request), &draft->taken[i], i};
	}
	qsort(named, n, sizeof(*named), compare_names);
	number(draft, named, n);
	free(named);
}

const char *
profile_name(struct draft *draft, const char *base)
{
	const char *host = strstr(base, "://"), *text = draft->title;
	char name[NAME_LENGTH + 2] = {0}, *to;

	if (text == NULL || text[0] == '\0')
		text = host != NULL ? host + 3 : base;
	to = add_words(name + 1, name + 1 + NAME_LENGTH, text, strlen(text));
	for (char *p = name + 1; p < to; p++)
		*p = (char)tolower((unsigned char)*p);
	close_name(name + 1, to);
	return name[1] != '\0' ? arena_strdup(&draft->arena, name + 1) : "imported";
}
