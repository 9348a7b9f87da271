#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where a target breaks, as far as levels that held and levels that broke tell: Bayes' theorem on a grid, as adaptive
 * procedures of psychophysics have it (Watson and Pelli 1983, "QUEST: A Bayesian adaptive psychometric method";
 * Kontsevich and Tyler 1999, "Bayesian adaptive estimation of psychometric slope and threshold"; a lapse rate and a
 * slope that nobody asked for are integrated out as in Prins 2013, "The psi-marginal adaptive method").
 *
 * A level breaks with a probability that rises around the break as a logistic of the level's logarithm does, from a
 * lapse rate to 1 less that rate. Before any level was tried every load is as likely as any other, on a logarithmic
 * scale, and so is every slope of a few that servers have. Of a target without noise nothing is left but the bracket,
 * of which the central 95% is the answer; levels that contradict each other widen it by themselves. */

/* A level that says something. */
struct search_evidence {
	double level;
	bool broke;
	bool is_long; /* measured as long as a confirmation */
};

/* Quantiles of where it breaks: 2.5, 50 and 97.5%. */
struct search_belief {
	double low, median, high;
};

/* n > 0. reach: by what factor it may lie beyond the levels tried. */
struct search_belief search_believe(const struct search_evidence *evidence, size_t n, double reach);
