#include "samples.h"

#include <math.h>
#include <stdio.h>

#include "base/check.h"

void
samples_init(struct samples *s, size_t room)
{
	*s = (struct samples){.values = must_calloc(room > 0 ? room : 1, sizeof(*s->values)), .room = room};
}

void
samples_fini(struct samples *s)
{
	free(s->values);
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest value that at least the share q of them does not exceed. */
static long long
percentile(const struct samples *s, double q)
{
	size_t rank = (size_t)ceil(q * (double)s->n);

	return s->n > 0 ? (long long)s->values[rank > 0 ? rank - 1 : 0] : 0;
}

void
samples_print(struct samples *s, const char *name)
{
	qsort(s->values, s->n, sizeof(*s->values), compare);
	printf(",\"%s\":{\"count\":%zu,\"p50\":%lld,\"p99\":%lld,\"p999\":%lld,\"max\":%lld}", name, s->n,
		percentile(s, 0.5), percentile(s, 0.99), percentile(s, 0.999), percentile(s, 1));
}
