#include "judge/shares.h"

#include <math.h>

#include "judge/student.h"

/* A correlation of so few windows is known badly. */
#define CORRELATION_MOST 0.6

void
shares_add(struct shares *shares, double part, double whole)
{
	if (shares->n > 0) {
		shares->parts_beside += part * shares->last_part;
		shares->crossed_beside += part * shares->last_whole + whole * shares->last_part;
		shares->wholes_beside += whole * shares->last_whole;
	}
	shares->n++;
	shares->parts += part;
	shares->wholes += whole;
	shares->parts_squared += part * part;
	shares->crossed += part * whole;
	shares->wholes_squared += whole * whole;
	shares->last_part = part;
	shares->last_whole = whole;
}

double
shares_chance_above(const struct shares *shares, double bound, uint32_t least)
{
	double n = shares->n;

	if (shares->n < least || shares->n < 2 || !(shares->wholes > 0))
		return NAN;
	double share = shares->parts / shares->wholes;
	/* Σ (part − share · whole)², and the same of neighbours. */
	double squares = shares->parts_squared - 2 * share * shares->crossed + share * share * shares->wholes_squared;
	double beside = shares->parts_beside - share * shares->crossed_beside + share * share * shares->wholes_beside;

	if (squares <= 1e-12 * shares->parts_squared)
		return share > bound ? 1 : 0;
	double correlation = fmin(fmax(beside / squares, 0), CORRELATION_MOST);
	double error = sqrt(n / (n - 1) * squares * (1 + correlation) / (1 - correlation)) / shares->wholes;
	double beyond = student_two_sided((share - bound) / error, n - 1) / 2;

	return share > bound ? 1 - beyond : beyond;
}
