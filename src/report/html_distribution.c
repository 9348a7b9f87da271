#include <math.h>

#include "base/check.h"
#include "report/html.h"

/* Latency by percentile, as HdrHistogram's plots draw it: over 1 / (1 − q), so that each further nine is as wide as the
 * one before. A percentile that too few samples back has no point. */
#define POINTS_PER_HALVING 5 /* of what is left above */
#define POINTS_MAX 256       /* 2^51 samples */

#define ARM_CHARTS_MAX 16 /* arms whose curves are drawn; of more no eye tells one from another */

static cJSON *
points_of(const struct histogram *h)
{
	cJSON *points = value_array();

	for (int i = 0; i < POINTS_MAX; i++) {
		double nines = exp2((double)i / POINTS_PER_HALVING), q = 1 - 1 / nines;

		if (!histogram_shows(h->total, q))
			break;
		cJSON *point = value_array();

		cJSON_AddItemToArray(point, value_of_number(round(nines * 1e4) / 1e4));
		cJSON_AddItemToArray(point, value_of_ns(i == 0 ? h->min_ns : histogram_quantile_ns(h, q)));
		cJSON_AddItemToArray(points, point);
	}
	return points;
}

static void
add_distribution(cJSON *distributions, enum metric metric, const char *arm, const struct histogram *h)
{
	if (!histogram_is_ready(h) || h->total == 0)
		return;
	cJSON *o = value_object();

	value_set_text(o, "metric", metric_rows[metric].name);
	value_set_text(o, "help", metric_rows[metric].help);
	value_set_text(o, "arm", arm);
	value_set_count(o, "count", h->total);
	value_set_ns(o, "max_ns", h->max_ns);
	value_set(o, "points", points_of(h));
	cJSON_AddItemToArray(distributions, o);
}

/* Those of the run, where it is one, and of each arm where something is compared. */
void
html_add_distributions(cJSON *document, const struct report *report)
{
	static const enum metric metrics[] = {
		METRIC_RESPONSE, METRIC_SERVICE, METRIC_FAILED, METRIC_TTFT, METRIC_ITL, METRIC_TPOT};
	const struct experiment *compared = report_comparisons(report);
	cJSON *distributions = value_add_array(document, "distributions");

	for (size_t m = 0; m < ARRAY_LEN(metrics); m++) {
		if (report->experiment == NULL && report->summary != NULL)
			add_distribution(
				distributions, metrics[m], NULL, &report->summary->measured.histograms[metrics[m]]);
		for (size_t a = 0; compared != NULL && a < compared->arms_n && a < ARM_CHARTS_MAX; a++)
			add_distribution(distributions, metrics[m], compared->arms[a]->name,
				&compared->arms[a]->measured.histograms[metrics[m]]);
	}
}
