#include "daemon/zone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "daemon/zone_rule.h"

#define ZONE_FILE_CEILING ((size_t)256 * 1024)
#define HEADER_BYTES 44

struct zone {
	char name[ZONE_NAME_MAX + 1];
	int64_t *changes; /* when each offset begins */
	int32_t *offsets;
	size_t n;
	int32_t first_offset_s;
	bool has_rule; /* of the time after the last change */
	struct zone_rule rule;
};

static uint32_t
big_endian_32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t
big_endian_64(const unsigned char *at)
{
	return (int64_t)((uint64_t)big_endian_32(at) << 32 | big_endian_32(at + 4));
}

/* RFC 9636 §3.1 */
struct counts {
	size_t of_ut, of_std, of_leap, of_time, of_type, of_char;
};

static bool
read_header(const unsigned char *at, size_t left, struct counts *counts)
{
	if (left < HEADER_BYTES || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
		return false;
	*counts = (struct counts){big_endian_32(at + 20), big_endian_32(at + 24), big_endian_32(at + 28),
		big_endian_32(at + 32), big_endian_32(at + 36), big_endian_32(at + 40)};
	/* Nothing real comes near these; and so sums cannot overflow. */
	return counts->of_time <= 10000 && counts->of_type >= 1 && counts->of_type <= 256 && counts->of_char <= 4096 &&
	       counts->of_leap <= 1000 && counts->of_ut <= 256 && counts->of_std <= 256;
}

static size_t
body_bytes(const struct counts *counts, size_t time_bytes)
{
	return counts->of_time * (time_bytes + 1) + counts->of_type * 6 + counts->of_char +
	       counts->of_leap * (time_bytes + 4) + counts->of_std + counts->of_ut;
}

static bool
read_changes(struct zone *zone, const unsigned char *body, const struct counts *counts)
{
	const unsigned char *types = body + counts->of_time * 8, *infos = types + counts->of_time;

	zone->first_offset_s = (int32_t)big_endian_32(infos);
	zone->changes = must_calloc(counts->of_time + 1, sizeof(*zone->changes));
	zone->offsets = must_calloc(counts->of_time + 1, sizeof(*zone->offsets));
	for (size_t i = 0; i < counts->of_time; i++) {
		if (types[i] >= counts->of_type)
			return false;
		int64_t at = big_endian_64(body + i * 8);

		if (zone->n > 0 && at <= zone->changes[zone->n - 1])
			return false;
		zone->changes[zone->n] = at;
		zone->offsets[zone->n++] = (int32_t)big_endian_32(infos + (size_t)types[i] * 6);
	}
	return true;
}

/* The second part, of 64-bit times, and the footer; the first is of 32 bits, for readers of long ago. */
static bool
read_file(struct zone *zone, const unsigned char *bytes, size_t length)
{
	struct counts counts;

	if (!read_header(bytes, length, &counts))
		return false;
	size_t second = HEADER_BYTES + body_bytes(&counts, 4);

	if (second > length || !read_header(bytes + second, length - second, &counts))
		return false;
	size_t body = second + HEADER_BYTES, footer = body + body_bytes(&counts, 8);

	if (footer >= length || bytes[footer] != '\n' || !read_changes(zone, bytes + body, &counts))
		return false;
	const char *rule = (const char *)bytes + footer + 1; /* the file's text ends with a NUL */
	const char *end = strchr(rule, '\n');

	if (end == NULL)
		return false;
	zone->has_rule = end > rule;
	return !zone->has_rule || zone_rule_parse(rule, (size_t)(end - rule), &zone->rule);
}

/* A name is a path below the directory, and stays below it. */
static bool
is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > ZONE_NAME_MAX || name[0] == '/' || strstr(name, "..") != NULL)
		return false;
	for (const char *at = name; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && strchr("_+-/", *at) == NULL)
			return false;
	return true;
}

struct zone *
zone_open(const char *name, const char *directory, struct error *err)
{
	char path[512];
	size_t length;
	struct error why = {0};

	if (!is_name(name)) {
		error_set(err, "'%.80s' is no time zone; write a name such as Europe/Berlin or UTC", name);
		return NULL;
	}
	struct zone *zone = must_alloc(sizeof(*zone));

	snprintf(zone->name, sizeof(zone->name), "%s", name);
	if (strcmp(name, "UTC") == 0)
		return zone;
	if (directory == NULL)
		directory = getenv("TZDIR") != NULL ? getenv("TZDIR") : ZONE_DIRECTORY;
	snprintf(path, sizeof(path), "%.400s/%s", directory, name);
	char *text = file_read(path, ZONE_FILE_CEILING, &length, &why);

	if (text == NULL) {
		error_set(err,
			"'%s' is no time zone that this machine knows (%.200s has none of that name); write one such "
			"as Europe/Berlin or UTC",
			name, directory);
	} else if (!read_file(zone, (const unsigned char *)text, length)) {
		error_set(err, "the time zone '%s' cannot be read: %.300s is no TZif file of version 2 or later", name,
			path);
	} else {
		free(text);
		return zone;
	}
	free(text);
	zone_close(zone);
	return NULL;
}

void
zone_close(struct zone *zone)
{
	if (zone == NULL)
		return;
	free(zone->changes);
	free(zone->offsets);
	free(zone);
}

const char *
zone_name(const struct zone *zone)
{
	return zone->name;
}

/* How many of the file's changes have come by then. */
static size_t
changes_until(const struct zone *zone, int64_t at_s)
{
	size_t low = 0, high = zone->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->changes[middle] <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t
zone_offset_s(const struct zone *zone, int64_t at_s)
{
	size_t passed = changes_until(zone, at_s);

	if (passed == zone->n && zone->has_rule)
		return zone_rule_offset_s(&zone->rule, at_s);
	return passed == 0 ? zone->first_offset_s : zone->offsets[passed - 1];
}

/* The first change after; INT64_MAX: none. */
static int64_t
next_change_s(const struct zone *zone, int64_t at_s)
{
	size_t passed = changes_until(zone, at_s);

	if (passed < zone->n)
		return zone->changes[passed];
	return zone->has_rule ? zone_rule_next_s(&zone->rule, at_s) : INT64_MAX;
}

size_t
zone_spans(const struct zone *zone, int64_t from_s, int64_t to_s, struct zone_span *into, size_t max)
{
	size_t n = 0;

	while (from_s < to_s && n < max) {
		int64_t change_s = next_change_s(zone, from_s);
		struct zone_span *span = &into[n++];

		*span = (struct zone_span){from_s, change_s < to_s ? change_s : to_s, zone_offset_s(zone, from_s)};
		from_s = span->to_s;
	}
	return n;
}
