#include "measure/gauge.h"

#include <math.h>

const struct gauge_row gauge_rows[GAUGE_COUNT] = {
#define GAUGE(NAME, gauge_name, unit_name, across_name, over_name, text)                                               \
	[GAUGE_##NAME] = {                                                                                             \
		.name = #gauge_name,                                                                                   \
		.help = text,                                                                                          \
		.unit = UNIT_##unit_name,                                                                              \
		.across = ACROSS_##across_name,                                                                        \
		.over = OVER_##over_name,                                                                              \
	},
#include "measure/gauge.def"
#undef GAUGE
};

void
gauge_stats_init(struct gauge_stats *stats)
{
	*stats = (struct gauge_stats){.peak = NAN, .last = NAN, .min = NAN};
}

/* fmax and fmin prefer a number to NAN, so the first reading needs no case of its own. */
void
gauge_stats_add(struct gauge_stats *stats, double value)
{
	if (isnan(value))
		return;
	stats->sum += value;
	stats->peak = fmax(stats->peak, value);
	stats->min = fmin(stats->min, value);
	stats->last = value;
	stats->n++;
}

void
gauge_stats_merge(struct gauge_stats *into, const struct gauge_stats *from)
{
	if (from->n == 0)
		return;
	into->sum += from->sum;
	into->peak = fmax(into->peak, from->peak);
	into->min = fmin(into->min, from->min);
	into->last = from->last;
	into->n += from->n;
}

double
gauge_stats_avg(const struct gauge_stats *stats)
{
	return stats->n > 0 ? stats->sum / (double)stats->n : NAN;
}

void
reading_init(struct reading *reading)
{
	reading->at_ns = -1;
	for (int i = 0; i < GAUGE_COUNT; i++)
		reading->values[i] = NAN;
}

void
gauge_set_init(struct gauge_set *set)
{
	for (int i = 0; i < GAUGE_COUNT; i++)
		gauge_stats_init(&set->gauges[i]);
}

void
gauge_set_add(struct gauge_set *set, const struct reading *reading)
{
	for (int i = 0; i < GAUGE_COUNT; i++)
		gauge_stats_add(&set->gauges[i], reading->values[i]);
}

void
gauge_set_merge(struct gauge_set *into, const struct gauge_set *from)
{
	for (int i = 0; i < GAUGE_COUNT; i++)
		gauge_stats_merge(&into->gauges[i], &from->gauges[i]);
}

static double
value_across(enum gauge_across across, double a, double b)
{
	return across == ACROSS_SUM ? a + b : fmax(a, b);
}

void
gauge_set_merge_beside(struct gauge_set *into, const struct gauge_set *from)
{
	for (int i = 0; i < GAUGE_COUNT; i++) {
		struct gauge_stats *a = &into->gauges[i];
		const struct gauge_stats *b = &from->gauges[i];
		enum gauge_across across = gauge_rows[i].across;

		if (a->n == 0 || b->n == 0) {
			*a = a->n == 0 ? *b : *a;
			continue;
		}
		uint64_t n = a->n > b->n ? a->n : b->n;

		a->sum = value_across(across, a->sum / (double)a->n, b->sum / (double)b->n) * (double)n;
		a->peak = value_across(across, a->peak, b->peak);
		a->last = value_across(across, a->last, b->last);
		a->min = value_across(across, a->min, b->min);
		a->n = n;
	}
}

void
reading_merge_beside(struct reading *into, const struct reading *from)
{
	if (from->at_ns < 0)
		return;
	for (int i = 0; i < GAUGE_COUNT; i++) {
		double *value = &into->values[i];

		*value = isnan(*value) || isnan(from->values[i])
				 ? fmax(*value, from->values[i])
				 : value_across(gauge_rows[i].across, *value, from->values[i]);
	}
	if (from->at_ns > into->at_ns)
		into->at_ns = from->at_ns;
}

double
gauge_avg(const struct gauge_set *set, enum gauge gauge)
{
	return gauge_stats_avg(&set->gauges[gauge]);
}

double
gauge_peak(const struct gauge_set *set, enum gauge gauge)
{
	return set->gauges[gauge].n > 0 ? set->gauges[gauge].peak : NAN;
}

double
gauge_last(const struct gauge_set *set, enum gauge gauge)
{
	return set->gauges[gauge].n > 0 ? set->gauges[gauge].last : NAN;
}
