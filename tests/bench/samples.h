#pragma once

#include <stddef.h>
#include <stdint.h>

/* Plain figures, all of them kept, and their percentiles: the floor pays one store per sample. */
struct samples {
	int64_t *values;
	size_t n, room; /* what finds no room is left out */
};

void samples_init(struct samples *samples, size_t room);
void samples_fini(struct samples *samples);

static inline void
samples_add(struct samples *samples, int64_t value)
{
	if (samples->n < samples->room)
		samples->values[samples->n++] = value;
}

/* ,"name":{"count":…,"p50":…,"p99":…,"p999":…,"max":…} on stdout; sorts them. */
void samples_print(struct samples *samples, const char *name);
