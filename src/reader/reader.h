#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/exchange.h"
#include "plan/plan.h"

/* A reader consumes one response's body, as it comes, and judges it at the end. Its state is embedded in the
 * connection, sized once at start; it allocates nothing. One file and one row of readers.def each. */
struct reader_ops {
	struct plan_choice choice; /* name and help; a request says which by `read:` */
	size_t state_size;
	bool ignores_bytes; /* it looks at none: whoever feeds it may leave on_bytes out */
	/* A body begins. `request` says what is expected of it. */
	void (*begin)(void *state, const struct plan_request *request);
	/* Bytes of the body, without transfer coding; all of them arrived at now_ns. */
	void (*on_bytes)(void *state, const char *bytes, size_t length, int64_t now_ns);
	/* The body is complete. FAILURE_COUNT: it is as expected; else the row that it is counted in. */
	enum failure (*end)(void *state);
};

extern const struct reader_ops *const readers[]; /* from readers.def, ended by NULL */
extern const struct plan_choice *const reader_choices[];

const struct reader_ops *reader_of(const struct plan_choice *choice);

#define READER(name) extern const struct reader_ops name##_reader;
#include "reader/readers.def"
#undef READER
