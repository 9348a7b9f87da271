#pragma once

#include <stdio.h>
#include <string.h>

#include "plan/flow.h"
#include "plan/plan.h"

/* A plan of one scenario with a flow, made by hand: no profile is needed for what request/ does. */
struct flow_fixture {
	struct plan plan;
	struct plan_scenario scenario;
	struct plan_flow flow;
	struct plan_value values[FLOW_VALUES_CEILING];
	struct plan_request requests[2];
	struct plan_step steps[2];
	struct plan_extract extracts[FLOW_VALUES_CEILING];
};

/* Two steps; the first extracts. */
static inline void
flow_fixture_init(struct flow_fixture *f)
{
	*f = (struct flow_fixture){0};
	f->flow = (struct plan_flow){
		.values = f->values, .steps_n = 2, .host = "127.0.0.1", .history_bytes = 4096, .session_steps = 2};
	f->scenario = (struct plan_scenario){.name = "default", .requests_n = 2, .flow = &f->flow};
	f->steps[0] = (struct plan_step){.repeat = 1, .extracts = f->extracts};
	f->steps[1] = (struct plan_step){.repeat = 1};
	for (int i = 0; i < 2; i++)
		f->requests[i] = (struct plan_request){.name = i == 0 ? "first" : "second", .step = &f->steps[i]};
	f->plan = (struct plan){.scenarios = &f->scenario, .scenarios_n = 1, .requests = f->requests, .requests_n = 2};
}

static inline void
flow_fixture_extract(struct flow_fixture *f, const char *name, enum plan_extract_kind kind, const char *what)
{
	size_t i = f->flow.values_n++;

	f->values[i] = (struct plan_value){.name = name};
	f->extracts[i] = (struct plan_extract){.value = (uint32_t)i, .kind = kind, .what = what};
	f->steps[0].extracts_n = i + 1;
}
