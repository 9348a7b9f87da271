#pragma once

#include <stddef.h>

/* Energy of the CPU packages and their memory, by the kernel's powercap tree (Documentation/power/powercap): counters
 * of µJ that begin again at a range of their own. Since CVE-2020-8694 they are root's to read. */
#define RAPL_DOMAINS_MAX 32

struct rapl {
	struct rapl_domain {
		char directory[256];
		double range_uj, before_uj; /* NAN: not to be had */
	} domains[RAPL_DOMAINS_MAX];
	size_t n;
};

void rapl_open(struct rapl *rapl, const char *root); /* as in procfs.h; n is 0 where there is none, or we may not */
/* What all of them used since this was last asked; NAN: nothing to be had. */
double rapl_take_joules(struct rapl *rapl);
