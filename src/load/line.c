#include "load/line.h"

#include <math.h>

#include "base/check.h"
#include "base/units.h"

/* Whole seconds and the rest apart: a year in ns has more digits than a double. */
double
flat_arrivals_until(double level, int64_t t_ns)
{
	int64_t whole_s = t_ns / NS_PER_S;

	return level * (double)whole_s + level * ns_to_s(t_ns % NS_PER_S);
}

/* Long division: the whole seconds, then what is left of k, which fma gives without rounding. So an error never exceeds
 * the nearest ns, where k / level alone would lose ns after some weeks. */
int64_t
flat_when_ns(double level, double k)
{
	if (level == 0)
		return INT64_MAX;
	if (k <= 0)
		return 0;
	double seconds = floor(k / level);

	if (!(seconds < 9.2e9))
		return INT64_MAX;
	return (int64_t)seconds * NS_PER_S + s_to_ns(fma(-seconds, level, k) / level);
}

double
line_level_at(const struct line *line, int64_t t_ns)
{
	CHECK(t_ns >= 0 && t_ns <= line->over_ns);
	return line->from + (line->to - line->from) * ((double)t_ns / (double)line->over_ns);
}

/* A trapezium: the mean of the two levels times the time. */
double
line_arrivals_until(const struct line *line, int64_t t_ns)
{
	return flat_arrivals_until((line->from + line_level_at(line, t_ns)) / 2, t_ns);
}

double
arrivals_slack(double n)
{
	return 1e-9 + n * 0x1p-51;
}

/* The root of slope/2 t² + from t = k, written so that neither a flat line nor a start at 0 divides by 0. */
int64_t
line_when_ns(const struct line *line, double k)
{
	double total = line_arrivals_until(line, line->over_ns);

	if (k >= total - arrivals_slack(total))
		return line->over_ns;
	if (k <= 0)
		return 0;

	int64_t t_ns;

	if (line->from == line->to)
		t_ns = flat_when_ns(line->from, k);
	else {
		double slope = (line->to - line->from) / ns_to_s(line->over_ns);
		double square = fmax(0, line->from * line->from + 2 * slope * k);

		t_ns = s_to_ns(2 * k / (line->from + sqrt(square)));
	}
	return t_ns < line->over_ns ? t_ns : line->over_ns;
}
