#pragma once

#include <uv.h>

#include "measure/interval.h"

/* The lowest priority gets a seventieth of a CPU that another process wants, too. Sanitizers make the same work take
 * seconds of it: they are built with 0, which is a share like anybody's. */
#ifndef BACKGROUND_NICE
#define BACKGROUND_NICE 19
#endif

/* Work off the loop that gives way: done at the lowest priority, so that neither the loop nor a target on this machine
 * waits for our encoding, writing and reading of /proc. As uv_queue_work in all else; may be queued again by `after`.
 */
struct background_work {
	uv_work_t carrier;
	void (*work)(struct background_work *work);              /* on a thread of its own */
	void (*after)(struct background_work *work, int status); /* on the loop; status: 0 */
};
void background_queue(uv_loop_t *loop, struct background_work *work, void (*todo)(struct background_work *work),
	void (*after)(struct background_work *work, int status));

/* Lets whoever waits for this CPU have it now. The scheduler looks only once per tick (4 ms) whether somebody deserves
 * it more, so that a loop that spins on the only CPU would stand still for as long: called between two pieces of work,
 * each of some 100 µs. Costs nothing where nobody waits. */
void background_breathe(void);

/* Adds an interval up and encodes its histograms, breathing in between: what comes before it can be written anywhere.
 */
void background_encode(struct interval *interval);
