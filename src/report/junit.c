#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "report/figure.h"
#include "report/reporter.h"
#include "report/xml.h"

/* JUnit's XML, as CI servers read it (no standard but the de-facto schema of Jenkins' plug-in): a suite of cases, each
 * of which passed, failed, or was skipped with its reason. It is red where, and only where, the exit code is not 0. */

#define CASE_TEXT_MAX 1024

enum case_outcome { CASE_PASSED, CASE_FAILED, CASE_ERROR, CASE_SKIPPED };

struct suite {
	const struct report *report;
	struct buf cases; /* in XML */
	size_t n, failures, errors, skipped;
};

/* group: "objectives", its cases are told apart by name. text: why it did not pass, or what there is to say. */
static void
add_case(struct suite *suite, const char *group, const char *name, double seconds, enum case_outcome outcome,
	const char *text)
{
	static const char *const tags[] = {[CASE_FAILED] = "failure",
		[CASE_ERROR] = "error",
		[CASE_SKIPPED] = "skipped",
		[CASE_PASSED] = "system-out"};
	char class[CASE_TEXT_MAX];
	struct buf *into = &suite->cases;

	suite->n++;
	suite->failures += outcome == CASE_FAILED;
	suite->errors += outcome == CASE_ERROR;
	suite->skipped += outcome == CASE_SKIPPED;
	snprintf(class, sizeof(class), "%s.%s", suite->report->plan->name, group);
	buf_add_text(into, "    <testcase");
	xml_add_attribute(into, "classname", class);
	xml_add_attribute(into, "name", name);
	buf_printf(into, " time=\"%.3f\"", seconds);
	if (outcome == CASE_PASSED && text[0] == '\0') {
		buf_add_text(into, "/>\n");
		return;
	}
	buf_printf(into, ">\n      <%s", tags[outcome]);
	if (outcome != CASE_PASSED)
		xml_add_attribute(into, "message", text);
	if (outcome == CASE_FAILED || outcome == CASE_ERROR)
		xml_add_attribute(into, "type", group);
	buf_add_char(into, '>');
	xml_add_text(into, text);
	buf_printf(into, "</%s>\n    </testcase>\n", tags[outcome]);
}

