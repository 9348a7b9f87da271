#pragma once

#include <limits.h>

#include "measure/comparison.h"

/* A comparison with runs that are over, as data: campaign/ fills it, report/ reads it. */

#define AGAINST_NOTES_MAX 12

/* One run, as it is told apart from others. Empty texts: not known. */
struct against_run {
	char dir[PATH_MAX]; /* of its results */
	char id[64], started_at[32];
	char brunt[64];    /* the version that measured it */
	char version[128]; /* of the target */
	char hash[17];     /* of its profile */
	char status[16];   /* "pass" … */
	int exit_code;
};

struct against_side {
	const char *name;
	const struct against_run *runs;
	size_t runs_n;    /* 0: its values were written by hand */
	bool is_median;   /* values are the median of the runs' */
	const char *path; /* of the values that were written by hand; else NULL */
};

struct against {
	struct against_side baseline, current;
	const char *how_to_force;                        /* what has to be said: "--force" */
	bool is_forced;                                  /* compared though they are not alike */
	char notes[AGAINST_NOTES_MAX][FINDING_TEXT_MAX]; /* what is not alike */
	size_t notes_n;
	const struct experiment *experiment; /* two arms and what comparing them found */
};
