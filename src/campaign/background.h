#pragma once

#include "measure/interval.h"

/* Work in the thread pool gives way: a thread that calls this gets the lowest priority, once and for good, so that
 * neither the loop nor a target on this machine waits for our encoding, writing and reading of /proc. */
void background_give_way(void);

/* Lets whoever waits for this CPU have it now. The scheduler looks only once per tick (4 ms) whether somebody deserves
 * it more, so that a loop that spins on the only CPU would stand still for as long: called between two pieces of work,
 * each of some 100 µs. Costs nothing where nobody waits. */
void background_breathe(void);

/* Adds an interval up and encodes its histograms, breathing in between: what comes before it can be written anywhere.
 */
void background_encode(struct interval *interval);
