#pragma once

#include <stddef.h>
#include <stdint.h>

/* Memory that is really there: mapped and written to, so that it counts as resident. NULL when there is none left. */
void *ballast_hold(size_t bytes);
void ballast_drop(void *memory, size_t bytes);

/* Memory that is kept for good, packed, so that leaking 1 KiB a thousand times grows us by 1 MiB. */
struct leak {
	char *chunk;
	size_t left;
	uint64_t bytes;
};

/* False when there is none left. */
int leak_more(struct leak *leak, size_t bytes);
