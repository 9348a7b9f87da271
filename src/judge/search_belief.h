#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where a target breaks, as far as levels that held and levels that broke tell: Bayes' theorem on a grid, as adaptive
 * procedures of psychophysics have it (Watson and Pelli 1983, "QUEST: a Bayesian adaptive psychometric method";
 * Kontsevich and Tyler 1999, "Bayesian adaptive estimation of psychometric slope and threshold"; what nobody asked for,
 * the slope, is integrated out, as in Prins 2013, "The psi-marginal adaptive method").
 *
 * A level breaks with a probability that rises around the break as a logistic of the level's logarithm does: it is the
 * load at which a level is as likely to hold as to break. Before any level was tried every load is as likely as any
 * other, on a logarithmic scale, and so is every slope, each twice the last, from steps to what a noisy server has. One
 * level in 50 may come to anything (a lapse). A plain bracket always holds where a target without noise breaks, and too
 * rarely that of another; here the one is left with the bracket but for its outermost parts, and where levels
 * contradict each other only the flat slopes are likely, so that the interval is as wide as they make it. A level whose
 * windows leave in doubt what it came to says as much less: of a queue's P95 a level of some seconds may say next to
 * nothing, near the load at which it is just what is asked.
 *
 * tests/unit/judge/test_search_coverage.c proves what the intervals cover. */

/* A level that says something. */
struct search_evidence {
	double level;
	bool broke;
	double doubt;     /* how likely that is wrong, 0 to 1/2 */
	bool is_long;     /* measured as long as a confirmation */
	bool is_doubtful; /* held, where one that was measured for longer broke */
};

/* Quantiles of where it breaks: 2.5, 50 and 97.5%. */
struct search_belief {
	double low, median, high;
};

/* n > 0. reach: by what factor it may lie beyond the levels tried. */
struct search_belief search_believe(const struct search_evidence *evidence, size_t n, double reach);
