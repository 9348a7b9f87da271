#include "meter.h"

#include <stdio.h>
#include <sys/mman.h>

#include "base/check.h"

#define LOG_MAX ((size_t)16 << 20)

/* The log's memory is taken page by page as it fills: nothing is written, and nothing looked at, before the end. */
void
meter_init(struct meter *m, bool has_log)
{
	*m = (struct meter){.first_ns = -1};
	if (!has_log)
		return;
	m->log = mmap(NULL, LOG_MAX * sizeof(*m->log), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(m->log != MAP_FAILED);
}

void
meter_fini(struct meter *m)
{
	if (m->log != NULL)
		munmap(m->log, LOG_MAX * sizeof(*m->log));
}

static size_t
bucket_of(const struct meter *m, int64_t now_ns)
{
	int64_t bucket = (now_ns - m->first_ns) / METER_BUCKET_NS;

	return bucket < METER_BUCKETS ? (size_t)bucket : METER_BUCKETS - 1;
}

void
meter_add_connection(struct meter *m, int64_t now_ns)
{
	m->connections++;
	if (m->first_ns < 0)
		m->early_connections++;
	else
		m->connections_by_bucket[bucket_of(m, now_ns)]++;
}

void
meter_add_requests(struct meter *m, uint64_t n, int64_t now_ns)
{
	if (m->first_ns < 0)
		m->first_ns = now_ns;
	m->requests += n;
	m->requests_by_bucket[bucket_of(m, now_ns)] += (uint32_t)n;
}

void
meter_add_answer(struct meter *m, int64_t arrival_ns, int64_t done_ns)
{
	m->answers++;
	if (m->log == NULL)
		return;
	if (m->log_n == LOG_MAX)
		m->lost++;
	else
		m->log[m->log_n++] = (struct meter_entry){arrival_ns, done_ns};
}

bool
meter_write_log(const struct meter *m, const char *path)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL)
		return false;
	bool is_whole = fwrite(m->log, sizeof(*m->log), m->log_n, file) == m->log_n;

	return fclose(file) == 0 && is_whole;
}

static void
print_buckets(const char *name, const uint32_t *counts, size_t n)
{
	printf(",\"%s\":[", name);
	for (size_t i = 0; i < n; i++)
		printf("%s%u", i > 0 ? "," : "", counts[i]);
	printf("]");
}

void
meter_print(const struct meter *m)
{
	size_t n = METER_BUCKETS;

	while (n > 0 && m->requests_by_bucket[n - 1] == 0)
		n--;
	printf("{\"requests\":%llu,\"answers\":%llu,\"connections\":%llu,\"lost\":%llu,\"first_ns\":%lld,"
	       "\"early_connections\":%llu,\"bucket_ns\":%lld",
		(unsigned long long)m->requests, (unsigned long long)m->answers, (unsigned long long)m->connections,
		(unsigned long long)m->lost, (long long)m->first_ns, (unsigned long long)m->early_connections,
		(long long)METER_BUCKET_NS);
	print_buckets("requests_by_bucket", m->requests_by_bucket, n);
	print_buckets("connections_by_bucket", m->connections_by_bucket, n);
	printf("}\n");
}
