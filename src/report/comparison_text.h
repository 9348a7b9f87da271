#pragma once

#include "measure/comparison.h"
#include "report/figure.h"

/* What a row of a comparison says, in words that the terminal and Markdown share. Each returns into. */
const char *comparison_delta_text(const struct comparison_row *row, char into[FIGURE_MAX]);
const char *comparison_change_text(double rel, char into[FIGURE_MAX]);
const char *comparison_interval_text(const struct comparison_row *row, char into[2 * FIGURE_MAX]);
const char *comparison_verdict_text(const struct comparison_row *row, char into[FIGURE_MAX]);
