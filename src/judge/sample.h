#pragma once

#include "measure/arm.h"

/* An arm as the bootstrap sees it: its blocks, neighbours of a run joined so that there are few but long ones, and
 * what each resample draws of them. The same draws serve every figure. */
#define SAMPLE_BLOCKS_WANTED 20 /* at least, where the runs have so many; fewer than 40 */

#define SAMPLE_BLOCKS_MAX 1000 /* what is resampled takes as many × places of a histogram */

struct sample_block {
	const struct block *first;
	size_t n;   /* neighbours */
	size_t run; /* index into the arm's runs */
};

struct sample {
	const struct arm *arm;
	struct sample_block *blocks;
	size_t n;
	size_t runs_n;   /* that have any block */
	uint16_t *times; /* [resample × n + block]: how often it was drawn; each resample draws n */
	size_t resamples;
	double block_s; /* the longest */
};

/* Both arms', with draws that are independent of one another. */
void sample_init_both(struct sample samples[2], const struct arm *const arms[2], uint64_t resamples, uint64_t seed);
void sample_fini(struct sample *sample);
