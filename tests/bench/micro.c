/* bench_micro NAME [COUNT]: ns of CPU time per operation, the median of 20 batches, as JSON. */
#include "micro.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/units.h"

#define BATCHES 20

static const struct micro *const micros[] = {&micro_record, &micro_schedule, &micro_parse, &micro_stream};

static const struct micro *
find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(micros); i++)
		if (strcmp(micros[i]->name, name) == 0)
			return micros[i];
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Not the time that somebody else had the core. */
static int64_t
cpu_ns(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void
run(const struct micro *m, uint64_t count)
{
	double ns[BATCHES];
	void *context = m->new ();

	for (size_t i = 0; i < BATCHES; i++) {
		int64_t start_ns = cpu_ns();

		m->repeat(context, count / BATCHES);
		ns[i] = (double)(cpu_ns() - start_ns) / (double)(count / BATCHES);
	}
	m->free(context);
	qsort(ns, BATCHES, sizeof(ns[0]), compare);
	printf("{\"name\":\"%s\",\"what\":\"%s\",\"count\":%llu,\"batches\":%d,\"ns\":%.2f,\"ns_min\":%.2f,\"ns_max\":%.2f}\n",
		m->name, m->what, (unsigned long long)count, BATCHES, (ns[BATCHES / 2 - 1] + ns[BATCHES / 2]) / 2,
		ns[0], ns[BATCHES - 1]);
}

int
main(int argc, char **argv)
{
	const struct micro *m = argc >= 2 ? find(argv[1]) : NULL;
	uint64_t count = 10000000;

	if (m == NULL || argc > 3 || (argc == 3 && !units_parse_count(argv[2], &count)) || count < BATCHES) {
		fprintf(stderr, "usage: bench_micro record|schedule|parse|sse [COUNT]\n");
		return 2;
	}
	run(m, count);
	return 0;
}
