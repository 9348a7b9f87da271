#include "daemon/yield.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/log.h"

/* False: it has another one, or may not change it. */
static bool
change_policy(int from, int to)
{
	return sched_getscheduler(0) == from && sched_setscheduler(0, to, &(struct sched_param){0}) == 0;
}

void
yield_begin(void)
{
	if (sched_getscheduler(0) == SCHED_OTHER && !change_policy(SCHED_OTHER, SCHED_BATCH))
		log_warn("the daemon cannot yield to its jobs (SCHED_BATCH): %s", strerror(errno));
}

bool
yield_pause(void)
{
	return change_policy(SCHED_BATCH, SCHED_OTHER);
}

void
yield_resume(bool was_paused)
{
	if (was_paused && !change_policy(SCHED_OTHER, SCHED_BATCH))
		log_warn("the daemon does not yield to its jobs any more: %s", strerror(errno));
}