/* The whole verdict: what else may be wrong is in its reasons. */
static void
add_verdict(struct suite *suite)
{
	const struct verdict *verdict = suite->report->verdict;
	char text[CASE_TEXT_MAX] = "";
	size_t used = 0;

	for (size_t i = 0; i < verdict->reasons_n && used + FINDING_TEXT_MAX + 2 < sizeof(text); i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%s", used > 0 ? "; " : "", verdict->reasons[i]);
	add_case(suite, "verdict", verdict_status_names[verdict->status], (double)suite->report->duration_ns / 1e9,
		verdict->exit_code == EXIT_PASSED        ? CASE_PASSED
		: verdict->exit_code == EXIT_FAILED_GATE ? CASE_FAILED
							 : CASE_ERROR,
		text);
}

static enum case_outcome
outcome_of(const struct slo_verdict *slo, bool gates)
{
	switch (slo->status) {
	case SLO_NA: return CASE_SKIPPED;
	case SLO_FAIL: return gates ? CASE_FAILED : CASE_SKIPPED;
	default: return CASE_PASSED;
	}
}

/* In a stepped load an objective is a criterion of each level, and gates nothing: that it is missed somewhere is what
 * such a load looks for. */
static void
add_slos(struct suite *suite)
{
	const struct report *report = suite->report;
	const struct verdict *verdict = report->verdict;
	char value[FIGURE_MAX], text[CASE_TEXT_MAX];

	for (size_t i = 0; verdict->slos != NULL && i < report->plan->slos_n; i++) {
		const struct slo_verdict *slo = &verdict->slos[i];
		bool is_criterion = verdict->breaking_point.is_stepped && !slo->expr->metric->is_of_the_run;

		figure_measured(slo->expr, slo->value, value);
		snprintf(text, sizeof(text), "%s%s%s",
			slo->status == SLO_NA               ? "could not be judged"
			: slo->status == SLO_STRETCH_MISSED ? "holds, but misses its stretch: it was "
			: is_criterion                      ? "a criterion of each level; where it counts it was "
							    : "it was ",
			slo->status == SLO_NA ? "" : value, "");
		add_case(suite, "objectives", slo->expr->text, 0,
			verdict->exit_code == EXIT_PASSED && slo->status == SLO_FAIL ? CASE_SKIPPED
										     : outcome_of(slo, !is_criterion),
			text);
	}
}

static void
add_gates(struct suite *suite)
{
	const struct experiment *experiment = suite->report->experiment;
	char value[FIGURE_MAX], text[CASE_TEXT_MAX];

	for (size_t i = 0; experiment != NULL && i < experiment->gates_n; i++) {
		const struct slo_verdict *slo = &experiment->gates[i].slo;

		figure_measured(slo->expr, slo->value, value);
		snprintf(text, sizeof(text), "it was %s", value);
		add_case(suite, "goals", slo->expr->text, 0, outcome_of(slo, true), text);
	}
}

static void
add_comparison(struct suite *suite, const struct comparison *comparison)
{
	char group[COMPARISON_NAME_MAX + 32], text[CASE_TEXT_MAX], base[FIGURE_MAX], current[FIGURE_MAX];

	snprintf(group, sizeof(group), "comparison.%.80s", comparison->current->name);
	for (size_t i = 0; i < comparison->rows_n; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		enum plan_unit unit = row->measure.metric->unit;
		bool is_worse = row->status == COMPARISON_REGRESSION;

		if (!row->is_wanted)
			continue;
		snprintf(text, sizeof(text), "%s: %s, baseline %s (%+.1f%%)%s%s", comparison_status_names[row->status],
			figure_in_unit(unit, row->current, current), figure_in_unit(unit, row->baseline, base),
			row->delta_rel * 100, row->note[0] ? "; " : "", row->note);
		add_case(suite, group, row->name, 0,
			!row->is_gated || row->status == COMPARISON_NA ? CASE_SKIPPED
			: is_worse                                     ? CASE_FAILED
								       : CASE_PASSED,
			text);
	}
}

/* A level that broke is no failure of the run where the load was to break it. */
static void
add_levels(struct suite *suite)
{
	const struct summary *summary = suite->report->summary;
	const struct verdict *verdict = suite->report->verdict;
	char name[64], offered[FIGURE_MAX], text[CASE_TEXT_MAX];

	for (size_t i = 0; i < summary->levels_n && i < verdict->levels_n; i++) {
		const struct level_verdict *level = &verdict->levels[i];
		const char *why = "";

		if (!summary->levels[i].is_known || !verdict->breaking_point.is_stepped)
			continue;
		for (size_t k = level->findings_n; k-- > 0;)
			if (level->findings[k].weight >= level->status && level->status != LEVEL_OK)
				why = level->findings[k].text;
		snprintf(name, sizeof(name), "level %zu: %s", i,
			figure_level(summary->levels[i].offered, figure_levels_in_users(suite->report->plan), offered));
		snprintf(text, sizeof(text), "%s%s%s", level_status_names[level->status], why[0] ? ": " : "", why);
		add_case(suite, "levels", name, summary->levels[i].window_s,
			level->status >= LEVEL_BROKEN ? CASE_SKIPPED : CASE_PASSED, text);
	}
}

static void
add_suite(struct suite *suite, struct buf *into)
{
	const struct report *report = suite->report;
	char started[32], totals[160];

	wall_text(report->identity.started_wall_ns, started, sizeof(started));
	snprintf(totals, sizeof(totals), " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
		suite->n, suite->failures, suite->errors, suite->skipped, (double)report->duration_ns / 1e9);
	buf_printf(into, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites%s>\n  <testsuite", totals);
	xml_add_attribute(into, "name", report->plan->name);
	xml_add_attribute(into, "timestamp", started);
	buf_printf(into, "%s>\n    <properties>\n", totals);
	buf_add_text(into, "      <property name=\"target\"");
	xml_add_attribute(into, "value", report->plan->target.url.text);
	buf_add_text(into, "/>\n      <property name=\"run\"");
	xml_add_attribute(into, "value", report->identity.id);
	buf_add_text(into, "/>\n    </properties>\n");
	buf_add(into, suite->cases.bytes, suite->cases.length);
	buf_add_text(into, "  </testsuite>\n</testsuites>\n");
}

static bool
junit_write(const struct report *report, struct buf *into)
{
	struct suite suite = {.report = report};

	buf_init(&suite.cases, into->ceiling);
	add_verdict(&suite);
	add_slos(&suite);
	add_gates(&suite);
	for (size_t i = 0; report->experiment != NULL && i < report->experiment->comparisons_n; i++)
		add_comparison(&suite, report->experiment->comparisons[i]);
	add_levels(&suite);
	add_suite(&suite, into);
	bool fits = !suite.cases.overflowed && !into->overflowed;

	buf_fini(&suite.cases);
	return fits;
}

static const struct report_document junit_documents[] = {{"junit.xml", junit_write}, {0}};

const struct reporter_ops junit_reporter = {
	.choice = {.name = "junit", .help = "junit.xml: a test case per objective, goal and level, for CI servers"},
	.documents = junit_documents,
};
