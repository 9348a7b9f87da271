#include "judge/usl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

#define TERMS 3
#define ITERATIONS 200
#define KAPPA_SURE 1.96 /* standard errors from 0 */
#define PEAK_BEYOND 2.0 /* times the highest load tested: what is farther out was not measured, but made up */

struct data {
	const double *load, *achieved;
	size_t n;
};

/* Of [λ, σ, κ], those that are free; the others are 0. */
struct model {
	double a[TERMS];
	bool is_free[TERMS];
	double squares; /* sum of them, of what is left over */
};

static double
divisor(const double a[TERMS], double n)
{
	return 1 + a[1] * (n - 1) + a[2] * n * (n - 1);
}

double
usl_throughput(const struct usl *usl, double load)
{
	return usl->lambda * load / divisor((const double[TERMS]){usl->lambda, usl->sigma, usl->kappa}, load);
}

/* INFINITY where the law makes no sense. */
static double
squares_of(const struct data *d, const double a[TERMS])
{
	double sum = 0;

	if (!(a[0] > 0) || a[1] < 0 || a[2] < 0)
		return INFINITY;
	for (size_t i = 0; i < d->n; i++) {
		double below = divisor(a, d->load[i]), left;

		if (below <= 0)
			return INFINITY;
		left = d->achieved[i] - a[0] * d->load[i] / below;
		sum += left * left;
	}
	return sum;
}

/* ∂X/∂λ, ∂X/∂σ, ∂X/∂κ at one load. */
static void
gradient(const double a[TERMS], double n, double g[TERMS])
{
	double below = divisor(a, n), x = a[0] * n / below;

	g[0] = n / below;
	g[1] = -x * (n - 1) / below;
	g[2] = -x * n * (n - 1) / below;
}

/* JᵀJ and Jᵀr of the free terms; the others are the unit matrix's. */
static void
normal_equations(const struct data *d, const struct model *m, double jj[TERMS][TERMS], double jr[TERMS])
{
	memset(jj, 0, TERMS * TERMS * sizeof(double));
	memset(jr, 0, TERMS * sizeof(double));
	for (size_t i = 0; i < d->n; i++) {
		double g[TERMS], left = d->achieved[i] - m->a[0] * d->load[i] / divisor(m->a, d->load[i]);

		gradient(m->a, d->load[i], g);
		for (int r = 0; r < TERMS; r++) {
			if (!m->is_free[r])
				continue;
			jr[r] += g[r] * left;
			for (int c = 0; c < TERMS; c++)
				jj[r][c] += m->is_free[c] ? g[r] * g[c] : 0;
		}
	}
	for (int r = 0; r < TERMS; r++)
		if (!m->is_free[r])
			jj[r][r] = 1;
}

/* Of a symmetric positive matrix, by its adjugate; false: it has no inverse to speak of. */
static bool
invert(const double m[TERMS][TERMS], double into[TERMS][TERMS])
{
	double det = 0, size = m[0][0] * m[1][1] * m[2][2];

	for (int r = 0; r < TERMS; r++)
		for (int c = 0; c < TERMS; c++) {
			int r1 = (r + 1) % TERMS, r2 = (r + 2) % TERMS, c1 = (c + 1) % TERMS, c2 = (c + 2) % TERMS;

			into[c][r] = m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
		}
	for (int c = 0; c < TERMS; c++)
		det += m[0][c] * into[c][0];
	if (!(fabs(det) > 1e-14 * fabs(size)))
		return false;
	for (int r = 0; r < TERMS; r++)
		for (int c = 0; c < TERMS; c++)
			into[r][c] /= det;
	return true;
}

/* One step, with that much damping; false: it makes nothing better. */
static bool
step(const struct data *d, struct model *m, double damping)
{
	double jj[TERMS][TERMS], jr[TERMS], inverse[TERMS][TERMS], next[TERMS];

	normal_equations(d, m, jj, jr);
	for (int r = 0; r < TERMS; r++)
		jj[r][r] *= 1 + damping;
	if (!invert((const double(*)[TERMS])jj, inverse))
		return false;
	for (int r = 0; r < TERMS; r++) {
		next[r] = m->a[r];
		for (int c = 0; c < TERMS; c++)
			next[r] += inverse[r][c] * jr[c];
	}
	double squares = squares_of(d, next);

	if (!(squares < m->squares))
		return false;
	memcpy(m->a, next, sizeof(m->a));
	m->squares = squares;
	return true;
}

static void
descend(const struct data *d, struct model *m)
{
	double damping = 1e-3;

	m->squares = squares_of(d, m->a);
	for (int i = 0; i < ITERATIONS && damping < 1e12; i++)
		damping = step(d, m, damping) ? fmax(damping / 10, 1e-12) : damping * 10;
}

/* Several beginnings, for the sums of squares have more than one valley. */
static struct model
best_of(const struct data *d, bool has_sigma, bool has_kappa)
{
	static const double sigmas[] = {0.01, 0.1, 0.5, 1}, kappas[] = {1e-6, 1e-4, 1e-2};
	double most = 0;
	struct model best = {.squares = INFINITY};

	for (size_t i = 0; i < d->n; i++)
		most = fmax(most, d->achieved[i] / d->load[i]);
	for (size_t s = 0; s < (has_sigma ? ARRAY_LEN(sigmas) : 1); s++)
		for (size_t k = 0; k < (has_kappa ? ARRAY_LEN(kappas) : 1); k++) {
			struct model m = {.a = {most, has_sigma ? sigmas[s] : 0, has_kappa ? kappas[k] : 0},
				.is_free = {true, has_sigma, has_kappa}};

			descend(d, &m);
			if (m.squares < best.squares)
				best = m;
		}
	return best;
}

