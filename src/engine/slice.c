#include "engine/slice.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct sched_attr of sched_setattr(2), as of Linux 3.14; glibc has it since 2.41 alone. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns; /* runtime: of SCHED_OTHER the slice */
};

#define FLAG_RESET_ON_FORK UINT64_C(1)

void
slice_shorten(void)
{
	struct attributes attributes = {.size = sizeof(attributes)};

	if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0)
		return;
	/* Resetting on fork would take a raised priority from what is started, too. */
	if (attributes.policy != SCHED_OTHER || attributes.nice < 0)
		return;
	attributes.runtime_ns = SLICE_NS;
	attributes.flags |= FLAG_RESET_ON_FORK;
	(void)syscall(SYS_sched_setattr, 0, &attributes, 0); /* a wish: without it sends are late more often */
}
