#include "judge/contrast.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/order.h"
#include "judge/student.h"

#define LAG1_MOST 0.9
#define FEWEST_BLOCKS 1.5 /* that alike ones are taken to be */
#define TAIL ((1 - CONTRAST_CONFIDENCE) / 2)

/* The variance of an estimate's linear part, as the bootstrap sees it and as it is. */
struct spread {
	double blocks; /* Σ e²: of independent blocks, as resampling them gives it */
	double within; /* Σ (e − mean of the run)², as many blocks as runs fewer */
	double runs;   /* R / (R − 1) Σ (Σ e)² of the run: unbiased, whatever ties the blocks of a run together */
	double neighbours; /* Σ e e' of blocks that follow one another in a run */
	double size;       /* samples per run */
};

static void
spread_add_run(struct spread *s, const double *residuals, size_t n)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += residuals[i];
		squares += residuals[i] * residuals[i];
		s->neighbours += i > 0 ? residuals[i] * residuals[i - 1] : 0;
	}
	s->blocks += squares;
	s->within += squares - sum * sum / (double)n;
	s->runs += sum * sum;
}

static struct spread
spread_of(const struct sample *sample, const struct estimate *estimate)
{
	struct spread s = {.size = (double)estimate->samples / (double)sample->runs_n};

	for (size_t from = 0, i = 1; i <= sample->n; i++)
		if (i == sample->n || sample->blocks[i].run != sample->blocks[from].run) {
			spread_add_run(&s, &estimate->residuals[from], i - from);
			from = i;
		}
	if (sample->runs_n > 1)
		s.runs *= (double)sample->runs_n / (double)(sample->runs_n - 1);
	return s;
}

/* By how much the variance of resampled blocks is to be multiplied, for each arm. */
struct widening {
	double factor[2];
	double df[2];
	bool is_between_runs;
	bool is_shared; /* one arm's rests on the other's, so that they are wrong together */
	double lag1;
};

/* Correlation of neighbours in both arms together: they are the same kind of process, and either alone has too few. The
 * estimate is too low by (1 + 4 ρ) / n (Kendall 1954). */
static double
lag1_of(const struct spread spreads[2], const struct sample samples[2])
{
	double sum = 0, arms = 0;

	for (int i = 0; i < 2; i++) {
		double n = (double)samples[i].n;

		if (spreads[i].blocks <= 0 || n <= 4)
			continue;
		sum += (spreads[i].neighbours / spreads[i].blocks + 1 / n) / (1 - 4 / n);
		arms++;
	}
	return arms > 0 ? sum / arms : 0;
}

/* Blocks that are alike say as much as fewer that are not: n (1 − ρ) / (1 + ρ) of them, if they are an autoregression.
 */
static void
widen_within_runs(struct widening *w, const struct spread spreads[2], const struct sample samples[2])
{
	w->lag1 = lag1_of(spreads, samples);
	double alike = fmin(fmax(w->lag1, 0), LAG1_MOST), fewer = (1 - alike) / (1 + alike);

	for (int i = 0; i < 2; i++) {
		double n = fmax((double)samples[i].n * fewer, FEWEST_BLOCKS);

		w->df[i] = n - 1;
		w->factor[i] = (double)samples[i].n / (n - 1);
	}
}

/* How many times the variance of a single run is what its blocks make it to be, if it is like the other arm's runs. A
 * longer run has more of it, for its blocks' own noise averages out over more of them. */
static double
design_effect(const struct spread *other, const struct sample *sample, double size)
{
	double within = other->within / (double)(sample->n - sample->runs_n) * (double)sample->n;
	double effect = within > 0 ? other->runs / within : 1;

	return effect > 1 ? 1 + (effect - 1) * size / other->size : effect;
}

/* Of a product of variances, each with degrees of freedom of its own. */
static double
joint_df(double a, double b, double c)
{
	return 1 / (1 / a + 1 / b + 1 / c);
}

static void
widen_single_run(struct widening *w, int i, const struct spread spreads[2], const struct sample samples[2])
{
	const struct sample *other = &samples[1 - i];
	double n = (double)samples[i].n, runs = (double)other->runs_n, blocks = (double)other->n;

	if (other->n == other->runs_n) { /* nothing says how blocks of one run differ there */
		w->df[i] = n - 1;
		w->factor[i] = n / (n - 1);
		return;
	}
	w->is_shared = true;
	w->df[i] = joint_df(runs - 1, blocks - runs, n - 1);
	w->factor[i] = n / (n - 1) * design_effect(&spreads[1 - i], other, spreads[i].size);
}

