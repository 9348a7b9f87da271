#include "engine/flight.h"

#include <stdlib.h>

#include "base/check.h"

void
flights_init(struct flights *flights, uint32_t n)
{
	flights->n = n;
	flights->all = must_calloc(n, sizeof(*flights->all));
	list_init(&flights->free);
	for (uint32_t i = 0; i < n; i++)
		list_add_last(&flights->free, &flights->all[i].waiting);
}

void
flights_fini(struct flights *flights)
{
	for (uint32_t i = 0; i < flights->n; i++)
		free(flights->all[i].location);
	free(flights->all);
	flights->all = NULL;
}

struct flight *
flights_take(struct flights *flights)
{
	struct flight *flight = list_first(&flights->free, struct flight, waiting);

	CHECK(flight != NULL);
	list_remove(&flight->waiting);
	flight->channel = NULL;
	flight->resends = 0;
	flight->needs_fresh = false;
	flight->location_length = 0;
	list_init(&flight->by_deadline);
	return flight;
}

void
flights_give(struct flights *flights, struct flight *flight)
{
	list_remove(&flight->waiting);
	list_remove(&flight->by_deadline);
	/* The last one used is the next one taken: its memory is warm. */
	list_add_first(&flights->free, &flight->waiting);
}
