#pragma once

#include "unit/report/fixture.h"

/* A run whose every text was written by somebody who wishes its readers ill: a formula, markup, a script, an escape
 * sequence, line breaks that would begin a line of their own, a mention, links, bytes that are no UTF-8, a change of
 * direction. */
#define HOSTILE                                                                                                        \
	"=cmd|' /C calc'!A0,\"x\";<script>alert(1)</script>\x1b[31m\r\n# HELP evil x\n| a | b |\n"                     \
	"evil,tag=1 value=1\n@user `x` [l](javascript:alert(1)) ]]> -->\xff\xc3\x28 \xe2\x80\xae \xef\xbf\xbe http://evil/ \\"

static struct plan_request hostile_requests[2] = {
	{.name = HOSTILE, .method = "GET", .path = HOSTILE},
	{.name = "-1+1" HOSTILE, .method = "POST", .path = "/"},
};
static struct plan_scenario hostile_scenarios[1] = {{.name = HOSTILE, .requests_n = 2}};
static struct plan_slo hostile_slos[1];
static struct plan_scraped hostile_scraped[1] = {{.name = "@" HOSTILE,
	.metric = HOSTILE,
	.figure = {.name = "@" HOSTILE, .unit = UNIT_COUNT, .stats = STAT_SCRAPED}}};
static struct plan_endpoint hostile_endpoints[1] = {
	{.fetch = {.place = {.url = {.text = HOSTILE}}}, .list = hostile_scraped, .n = 1}};

static inline struct plan
hostile_plan(void)
{
	struct plan plan = fixture_plan();

	hostile_slos[0].expr = (struct expr){.text = HOSTILE, .metric = &fixture_p95};
	plan.name = HOSTILE;
	plan.target.url.text = HOSTILE;
	plan.scenarios = hostile_scenarios;
	plan.requests = hostile_requests;
	plan.slos = hostile_slos;
	plan.slos_n = 1;
	plan.scrape =
		(struct plan_scrape){.endpoints = hostile_endpoints, .endpoints_n = 1, .list = hostile_scraped, .n = 1};
	plan.effective_yaml = "name: x\n";
	plan.effective_json = "{\"name\": \"x\"}"; /* plan/ escapes these itself */
	return plan;
}

static inline struct verdict
hostile_verdict(void)
{
	static struct slo_verdict slo;
	struct verdict verdict = fixture_verdict();

	verdict.advice[0].text = HOSTILE;
	snprintf(verdict.advice[0].evidence, sizeof(verdict.advice[0].evidence), "%s", HOSTILE);
	slo = (struct slo_verdict){&hostile_slos[0].expr, 6.2e6, SLO_FAIL};
	verdict.slos = &slo;
	verdict.status = VERDICT_FAIL;
	verdict.exit_code = EXIT_FAILED_GATE;
	verdict.reasons_n = 1;
	snprintf(verdict.reasons[0], sizeof(verdict.reasons[0]), "%s", HOSTILE);
	for (size_t i = 0; i < fixture_levels[2].findings_n; i++)
		snprintf(fixture_levels[2].findings[i].text, FINDING_TEXT_MAX, "%s", HOSTILE);
	return verdict;
}

static inline struct report
hostile_report(const struct plan *plan, const struct summary *summary, const struct verdict *verdict)
{
	struct report report = fixture_report(plan, summary, verdict);

	fixture_alerts[0].name = fixture_alerts[0].when.text = HOSTILE;

	report.identity.id = HOSTILE;
	report.target_address = HOSTILE;
	report.results_dir = HOSTILE;
	report.pacing = HOSTILE;
	return report;
}
