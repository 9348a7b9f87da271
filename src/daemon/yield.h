#pragma once

#include <stdbool.h>

/* Jobs go first on this machine, and whoever watches them waits: a thread of SCHED_BATCH takes the CPU from nobody when
 * something comes for it (sched(7)), but gets as much of it as others do. Of the calling thread and what it starts from
 * then on. One whose operator chose a policy for it (real-time, idle) is left as it is. */
void yield_begin(void);

/* Around the start of a process that is not to yield, such as a job: what it inherits is the usual policy. Returns
 * whether there is anything to take up again afterwards. */
bool yield_pause(void);
void yield_resume(bool was_paused);
