#include <stdlib.h>
#include <string.h>

#include "report/html.h"
#include "report/terminal.h"

/* What report.html shows: result.json, but for its series and histograms, and beside it what a page needs and a program
 * does not: the headline, what names mean in words, goals as numbers, the series in as many rows as a screen has room
 * for, distributions as curves, and the effective profile as it was written. */

/* What is to be said beside the headline and the breaking point: as the terminal does. */
static void
add_reasons(cJSON *document, const struct verdict *verdict, const char *headline)
{
	cJSON *reasons = value_add_array(document, "reasons");

	for (size_t i = 0; i < verdict->reasons_n; i++)
		if (!verdict->is_about_break[i] && strstr(headline, verdict->reasons[i]) == NULL)
			cJSON_AddItemToArray(reasons, value_of_text(verdict->reasons[i]));
}

static void
add_modes(cJSON *document)
{
	cJSON *modes = value_add_object(document, "modes");

	for (int m = 0; m < FAILURE_MODE_COUNT; m++) {
		cJSON *o = value_add_object(modes, failure_mode_rows[m].name);

		value_set_text(o, "sentence", failure_mode_rows[m].sentence);
		value_set_text(o, "advice", failure_mode_rows[m].advice);
	}
}

/* Whom each class of failure blames, and its sentence. */
static void
add_failures(cJSON *document)
{
	static const char *const kinds[] = {
		[COUNTS_FAILED] = "failed", [COUNTS_UNSENT] = "unsent", [COUNTS_DROPPED] = "dropped"};
	static const char *const blamed[] = {
		[BLAMES_TARGET] = "target", [BLAMES_CLIENT] = "generator", [BLAMES_NOBODY] = "nobody"};
	cJSON *failures = value_add_object(document, "failures");

	for (int f = 0; f < FAILURE_COUNT; f++) {
		cJSON *o = value_add_object(failures, failure_rows[f].counter);

		value_set_text(o, "kind", kinds[failure_rows[f].counts]);
		value_set_text(o, "blames", blamed[failure_rows[f].blames]);
		value_set_text(o, "sentence", failure_rows[f].sentence);
	}
}

static cJSON *
goal_of(const struct expr *expr)
{
	static const char *const ops[] = {
		[EXPR_LT] = "<", [EXPR_LE] = "<=", [EXPR_GT] = ">", [EXPR_GE] = ">=", [EXPR_IN] = "in"};
	static const char *const of[] = {
		[EXPR_OF_RUN] = "run", [EXPR_IMPROVEMENT] = "improvement", [EXPR_SPEEDUP] = "speedup"};
	cJSON *o = value_object();

	value_set_text(o, "op", ops[expr->op]);
	value_set_text(o, "of", of[expr->of]);
	value_set_text(o, "unit", unit_rows[expr_unit(expr)].name);
	value_set_number(o, "value", expr->value);
	value_set_number(o, "value_to", expr->value_to);
	if (expr->has_stretch)
		value_set_number(o, "stretch", expr->stretch);
	return o;
}

/* One per row of the result's `slo`, in its order. */
static void
add_goals(cJSON *document, const struct report *report)
{
	const struct experiment *experiment = report->experiment;
	cJSON *goals = value_add_array(document, "goals");

	for (size_t i = 0; report->verdict->slos != NULL && i < report->plan->slos_n; i++)
		cJSON_AddItemToArray(goals, goal_of(report->verdict->slos[i].expr));
	for (size_t i = 0; experiment != NULL && i < experiment->gates_n; i++)
		cJSON_AddItemToArray(goals, goal_of(experiment->gates[i].slo.expr));
}

/* A line each, since each is escaped, and a line's end is none of what has to be. */
static void
add_profile_lines(cJSON *document, const char *yaml)
{
	cJSON *lines = value_add_array(document, "profile_yaml");

	for (const char *line = yaml; line != NULL && *line != '\0';) {
		size_t length = strcspn(line, "\n");
		struct buf one;

		buf_init(&one, length + 1);
		buf_add(&one, line, length);
		cJSON_AddItemToArray(lines, value_of_text(length > 0 ? one.bytes : NULL));
		buf_fini(&one);
		line += length + (line[length] == '\n');
	}
}

static bool
is_spoken_of(const cJSON *level, const struct verdict *verdict)
{
	const cJSON *index = cJSON_GetObjectItemCaseSensitive(level, "index");
	double at = index != NULL && index->valuestring != NULL ? strtod(index->valuestring, NULL) : -1;

	return at == verdict->breaking_point.first_broken_level || at == verdict->breaking_point.max_sustainable_level;
}

/* Leaves at most about HTML_LEVELS_MAX of them, evenly, and those that the verdict speaks of. */
static void
thin_levels(cJSON *document, cJSON *result, const struct verdict *verdict)
{
	cJSON *all = cJSON_DetachItemFromObjectCaseSensitive(result, "levels"), *level;
	int n = cJSON_GetArraySize(all), step = 1 + (n - 1) / HTML_LEVELS_MAX;
	cJSON *kept = value_add_array(result, "levels");

	for (int i = 0; (level = cJSON_DetachItemFromArray(all, 0)) != NULL; i++)
		if (i % step == 0 || is_spoken_of(level, verdict))
			cJSON_AddItemToArray(kept, level);
		else
			cJSON_Delete(level);
	value_set_number(document, "levels_n", n);
	cJSON_Delete(all);
}

cJSON *
html_document(const struct report *report, const struct system_info *system)
{
	cJSON *document = value_object(), *result = result_object(report, system);
	char headline[512];

	value_set_text(document, "page", "run");
	value_set_text(document, "headline", terminal_headline(report, headline, sizeof(headline)));
	value_set(document, "result", result);
	add_reasons(document, report->verdict, headline);
	thin_levels(document, result, report->verdict);
	add_modes(document);
	add_failures(document);
	add_goals(document, report);
	html_add_series(document, report);
	html_add_distributions(document, report);
	value_set_text(document, "profile_hash", report->plan->hash);
	add_profile_lines(document, report->plan->effective_yaml);
	return document;
}