static void
widen_between_runs(struct widening *w, const struct spread spreads[2], const struct sample samples[2])
{
	w->is_between_runs = true;
	w->lag1 = NAN;
	for (int i = 0; i < 2; i++) {
		if (samples[i].runs_n == 1) {
			widen_single_run(w, i, spreads, samples);
			continue;
		}
		w->df[i] = (double)samples[i].runs_n - 1;
		w->factor[i] = spreads[i].blocks > 0 ? spreads[i].runs / spreads[i].blocks : 1;
	}
}

static double
variance_of(const double *draws, size_t n, double about)
{
	double sum = 0;

	for (size_t b = 0; b < n; b++)
		sum += (draws[b] - about) * (draws[b] - about);
	return n > 0 ? sum / (double)n : 0;
}

static double
mean_of(const double *draws, size_t n)
{
	double sum = 0;

	for (size_t b = 0; b < n; b++)
		sum += draws[b];
	return n > 0 ? sum / (double)n : 0;
}

/* Welch (1947) and Satterthwaite (1946) */
static double
degrees_of_freedom(const struct widening *w, const double variance[2])
{
	double sum = variance[0] + variance[1];

	if (w->is_shared)
		return fmin(w->df[0], w->df[1]);
	if (sum <= 0)
		return w->df[0] + w->df[1];
	return sum * sum / (variance[0] * variance[0] / w->df[0] + variance[1] * variance[1] / w->df[1]);
}

/* Between the two nearest of the sorted draws; an infinite one makes no bound. */
static double
quantile_of(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
	double value = sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);

	return isfinite(value) ? value : NAN;
}

/* value: the estimate, about which its draws (which are sorted) are stretched. */
static void
interval_of(double *draws, size_t n, double value, double stretch, double into[2])
{
	qsort(draws, n, sizeof(*draws), order_by_value);
	into[0] = value + stretch * (quantile_of(draws, n, TAIL) - value);
	into[1] = value + stretch * (quantile_of(draws, n, 1 - TAIL) - value);
}

double
contrast_relative(double current, double baseline)
{
	if (isnan(current) || isnan(baseline))
		return NAN;
	return baseline > 0 ? current / baseline - 1 : current == baseline ? 0 : INFINITY;
}

/* A value above the timeout counts as the timeout, as it does in the draws. */
static void
set_deltas(struct contrast *c, const struct estimate estimates[2], double beyond, double values[2])
{
	for (int i = 0; i < 2; i++)
		values[i] = isinf(estimates[i].value) ? beyond : estimates[i].value;
	c->delta = values[1] - values[0];
	c->delta_rel = contrast_relative(values[1], values[0]);
}

/* Whether both arms' values and all their draws are above 0, so that they have logarithms. */
static bool
are_above_0(const struct estimate estimates[2], const double values[2], size_t n)
{
	for (int i = 0; i < 2; i++) {
		if (values[i] <= 0)
			return false;
		for (size_t b = 0; b < n; b++)
			if (estimates[i].draws[b] <= 0)
				return false;
	}
	return true;
}

/* A ratio is stretched by its logarithm, so that no interval reaches below −100%. Where there is none, as of an error
 * rate that is 0 in some draws, the values themselves are stretched. */
static void
set_relative(struct contrast *c, const struct estimate estimates[2], const struct widening *w, const double values[2],
	double stretch, size_t n)
{
	double *rels = must_calloc(n + 1, sizeof(*rels));
	bool has_logarithms = are_above_0(estimates, values, n);

	for (size_t b = 0; b < n; b++) {
		double drawn[2];

		for (int i = 0; i < 2; i++)
			drawn[i] = sqrt(w->factor[i]) * (has_logarithms ? log(estimates[i].draws[b] / values[i])
									: estimates[i].draws[b] - values[i]);
		rels[b] = has_logarithms ? log(values[1] / values[0]) + drawn[1] - drawn[0]
					 : contrast_relative(values[1] + drawn[1], values[0] + drawn[0]);
	}
	interval_of(rels, n, has_logarithms ? log(values[1] / values[0]) : c->delta_rel, stretch, c->ci_rel);
	for (int i = 0; i < 2; i++)
		c->ci_rel[i] = has_logarithms ? expm1(c->ci_rel[i]) : c->ci_rel[i];
	free(rels);
}

