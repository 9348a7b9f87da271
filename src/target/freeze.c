#include "target/freeze.h"

/* Working time from the epoch to t: t less the freezes in it. */
static int64_t
worked_ns(const struct freeze *f, int64_t t)
{
	if (t < f->every_ns)
		return t;
	int64_t freezes = t / f->every_ns, into = t % f->every_ns;

	into = into > f->length_ns ? into - f->length_ns : 0;
	return f->every_ns + (freezes - 1) * (f->every_ns - f->length_ns) + into;
}

/* The first moment at which that much has been worked. */
static int64_t
when_worked_ns(const struct freeze *f, int64_t worked)
{
	if (worked <= f->every_ns)
		return worked;
	int64_t period = f->every_ns - f->length_ns, past = worked - f->every_ns;
	int64_t whole = (past - 1) / period;

	return (whole + 1) * f->every_ns + f->length_ns + (past - whole * period);
}

int64_t
freeze_done_ns(const struct freeze *f, int64_t from_ns, int64_t work_ns)
{
	int64_t t = from_ns - f->epoch_ns;

	if (f->length_ns == 0)
		return from_ns + work_ns;
	int64_t into = t % f->every_ns;

	if (t >= f->every_ns && into < f->length_ns)
		t += f->length_ns - into;
	if (work_ns == 0)
		return f->epoch_ns + t;
	return f->epoch_ns + when_worked_ns(f, worked_ns(f, t) + work_ns);
}
