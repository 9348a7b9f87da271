/* Time zones of a test's own, in a directory of its own: files that hold a rule alone. Include after cmocka.h. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "daemon/zone.h"

/* Berlin's for good; 24 hours left out at the end of each year; half an hour, far from Greenwich. */
#define RULE_BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define RULE_LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define RULE_HAVANA "CST5CDT,M3.2.0/0,M11.1.0/1"

struct zones {
	char directory[64];
};

static inline void
zones_init(struct zones *zones)
{
	snprintf(zones->directory, sizeof(zones->directory), "/tmp/brunt-zones-XXXXXX");
	assert_non_null(mkdtemp(zones->directory));
}

static inline void
zones_fini(struct zones *zones)
{
	assert_true(file_remove_tree(zones->directory));
}

static inline void
zones_write(struct zones *zones, const char *name, const void *bytes, size_t length)
{
	struct error err = {0};
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", zones->directory, name);
	assert_true(file_write_atomic(path, bytes, length, &err));
}

/* RFC 9636: a header, one type of local time (offset 0, "-00"), and for the 64-bit part the same again. */
static inline size_t
zones_compose(const char *rule, unsigned char *into)
{
	const unsigned char header[44] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4};
	const unsigned char body[10] = {[6] = '-', [7] = '0', [8] = '0'};
	size_t n = 0;

	for (int part = 0; part < 2; part++) {
		memcpy(into + n, header, sizeof(header));
		memcpy(into + n + sizeof(header), body, sizeof(body));
		n += sizeof(header) + sizeof(body);
	}
	return n + (size_t)snprintf((char *)into + n, 128, "\n%s\n", rule);
}

static inline struct zone *
zones_open(struct zones *zones, const char *rule)
{
	unsigned char bytes[256];
	struct error err = {0};

	zones_write(zones, "Own", bytes, zones_compose(rule, bytes));
	struct zone *zone = zone_open("Own", zones->directory, &err);

	if (zone == NULL)
		fail_msg("%s", err.message);
	return zone;
}