static void
contrast_draws(struct contrast *c, const struct sample samples[2], const struct estimate estimates[2],
	const struct widening *w, const double values[2])
{
	size_t n = samples[0].resamples;
	double *deltas = must_calloc(n + 1, sizeof(*deltas)), variance[2] = {0};

	for (int i = 0; i < 2; i++) {
		variance[i] = w->factor[i] * variance_of(estimates[i].draws, n, mean_of(estimates[i].draws, n));
		for (size_t b = 0; b < n; b++)
			deltas[b] += (i == 0 ? -1 : 1) *
				     (values[i] + sqrt(w->factor[i]) * (estimates[i].draws[b] - values[i]));
	}
	c->df = degrees_of_freedom(w, variance);
	double stretch = student_bound(2 * TAIL, c->df) / CONTRAST_NORMAL_BOUND;
	double error = sqrt(variance[0] + variance[1]);

	interval_of(deltas, n, c->delta, stretch, c->ci);
	set_relative(c, estimates, w, values, stretch, n);
	c->p = error > 0 ? student_two_sided(fabs(c->delta) / error, c->df) : c->delta == 0 ? 1 : 0;
	free(deltas);
}

/* One run in either arm, which says itself how sure it is. The noise between runs is not in it. */
static void
contrast_two_runs(struct contrast *c, const struct estimate estimates[2])
{
	double error = hypot(estimates[0].log_error, estimates[1].log_error);
	double change = log(estimates[1].value / estimates[0].value);

	if (!(error > 0) || !isfinite(change))
		return;
	c->df = INFINITY;
	c->p = erfc(fabs(change) / error / sqrt(2));
	for (int i = 0; i < 2; i++) {
		c->ci_rel[i] = expm1(change + (i == 0 ? -1 : 1) * CONTRAST_NORMAL_BOUND * error);
		c->ci[i] = c->ci_rel[i] * estimates[0].value;
	}
}

/* One value per run: Student's t of two samples with one variance. */
static void
contrast_runs(struct contrast *c, const struct estimate estimates[2])
{
	double squares = 0, n[2] = {(double)estimates[0].of_runs_n, (double)estimates[1].of_runs_n};

	for (int i = 0; i < 2; i++)
		squares += n[i] * variance_of(estimates[i].of_runs, estimates[i].of_runs_n, estimates[i].value);
	if (n[0] == 1 && n[1] == 1)
		contrast_two_runs(c, estimates);
	if (n[0] + n[1] < 3)
		return;
	c->df = n[0] + n[1] - 2;
	double error = sqrt(squares / c->df * (1 / n[0] + 1 / n[1])), bound = student_bound(2 * TAIL, c->df);

	c->is_between_runs = true;
	c->p = error > 0 ? student_two_sided(fabs(c->delta) / error, c->df) : c->delta == 0 ? 1 : 0;
	for (int i = 0; i < 2; i++) {
		c->ci[i] = c->delta + (i == 0 ? -1 : 1) * bound * error;
		c->ci_rel[i] = estimates[0].value > 0 ? c->ci[i] / estimates[0].value : NAN;
	}
}

void
contrast_make(struct contrast *c, const struct sample samples[2], const struct estimate estimates[2], double beyond)
{
	double values[2];
	struct widening w = {0};

	*c = (struct contrast){.ci = {NAN, NAN}, .ci_rel = {NAN, NAN}, .p = NAN, .df = NAN, .lag1 = NAN};
	set_deltas(c, estimates, beyond, values);
	if (isnan(c->delta))
		return;
	if (estimates[0].of_runs != NULL) {
		contrast_runs(c, estimates);
		return;
	}
	if (estimates[0].draws == NULL || estimates[1].draws == NULL)
		return;
	const struct spread spreads[2] = {spread_of(&samples[0], &estimates[0]), spread_of(&samples[1], &estimates[1])};

	if (samples[0].runs_n > 1 || samples[1].runs_n > 1)
		widen_between_runs(&w, spreads, samples);
	else
		widen_within_runs(&w, spreads, samples);
	c->is_between_runs = w.is_between_runs;
	c->lag1 = w.lag1;
	contrast_draws(c, samples, estimates, &w, values);
}
