#include "cmd/check_flow.h"

#include "base/units.h"
#include "engine/sessions.h"
#include "plan/llm.h"

#define STEPS_SHOWN 12

static void
print_steps(const struct plan *plan, const struct plan_scenario *scenario, struct buf *out)
{
	for (uint32_t i = 0; i < scenario->requests_n && i < STEPS_SHOWN; i++) {
		const struct plan_request *request = &plan->requests[scenario->first_request + i];

		buf_printf(out, "%s%s", i > 0 ? ", " : "", request->name);
		if (request->step->repeat > 1)
			buf_printf(out, " × %llu", (unsigned long long)request->step->repeat);
	}
	if (scenario->requests_n > STEPS_SHOWN)
		buf_printf(out, " and %u more", scenario->requests_n - STEPS_SHOWN);
}

/* "until ${state} == done; 5xx again, failed goto login" */
static void
print_way(const struct plan_request *request, struct buf *out)
{
	const struct plan_step *step = request->step;
	const char *between = "";

	if (step->only_if == NULL && step->until == NULL && step->branches_n == 0)
		return;
	buf_printf(out, "    %-12s   ", request->name);
	if (step->only_if != NULL) {
		buf_printf(out, "if %s", step->only_if->source);
		between = "; ";
	}
	if (step->until != NULL) {
		buf_printf(out, "%suntil %s", between, step->until->source);
		between = "; ";
	}
	for (size_t i = 0; i < step->branches_n; i++, between = ", ")
		buf_printf(out, "%s%s %s", between, step->branches[i].when, step->branches[i].where);
	buf_add_text(out, "\n");
}

static bool
has_history(const struct plan *plan, const struct plan_scenario *scenario)
{
	for (uint32_t i = 0; i < scenario->requests_n; i++) {
		const struct plan_request *request = &plan->requests[scenario->first_request + i];

		if (request->llm != NULL && request->llm->keeps_history)
			return true;
	}
	return false;
}

void
check_print_flow(const struct plan *plan, const struct plan_scenario *scenario, struct buf *out)
{
	const struct plan_flow *flow = scenario->flow;
	char count[32], size[32];

	if (flow == NULL)
		return;
	uint64_t n = sessions_most(plan, scenario);

	buf_printf(out, "  flow             %s requests per session: ",
		units_count_text((double)flow->session_steps, count, sizeof(count)));
	print_steps(plan, scenario, out);
	buf_add_text(out, "\n");
	for (uint32_t i = 0; i < scenario->requests_n; i++)
		print_way(&plan->requests[scenario->first_request + i], out);
	buf_printf(out, "  sessions         up to %s at once, which keep up to %s",
		units_count_text((double)n, count, sizeof(count)),
		units_bytes_text(sessions_memory_size(flow, n), size, sizeof(size)));
	if (has_history(plan, scenario))
		buf_printf(out, ", and %s of conversation each",
			units_bytes_text(flow->history_bytes, size, sizeof(size)));
	buf_add_text(out, "\n\n");
}
