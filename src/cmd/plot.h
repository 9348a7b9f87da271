#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A filled curve over time as text: braille dots (two columns and four rows of them per character) or, where the
 * terminal has no Unicode, plain ASCII. */

#define PLOT_WIDTH 64                 /* characters, without the axis */
#define PLOT_COLUMNS (2 * PLOT_WIDTH) /* values */
#define PLOT_HEIGHT 10                /* lines, without the axis */

struct plot {
	double values[PLOT_COLUMNS]; /* none below 0; all 0 is an empty plot */
	int64_t start_ns, end_ns;    /* what the time axis says */
	const char *unit;            /* behind the figures of the other axis: "/s" */
	bool is_ascii;
};

void plot_draw(const struct plot *plot, struct buf *into);

/* Whether the environment allows Unicode: NO_UTF8 is not set, and LC_ALL, LC_CTYPE or LANG (the first that is) says
 * UTF-8. */
bool plot_has_utf8(void);

/* A level that was computed or sampled: to four digits, so that 199.9997 is 200. */
const char *plot_level_text(double level, char *into, size_t size);

/* As people read it: "0s", "90.0s", "2m05s". */
const char *plot_time_text(int64_t ns, char *into, size_t size);
