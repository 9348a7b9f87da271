#include "cmd/check_experiment.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "campaign/campaign.h"
#include "cmd/plot.h"
#include "plan/canary.h"
#include "plan/course.h"
#include "plan/scrape.h"

#define CELLS_SHOWN 40

int64_t
check_load_ns(const struct plan_experiment *experiment)
{
	int64_t sum_ns = 0;

	for (size_t i = 0; experiment->canary != NULL && i < experiment->canary->stages_n; i++)
		sum_ns += experiment->canary->stages[i].hold_ns + experiment->whole.idle_baseline_ns;
	if (experiment->canary != NULL)
		return sum_ns;
	for (size_t i = 0; i < experiment->arms_n; i++) {
		int64_t planned_ns = campaign_planned_ns(experiment->arms[i].plan);

		if (planned_ns == 0)
			return 0;
		sum_ns += (int64_t)experiment->repeats * (planned_ns + experiment->arms[i].plan->idle_baseline_ns);
	}
	return experiment->order == ORDER_TOGETHER ? sum_ns / 2 : sum_ns;
}

static void
print_arm(const struct plan_experiment *experiment, size_t i, struct buf *out)
{
	const struct plan_arm *arm = &experiment->arms[i];
	bool is_baseline = experiment->kind == EXPERIMENT_ARMS && i == experiment->baseline;

	buf_printf(out, "  %-16s %s\n", arm->name,
		is_baseline       ? "the baseline"
		: arm->own_n == 0 ? "the profile as it stands"
				  : arm->own[0]);
	for (size_t j = is_baseline ? 0 : 1; j < arm->own_n; j++)
		buf_printf(out, "  %-16s %s\n", "", arm->own[j]);
}

static bool
is_first_with(const struct plan_experiment *experiment, size_t cell, size_t key)
{
	for (size_t i = 0; i < cell; i++)
		if (strcmp(experiment->arms[i].brief[key], experiment->arms[cell].brief[key]) == 0)
			return false;
	return true;
}

/* What "#2" stands for in the names of cells. */
static void
print_long_values(const struct plan_experiment *experiment, struct buf *out)
{
	for (size_t key = 0; key < experiment->keys_n; key++)
		for (size_t i = 0; i < experiment->arms_n; i++) {
			const struct plan_arm *cell = &experiment->arms[i];

			if (cell->brief[key] != cell->shown[key] && is_first_with(experiment, i, key))
				buf_printf(out, "  %s %.*s: %s\n", experiment->keys[key],
					(int)strcspn(cell->brief[key], " "), cell->brief[key], cell->shown[key]);
		}
}

static void
print_announce(const char *label, const struct plan_announce *announce, struct buf *out)
{
	if (announce->command.text != NULL)
		buf_printf(out, "  %-16s %s\n", label, announce->command.shown);
	if (announce->fetch.place.shown != NULL)
		buf_printf(out, "  %-16s %s %s\n", label, announce->fetch.method, announce->fetch.place.shown);
	if (announce->command.text == NULL && announce->fetch.place.shown == NULL)
		buf_printf(out, "  %-16s nothing is told\n", label);
}

static void
print_rule(const char *what, double limit, const char *form, struct buf *out)
{
	if (isnan(limit))
		return;
	buf_printf(out, "  %-16s ", "taken back at");
	buf_printf(out, "%s ", what);
	if (strcmp(form, "times") == 0)
		buf_printf(out, "more than %.4g times the baseline's\n", limit);
	else
		buf_printf(out, "of more than %.4g%%%s\n", limit * 100, form);
}

static void
print_canary(const struct plan_canary *canary, struct buf *out)
{
	const struct plan_rollback *rules = &canary->rollback_when;
	char hold[32];

	for (size_t i = 0; i < canary->stages_n; i++)
		buf_printf(out, "  stage %-10zu %.4g%% of the keys for %s, then %.4g%%\n", i + 1,
			canary->stages[i].share * 100, plot_time_text(canary->stages[i].hold_ns, hold, sizeof(hold)),
			canary_next_share(canary, i) * 100);
	print_rule("errors", rules->errors, "times", out);
	print_rule("a P95", rules->p95, "times", out);
	print_rule("memory growth", rules->memory_growth_per_h, "/h", out);
	print_rule("a crash rate", rules->crash_rate, "", out);
	print_announce("promote", &canary->promote, out);
	print_announce("rollback", &canary->rollback, out);
}

