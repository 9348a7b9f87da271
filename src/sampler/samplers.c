#include "sampler/sampler.h"

const struct sampler_ops *const samplers[] = {
#define SAMPLER(name) &name##_sampler,
#include "sampler/samplers.def"
#undef SAMPLER
	NULL,
};
