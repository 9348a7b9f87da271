#include "measure/exchange.h"

const struct failure_row failure_rows[FAILURE_COUNT] = {
#define FAILURE(NAME, counter_name, counts_as, whom, text)                                                             \
	[FAILURE_##NAME] = {                                                                                           \
		.counter = #counter_name,                                                                              \
		.sentence = text,                                                                                      \
		.counts = COUNTS_##counts_as,                                                                          \
		.blames = BLAMES_##whom,                                                                               \
	},
#include "measure/failure.def"
#undef FAILURE
};

const struct exchange_phase_row exchange_phase_rows[EXCHANGE_PHASE_COUNT] = {
#define EXCHANGE_PHASE(NAME, phase_name, text) [EXCHANGE_##NAME] = {.name = #phase_name, .sentence = text},
#include "measure/exchange_phase.def"
#undef EXCHANGE_PHASE
};
