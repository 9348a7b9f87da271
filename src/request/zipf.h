#pragma once

#include <stdint.h>

/* Zipf-distributed ranks from 1 to n: rank r comes with a probability proportional to r^−exponent, so that a few keys
 * are asked for again and again and most hardly ever. Drawn without a table, however large n is. */
struct zipf {
	uint64_t n;
	double exponent;
	double first, last, shortcut; /* constants of the method */
};

#define ZIPF_RANKS_MOST (UINT64_C(1) << 53) /* what a double tells apart */
#define ZIPF_EXPONENT_MOST 20.0

/* n: 1 … ZIPF_RANKS_MOST; exponent: 0 (all alike) … ZIPF_EXPONENT_MOST. */
void zipf_init(struct zipf *zipf, uint64_t n, double exponent);
/* `drawn` is 64 random bits; the same ones give the same rank. */
uint64_t zipf_draw(const struct zipf *zipf, uint64_t drawn);
