#pragma once

#include <stdbool.h>
#include <stdint.h>

struct session; /* request/session.h */

/* Whose request is filled in. The same seed, k and turn give the same bytes, but for ${now} and what a session keeps.
 */
struct render {
	uint64_t seed;                 /* of the scenario */
	uint64_t k;                    /* number of the arrival */
	bool is_warmup;                /* it is one of the warm-up's */
	uint64_t turn;                 /* of a flow that sends several requests for one arrival, from 0; else 0 */
	const struct session *session; /* what the flow knows by now; NULL: the request belongs to none */
};
