#pragma once

#include <stdint.h>

/* The machine and the build that a result was made on. */
struct system_info {
	char hostname[128], kernel[192], architecture[64];
	char cpu_model[128], governor[64]; /* empty: not known */
	char compiler[128], libuv[32], cjson[32], zlib[64];
	long cores;            /* online */
	uint64_t memory_bytes; /* 0: not known */
};

void system_info_read(struct system_info *info);
