#pragma once

#include <stdint.h>
#include <uv.h>

#include "campaign/child.h"

/* The two sides of a split at once: each a `brunt run` of its own, in a process of its own, with a loop, pacing and
 * results of its own, so that neither waits for the other. What one of them cannot do ends the other, too: half of a
 * traffic says nothing. */

/* How the profile is run that has the sides: as this process was told to. */
struct sides_source {
	const char *profile; /* a file: both read it */
	const char *const *settings;
	size_t settings_n;
	const char *formats; /* further reports of each; NULL: none */
	uint32_t workers;    /* of each; 0: it is not said */
	/* Whether whoever reads it now is told the same as before; else err says what is wrong with it. */
	bool (*is_unchanged)(void *context, struct error *err);
	void *context;
};

struct side_order {
	size_t arm, repeat; /* which run of the experiment */
	const char *dir;    /* exactly there */
	bool is_wanted;     /* false: it has no keys, and so nothing to send */
};

struct sides {
	struct child children[2];
	bool is_ending;
};

/* Turns the loop until both are over. What they could not even begin is in err: false, and neither goes on. */
bool sides_run(struct sides *sides, uv_loop_t *loop, const struct sides_source *source,
	const struct side_order orders[2], struct error *err);
/* To both, from a callback of the loop: the first ends them as it would a run alone, a second one at once. */
void sides_signal(struct sides *sides, int signum);
