#include "base/check.h"

#include <string.h>

void
check_failed(const char *file, int line, const char *expression)
{
	fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, expression);
	abort();
}

void
check_failed_values(const char *file, int line, const char *expression, long long a, long long b)
{
	fprintf(stderr, "%s:%d: CHECK failed: %s (%lld, %lld)\n", file, line, expression, a, b);
	abort();
}

void *
must_alloc(size_t size)
{
	return must_calloc(1, size);
}

void *
must_calloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	CHECK(p != NULL);
	return p;
}

void *
must_realloc(void *p, size_t size)
{
	void *grown = realloc(p, size ? size : 1);

	CHECK(grown != NULL);
	return grown;
}

char *
must_strdup(const char *s)
{
	return must_strndup(s, strlen(s));
}

char *
must_strndup(const char *s, size_t n)
{
	char *copy = must_alloc(n + 1);

	memcpy(copy, s, n);
	return copy;
}
