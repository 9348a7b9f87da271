#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

struct session; /* request/session.h */

/* Whose request is filled in: its turn of a conversation goes into the session. The same seed, k and turn give the same
 * bytes, but for ${now} and what a session keeps.
 */
struct render {
	uint64_t seed;        /* of the scenario */
	uint64_t k;           /* number of the arrival */
	bool is_warmup;       /* it is one of the warm-up's */
	uint64_t turn;        /* of a flow that sends several requests for one arrival, from 0; else 0 */
	const char *location; /* where a redirect leads; NULL: it follows none */
	size_t location_length;
	struct session *session; /* what the flow knows by now; NULL: the request belongs to none */
};

/* The number that random draws of this request go by: another one for each turn. */
static inline uint64_t
render_draw_at(const struct render *render)
{
	return render->k + rng_mix(render->turn);
}
