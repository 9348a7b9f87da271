#pragma once

#include <stdint.h>

/* One inner part of brunt, again and again, without a socket or a sleep: timed by bench_micro, counted by callgrind. */
struct micro {
	const char *name, *what;
	void *(*new)(void);
	void (*repeat)(void *context, uint64_t times);
	void (*free)(void *context);
};

extern const struct micro micro_record, micro_schedule, micro_parse, micro_stream;
