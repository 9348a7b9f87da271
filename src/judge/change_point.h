#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Steps in the history of a figure, one value per run: when its level changed, by how much, and how likely so large a
 * step comes by chance.
 *
 * The statistic is the largest difference of means, in standard deviations of all values, between what lies before and
 * after any split of any of a set of stretches: all the runs, and stretches that halve in length and overlap by half
 * (seeded binary segmentation: Kovács, Bühlmann, Li, Munk, Biometrika 2023), since a step that was taken back hides
 * from a look at the whole. A value farther from the median than 4 times the noise from run to run counts as one that
 * far, so that one wild run is no step. p is the share of shuffled histories in which the statistic is at least as
 * large, of which no more are drawn than show that it is too large (Besag and Clifford, Biometrika 1991): so nothing is
 * asked of how the values are distributed. Runs that resemble the ones before make steps by themselves: the statistic
 * is divided by sqrt((1 + r) / (1 − r)), r being the lag-1 correlation of what two steps leave over. Both sides of a
 * step that is found are looked at in the same way. In the end each is dated anew between its neighbours.
 *
 * By 1,000 simulated histories each (tests/unit/judge/test_change_point_power.c), with p of at most 1%: where nothing
 * changed a step is found in 0.4 to 1.2% of them; in 1.8% of runs whose r is 0.3, and in 2.3% where it is 0.6. Of 60
 * runs, a step of 3 deviations of the noise is found in 83% once there are 4 runs of the new level, one of 2 deviations
 * in 86% once there are 10, and in 99% in the middle; its date is right to within a run in 87% or more. */

#define CHANGE_RUNS_MIN 8   /* below, hardly anything could be told from chance */
#define CHANGE_RUNS_MAX 500 /* the newest so many are looked at */
#define CHANGE_SIDE_MIN 3   /* on either side of a step */
#define CHANGE_STEPS_MAX 16
#define CHANGE_P 0.01 /* what p may be, where nobody says otherwise */

struct change_point {
	size_t at;            /* index of the first value of the new level */
	size_t first, last;   /* between these it lies, both included, with 95% of the weight of all splits */
	double before, after; /* medians, from and to the neighbouring steps */
	double delta;         /* after − before: the median of all differences (Hodges and Lehmann 1963) … */
	double ci[2]; /* … and its 95% interval by Mann and Whitney's test, widened by r as above; may be infinite */
	double p;
};

/* Finite values in the order of their time. Returns how many steps there are, in that order; `into` has room for
 * CHANGE_STEPS_MAX. Pure: the same values give the same steps. */
size_t change_point_find(const double *values, size_t n, double p_max, struct change_point *into);

/* What it rests on, for tests: the statistic, undivided, r, and the split; 0 where there are too few values. */
double change_point_statistic(const double *values, size_t n, double *r, size_t *at);
