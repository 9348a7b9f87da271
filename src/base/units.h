#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

static inline double
ns_to_s(int64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

/* Rounds to the nearest ns. */
int64_t s_to_ns(double s);

/* Quantities as people write them. Each returns false and leaves *value alone when text is not one, wholly and exactly:
 * no sign, no inner space except before the unit, finite. The units_*_form strings say what would be right. */
bool units_parse_rate(const char *text, double *per_s);  /* 50/s 3000/min 2k/s 1.5k/s 7200/h 20 */
bool units_parse_time_ns(const char *text, int64_t *ns); /* 500ms 1.5s 2m 1h 250us 10ns; a bare 0; nothing else bare */
bool units_parse_ratio(const char *text, double *ratio); /* 10% 0.1: both 0.1 */
bool units_parse_bytes(const char *text, uint64_t *bytes); /* 64KiB 1MiB 2GiB 10kB 1MB 512 512B */
bool units_parse_count(const char *text, uint64_t *count); /* 1000 10k 2M */
bool units_parse_users(const char *text, double *users);   /* "10 users" "1 user" */

extern const char units_rate_form[], units_time_form[], units_ratio_form[], units_bytes_form[], units_count_form[],
	units_users_form[];

/* The same the other way round, three significant digits, for people to read; each returns into. */
const char *units_time_text(int64_t ns, char *into, size_t size);      /* 850ns 12.3µs 4.56ms 1.20s 2m05s 1h02m */
const char *units_bytes_text(uint64_t bytes, char *into, size_t size); /* 512 B 64.0 KiB 1.25 GiB */
const char *units_count_text(double count, char *into, size_t size);   /* 950 12,345 1.23M */
