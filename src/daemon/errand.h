#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* One of our own commands as a child process (`brunt report`, `brunt compare`): where an answer takes reading journals
 * and thinking about them for seconds, which neither the loop nor the desk has time for. ERRANDS_AT_ONCE go at a time,
 * nicer than runs are; the others wait. One that takes longer than ERRAND_NS, or says more than it may, is ended.
 * Whatever becomes of one, the daemon lives on. */

#define ERRANDS_AT_ONCE 2
#define ERRANDS_WAITING_MAX 32
#define ERRAND_NS (INT64_C(120) * 1000000000)
#define ERRAND_ARGUMENTS_MAX 64

struct errands;

/* program: our own binary. */
struct errands *errands_new(uv_loop_t *loop, const char *program);
void errands_free(struct errands *errands); /* none may be left */
/* The daemon ends: those that others asked for are ended, and none of these begins any more. */
void errands_close(struct errands *errands);
bool errands_are_idle(const struct errands *errands);

/* How it ended; all of it is lent until `done` returns. */
struct errand_end {
	int exit_code;      /* 128 + n for a signal; −1: it was not begun, or not let to its end */
	const char *output; /* on stdout, NUL-ended */
	size_t output_length;
	const char *said; /* its last line on stderr; where exit_code is −1: why */
};

struct errand_wish {
	const char *const *arguments;                              /* behind "brunt", ended by NULL; copied */
	size_t output_max;                                         /* of stdout */
	bool is_ours;                                              /* the daemon's own: neither refused nor cut short */
	void (*done)(void *context, const struct errand_end *end); /* once, from a later turn of the loop */
	void *context;
};

/* False: as many wait as may, or the daemon ends; nobody is told. Holds the loop for as long as a fork takes. */
bool errands_give(struct errands *errands, const struct errand_wish *wish);
