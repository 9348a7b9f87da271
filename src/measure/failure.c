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
