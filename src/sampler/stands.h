#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the counters of one figure stood in one exposition, and what they rose by since the one before. A counter that
 * fell began again from 0. One that was not there before had nothing to count, so that what it says is all new, and no
 * first failure is missed; one that was away goes on from where it stood. */

#define STANDS_CEILING ((size_t)4096)

/* One series; of a histogram, each of its buckets. */
struct stand {
	uint64_t series; /* its labels but le, as a hash: 64 bits, so that any two of 4,096 are one in 1 of 10^12 */
	double limit;    /* of a bucket; else 0 */
	double value;
	double own_s; /* when, by the exporter's own stamp; NAN: it gave none */
	bool is_gone; /* it was in an exposition before this one */
};

struct stands {
	struct stand *list; /* STANDS_CEILING of them, by series and limit once sorted */
	size_t n;
};

void stands_init(struct stands *stands);
void stands_fini(struct stands *stands);
/* False: it is full. */
bool stands_add(struct stands *stands, const struct stand *stand);
void stands_sort(struct stands *stands);
/* Of sorted ones: */
bool stands_have_twice(const struct stands *stands);
const struct stand *stands_find(const struct stands *stands, const struct stand *like); /* NULL: it was not there */
/* Keeps in `now` those of `before` that are not in it, as far as there is room. */
void stands_keep_gone(struct stands *now, const struct stands *before);

double stand_rise(const struct stand *now, const struct stand *before); /* before NULL: it is new */
/* The time between the two: the exporter's stamps where both have one, else between_s. 0: it told the same one again.
 */
double stand_passed_s(const struct stand *now, const struct stand *before, double between_s);
/* The histogram whose buckets are now[from..to) began again: any of them fell. The others may have passed where they
 * stood already. */
bool stands_began_again(const struct stands *now, size_t from, size_t to, const struct stands *before);