/* A term that explains nothing is left out. */
static struct model
choose(const struct data *d)
{
	static const bool terms[][2] = {{false, false}, {true, false}, {false, true}, {true, true}};
	struct model best = best_of(d, false, false);

	for (size_t i = 1; i < ARRAY_LEN(terms); i++) {
		struct model m = best_of(d, terms[i][0], terms[i][1]);

		if (m.squares < best.squares * (1 - 1e-6))
			best = m;
	}
	return best;
}

static size_t
terms_of(const struct model *m)
{
	return (size_t)1 + m->is_free[1] + m->is_free[2];
}

static void
set_errors(struct usl *usl, const struct data *d, const struct model *m)
{
	double jj[TERMS][TERMS], jr[TERMS], inverse[TERMS][TERMS];
	double *errors[TERMS] = {&usl->lambda_se, &usl->sigma_se, &usl->kappa_se};
	double variance = m->squares / (double)(d->n - terms_of(m));

	normal_equations(d, m, jj, jr);
	bool is_inverted = invert((const double(*)[TERMS])jj, inverse);

	for (int i = 0; i < TERMS; i++)
		*errors[i] = is_inverted && m->is_free[i] ? sqrt(variance * inverse[i][i]) : NAN;
}

static void
set_fit(struct usl *usl, const struct data *d, const struct model *m)
{
	double mean = 0, spread = 0;

	for (size_t i = 0; i < d->n; i++)
		mean += d->achieved[i] / (double)d->n;
	for (size_t i = 0; i < d->n; i++)
		spread += (d->achieved[i] - mean) * (d->achieved[i] - mean);
	usl->lambda = m->a[0];
	usl->sigma = m->a[1];
	usl->kappa = m->a[2];
	usl->r_squared = spread > 0 ? 1 - m->squares / spread : NAN;
	usl->residual = sqrt(m->squares / (double)(d->n - terms_of(m))) / mean;
	set_errors(usl, d, m);
}

static double
highest_load(const struct data *d)
{
	double highest = 0;

	for (size_t i = 0; i < d->n; i++)
		highest = fmax(highest, d->load[i]);
	return highest;
}

/* N* = √((1 − σ) / κ), for σ below 1: more than one at a time would be no gain otherwise. */
static void
set_peak(struct usl *usl, const struct data *d)
{
	double at = usl->kappa > 0 && usl->sigma < 1 ? fmax(1, sqrt((1 - usl->sigma) / usl->kappa)) : NAN;

	usl->limit_per_s = usl->kappa <= 0 && usl->sigma > 0 ? usl->lambda / usl->sigma : NAN;
	usl->peak_load = usl->peak_per_s = NAN;
	if (usl->kappa <= 0)
		snprintf(usl->no_peak, sizeof(usl->no_peak),
			"kappa is 0: throughput levels off, and nothing says that it falls again");
	else if (!(usl->kappa > KAPPA_SURE * usl->kappa_se))
		snprintf(usl->no_peak, sizeof(usl->no_peak),
			"kappa, %.2g ± %.2g, cannot be told from 0: test higher loads to find a peak", usl->kappa,
			KAPPA_SURE * usl->kappa_se);
	else if (usl->sigma >= 1)
		snprintf(usl->no_peak, sizeof(usl->no_peak),
			"sigma is 1 or more: one at a time is as much as it can do");
	else if (at > PEAK_BEYOND * highest_load(d))
		snprintf(usl->no_peak, sizeof(usl->no_peak),
			"it would be at %.3g, far beyond the %.3g that were tested: test higher loads to find it", at,
			highest_load(d));
	else {
		usl->peak_load = at;
		usl->peak_per_s = usl_throughput(usl, usl->peak_load);
	}
}

static size_t
count_loads(const struct data *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		bool is_new = true;

		for (size_t k = 0; k < i && is_new; k++)
			is_new = fabs(d->load[k] - d->load[i]) > 1e-3 * d->load[i];
		n += is_new;
	}
	return n;
}

void
usl_fit(struct usl *usl, const double *load, const double *achieved_per_s, size_t n)
{
	struct data d = {.load = load, .achieved = achieved_per_s, .n = n};
	size_t loads = count_loads(&d);

	*usl = (struct usl){.points = n};
	if (loads < USL_LEVELS_MIN) {
		snprintf(usl->why_not, sizeof(usl->why_not), "it takes %d levels, and there were %zu", USL_LEVELS_MIN,
			loads);
		return;
	}
	struct model m = choose(&d);

	set_fit(usl, &d, &m);
	set_peak(usl, &d);
	if (!(usl->r_squared >= USL_R_SQUARED_MIN) || usl->residual > USL_RESIDUAL_MAX)
		snprintf(usl->why_not, sizeof(usl->why_not),
			"the law does not fit: R² %.3f, and what is left over is %.0f%% of the mean", usl->r_squared,
			usl->residual * 100);
	else if (!m.is_free[1] && !m.is_free[2])
		snprintf(usl->why_not, sizeof(usl->why_not),
			"throughput rose in proportion to what was under way: nothing contends at these levels");
}
