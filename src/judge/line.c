#include "judge/line.h"

#include <math.h>

#include "base/check.h"
#include "judge/student.h"

void
line_fit_find(struct line_fit *fit, const double *x, const double *y, size_t n)
{
	double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;

	CHECK_OP(n, >=, 3);
	for (size_t i = 0; i < n; i++) {
		mean_x += x[i] / (double)n;
		mean_y += y[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mean_x) * (x[i] - mean_x);
		xy += (x[i] - mean_x) * (y[i] - mean_y);
		yy += (y[i] - mean_y) * (y[i] - mean_y);
	}
	CHECK(xx > 0);
	fit->slope = xy / xx;
	fit->intercept = mean_y - fit->slope * mean_x;
	double squares = fmax(yy - fit->slope * xy, 0), df = (double)(n - 2);
	double half = student_bound(0.05, df) * sqrt(squares / df / xx);

	fit->slope_ci[0] = fit->slope - half;
	fit->slope_ci[1] = fit->slope + half;
	fit->residual = sqrt(squares / df);
	fit->r_squared = yy > 0 ? 1 - squares / yy : NAN;
}
