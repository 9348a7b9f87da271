#include "report/result.h"

/* Those that never failed too: that they were looked at is worth knowing. */
void
result_add_checks(cJSON *result, const struct report *report)
{
	const struct plan *plan = report->plan;
	cJSON *list = value_add_array(result, "checks");

	for (size_t i = 0; i < plan->requests_n; i++)
		for (uint32_t k = 0; k < plan->requests[i].checks_n; k++) {
			const struct check_count *count =
				&report->summary->checks.list[plan->requests[i].first_check + k];
			cJSON *o = value_object();

			value_set_text(o, "request", plan->requests[i].name);
			value_set_text(o, "check", plan->requests[i].checks[k].name);
			value_set_count(o, "failed", count->failed);
			value_set_text(o, "first", count->failed > 0 ? count->first : NULL);
			cJSON_AddItemToArray(list, o);
		}
}