void
check_print_experiment(const struct plan_experiment *experiment, struct buf *out)
{
	bool is_matrix = experiment->kind == EXPERIMENT_MATRIX;
	int64_t load_ns = check_load_ns(experiment);
	char length[32];

	buf_printf(out, "%s: %zu %s, %llu run%s each%s: %zu runs", experiment->whole.name, experiment->arms_n,
		is_matrix ? "cells" : "arms", (unsigned long long)experiment->repeats,
		experiment->repeats == 1 ? "" : "s",
		experiment->repeats == 1                 ? ""
		: experiment->order == ORDER_INTERLEAVED ? ", in turn"
		: experiment->order == ORDER_TOGETHER    ? ", both at once"
							 : ", one after the other",
		experiment_runs_n(experiment));
	if (load_ns > 0)
		buf_printf(out, ", %s in all, besides starting and stopping",
			plot_time_text(load_ns, length, sizeof(length)));
	buf_add_text(out, "\n");
	for (size_t i = 0; i < experiment->arms_n && i < CELLS_SHOWN; i++) {
		if (is_matrix)
			buf_printf(out, "  %s\n", experiment->arms[i].name);
		else
			print_arm(experiment, i, out);
	}
	if (experiment->arms_n > CELLS_SHOWN)
		buf_printf(out, "  … and %zu more\n", experiment->arms_n - CELLS_SHOWN);
	print_long_values(experiment, out);
	if (experiment->canary != NULL)
		print_canary(experiment->canary, out);
	buf_printf(out, "\nEach run, as that of '%s':\n\n", experiment->arms[experiment->baseline].name);
}

static void
print_hook(const char *label, const struct plan_hook *hook, const char *limit, struct buf *out)
{
	char within[32];

	if (hook->command.text != NULL)
		buf_printf(out, "  %-16s %s (%s %s)\n", label, hook->command.shown, limit,
			plot_time_text(hook->within_ns, within, sizeof(within)));
}

static void
print_actions(const struct plan_course *course, struct buf *out)
{
	char at[32], label[48];

	for (size_t i = 0; i < course->actions_n; i++) {
		snprintf(label, sizeof(label), "at %s", plot_time_text(course->actions[i].at_ns, at, sizeof(at)));
		buf_printf(out, "  %-16s %s\n", label, course->actions[i].name);
	}
}

static void
print_endpoint(const struct plan_endpoint *endpoint, struct buf *out)
{
	char every[32];

	buf_printf(out, "  %-16s %s every %s: ", "scrape", endpoint->fetch.place.shown,
		plot_time_text(endpoint->every_ns, every, sizeof(every)));
	for (size_t i = 0; i < endpoint->n; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", endpoint->list[i].name);
	buf_add_char(out, '\n');
}

void
check_print_course(const struct plan *plan, struct buf *out)
{
	const struct plan_course *course = plan->course;
	char time[32];

	if (course->before.command.text == NULL && course->after.command.text == NULL &&
		course->beside.command.text == NULL && course->ready.fetch.place.shown == NULL &&
		course->actions_n + course->probes_n + plan->scrape.endpoints_n == 0)
		return;
	buf_add_text(out, "\nAround the load\n");
	print_hook("before", &course->before, "within", out);
	if (course->ready.fetch.place.shown != NULL)
		buf_printf(out, "  %-16s %s within %s\n", "ready", course->ready.fetch.place.shown,
			plot_time_text(course->ready.within_ns, time, sizeof(time)));
	print_hook("beside", &course->beside, "has to stop within", out);
	print_actions(course, out);
	for (size_t i = 0; i < course->probes_n; i++)
		buf_printf(out, "  %-16s %s every %s\n", "probe", course->probes[i].name,
			plot_time_text(course->probes[i].every_ns, time, sizeof(time)));
	for (size_t i = 0; i < plan->scrape.endpoints_n; i++)
		print_endpoint(&plan->scrape.endpoints[i], out);
	print_hook("after", &course->after, "within", out);
}
