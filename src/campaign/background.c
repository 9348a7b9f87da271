#include "campaign/background.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

void
background_give_way(void)
{
	static _Thread_local bool gives_way;

	if (gives_way)
		return;
	gives_way = true;
	/* On Linux a thread's nice value is its own. A failure leaves it as it was, which does no harm. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), 19);
}

void
background_breathe(void)
{
	(void)sched_yield(); /* cannot fail on Linux */
}

void
background_encode(struct interval *interval)
{
	interval_add_up(interval);
	do
		background_breathe();
	while (interval_encode_next(interval));
}
