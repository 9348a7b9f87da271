/* fits WHAT < "x y" per line: what judge/ makes of it, a figure per line, for numpy and scipy to look at. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "judge/change_point.h"
#include "judge/knee.h"
#include "judge/line.h"
#include "judge/trend.h"
#include "judge/usl.h"

#define POINTS_MAX 1000

static void
say(const char *name, double value)
{
	printf("%s %.17g\n", name, value);
}

static void
fit_trend(const double *x, const double *y, size_t n)
{
	struct trend t;

	CHECK(trend_find(&t, x, y, n));
	say("slope", t.slope);
	say("intercept", t.intercept);
	say("low", t.ci[0]);
	say("high", t.ci[1]);
	say("rising", t.rising);
	say("variance", t.variance);
	say("alike", t.alike);
	say("widening", t.widening);
	say("df", t.df);
	say("p", t.p);
}

static void
fit_usl(const double *x, const double *y, size_t n)
{
	struct usl u;

	usl_fit(&u, x, y, n);
	say("shown", u.why_not[0] == '\0');
	say("lambda", u.lambda);
	say("sigma", u.sigma);
	say("kappa", u.kappa);
	say("lambda_se", u.lambda_se);
	say("sigma_se", u.sigma_se);
	say("kappa_se", u.kappa_se);
	say("r_squared", u.r_squared);
	say("residual", u.residual);
	say("peak_load", u.peak_load);
	say("peak_per_s", u.peak_per_s);
}

static void
fit_knee(const double *x, const double *y, size_t n)
{
	uint32_t levels[POINTS_MAX];
	struct knee k;

	for (size_t i = 0; i < n; i++)
		levels[i] = (uint32_t)i;
	knee_find(&k, levels, x, y, n);
	say("shown", k.why_not[0] == '\0');
	say("level", k.level);
	say("load", k.load);
	say("difference", k.difference);
}

static void
fit_line(const double *x, const double *y, size_t n)
{
	struct line_fit l;

	line_fit_find(&l, x, y, n);
	say("slope", l.slope);
	say("intercept", l.intercept);
	say("low", l.slope_ci[0]);
	say("high", l.slope_ci[1]);
	say("r_squared", l.r_squared);
	say("residual", l.residual);
}

/* Of y alone. */
static void
fit_change(const double *x, const double *y, size_t n)
{
	struct change_point steps[CHANGE_STEPS_MAX];
	size_t at, steps_n = change_point_find(y, n, CHANGE_P, steps);
	double r;

	(void)x;
	say("statistic", change_point_statistic(y, n, &r, &at));
	say("r", r);
	say("split", (double)at);
	say("steps", (double)steps_n);
	if (steps_n == 0)
		return;
	say("at", (double)steps[0].at);
	say("delta", steps[0].delta);
	say("low", steps[0].ci[0]);
	say("high", steps[0].ci[1]);
	say("p", steps[0].p);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fit)(const double *x, const double *y, size_t n);
	} fits[] = {
		{"trend", fit_trend}, {"usl", fit_usl}, {"knee", fit_knee}, {"line", fit_line}, {"change", fit_change}};
	double x[POINTS_MAX], y[POINTS_MAX];
	size_t n = 0;

	while (n < POINTS_MAX && scanf("%lf %lf", &x[n], &y[n]) == 2)
		n++;
	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(fits); i++)
		if (strcmp(argv[1], fits[i].name) == 0) {
			fits[i].fit(x, y, n);
			return 0;
		}
	return 2;
}
