#include "judge/alerts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "judge/metrics.h"

struct watched {
	struct alert_record record;
	int64_t since_ns; /* it has held from here on; −1: it does not hold */
	bool has_fired;   /* in this stretch */
	double worst;     /* in this stretch */
};

struct alerts {
	const struct plan *plan;
	struct watched *list; /* plan->alerts_n */
};

struct alerts *
alerts_new(const struct plan *plan)
{
	if (plan->alerts_n == 0)
		return NULL;
	struct alerts *alerts = must_alloc(sizeof(*alerts));

	alerts->plan = plan;
	alerts->list = must_calloc(plan->alerts_n, sizeof(*alerts->list));
	for (size_t i = 0; i < plan->alerts_n; i++)
		alerts->list[i] = (struct watched){
			.record = {.alert = &plan->alerts[i], .first_ns = -1, .last_ns = -1, .worst = NAN},
			.since_ns = -1};
	return alerts;
}

void
alerts_free(struct alerts *alerts)
{
	if (alerts == NULL)
		return;
	free(alerts->list);
	free(alerts);
}

/* The farther beyond its bound, the worse. */
static double
worse_of(const struct expr *when, double a, double b)
{
	if (when->op == EXPR_LT || when->op == EXPR_LE)
		return fmin(a, b);
	return fmax(a, b); /* also of a range, which has no far end */
}

static void
note_stretch(struct watched *watched, int64_t from_ns, int64_t now_ns)
{
	struct alert_record *record = &watched->record;

	if (!watched->has_fired) {
		record->fired++;
		record->held_ns += now_ns - watched->since_ns;
		if (record->first_ns < 0)
			record->first_ns = watched->since_ns;
	} else
		record->held_ns += now_ns - from_ns;
	watched->has_fired = true;
	record->last_ns = now_ns;
	record->worst = worse_of(&record->alert->when, record->worst, watched->worst);
}

void
alerts_look(struct alerts *alerts, const struct summary *summary)
{
	int64_t now_ns = summary->last_ns, from_ns = now_ns - summary->last_interval_ns;

	for (size_t i = 0; alerts != NULL && i < alerts->plan->alerts_n; i++) {
		struct watched *watched = &alerts->list[i];
		const struct plan_alert *alert = &alerts->plan->alerts[i];
		double value = metric_value_last(&alert->when, summary);

		/* What nobody knows neither holds nor goes on holding. */
		if (isnan(value) || !expr_holds(&alert->when, value)) {
			watched->since_ns = -1;
			watched->has_fired = false;
			watched->worst = NAN;
			continue;
		}
		watched->worst = worse_of(&alert->when, watched->worst, value);
		if (watched->since_ns < 0)
			watched->since_ns = from_ns;
		if (now_ns - watched->since_ns >= alert->for_ns)
			note_stretch(watched, from_ns, now_ns);
	}
}

struct alert_record *
alerts_records(const struct alerts *alerts)
{
	if (alerts == NULL)
		return NULL;
	struct alert_record *records = must_calloc(alerts->plan->alerts_n, sizeof(*records));

	for (size_t i = 0; i < alerts->plan->alerts_n; i++)
		records[i] = alerts->list[i].record;
	return records;
}
