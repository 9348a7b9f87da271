#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/alarm_parts.h"
#include "daemon/owed.h"

/* Runs that ended, and what an earlier life has left. */

struct judging *
judging_of(struct desk_order *order)
{
	return container_of(order, struct judging, order);
}

void
judging_free(struct judging *judging)
{
	free(judging);
}

/* Under its id and name in the ledger: the run itself has an id of its own. */
void
judging_take(struct judging *judging, const struct ledger_run *run, const struct job_result *result)
{
	struct history_run *into = &judging->run;
	bool was_stopped = strcmp(result->status, "interrupted") == 0;

	*into = result->run;
	if (into->is_lost)
		history_take_lost(into, run->id, run->name, run->started_ns);
	if (into->is_lost && was_stopped) { /* by somebody who knows of it */
		into->is_lost = false;
		into->status = VERDICT_INTERRUPTED;
	}
	snprintf(into->id, sizeof(into->id), "%s", run->id);
	snprintf(into->name, sizeof(into->name), "%s", run->name);
	judging->number = run->number;
	judging->is_nothing = strcmp(result->status, "cancelled") == 0;
	judging->is_read = true;
}

static bool
add_before(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct judging *judging = context;
	double *row = judging->before[judging->before_n++];

	(void)run;
	for (size_t i = 0; i < HISTORY_FIGURES_N; i++)
		row[i] = NAN;
	for (size_t i = 0; i < n; i++) {
		int at = history_find(figures[i].name);

		if (at >= 0)
			row[at] = figures[i].value;
	}
	return judging->before_n < UNUSUAL_RUNS_MAX;
}

static bool
read_again(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct judging *judging = context;
	struct job_result result;
	char dir[4096];

	(void)figures;
	(void)n;
	jobs_dir(judging->alarm->config.config, run->id, dir, sizeof(dir));
	job_result_take(&result, dir, &(struct job_result_end){.exit_code = run->exit_code, .said = ""});
	if (run->status != NULL)
		snprintf(result.status, sizeof(result.status), "%s", run->status);
	result.run.is_lost |= strcmp(result.status, "crashed") == 0;
	judging_take(judging, run, &result);
	job_result_fini(&result);
	return false;
}

static void
judging_work(struct desk_order *order, struct ledger *ledger)
{
	struct judging *judging = judging_of(order);
	const struct ledger_filter itself = {.id = judging->id, .states = BIT(LEDGER_ENDED), .limit = 1};
	struct error err = {0};

	if (!judging->is_read && !ledger_list_runs(ledger, &itself, read_again, judging, &err))
		log_error("how run %s ended cannot be read: %s", judging->id, err.message);
	judging->is_nothing = judging->is_nothing || !judging->is_read;
	const struct ledger_filter before = {.name = judging->run.name,
		.before = judging->number,
		.states = BIT(LEDGER_ENDED),
		.status = "pass,fail", /* what was measured */
		.limit = UNUSUAL_RUNS_MAX};

	if (!judging->is_nothing && !ledger_list_runs(ledger, &before, add_before, judging, &err))
		log_error("the runs before %s cannot be read: %s", judging->id, err.message);
}

static void
forget_work(struct desk_order *order, struct ledger *ledger)
{
	const struct judging *judging = judging_of(order);
	struct error err = {0};

	if (!ledger_put_note(ledger, LEDGER_UNJUDGED, judging->id, NULL, &err))
		log_error("that alerts looked at run %s could not be written: %s", judging->id, err.message);
}

static void
forget_done(struct desk_order *order)
{
	judging_free(judging_of(order));
}

/* Its alerts are written before it is noted that it was looked at: the desk does one after the other. */
static void
judging_done(struct desk_order *order)
{
	struct judging *judging = judging_of(order);
	struct alarm *alarm = judging->alarm;

	if (!judging->is_nothing)
		alert_book_run_ended(alarm->book, &judging->run, (const double(*)[HISTORY_FIGURES_N])judging->before,
			judging->before_n, wall_now_ns(), &alarm->ear);
	judging->order = (struct desk_order){.work = forget_work, .done = forget_done};
	desk_give(alarm->config.desk, &judging->order);
}

struct judging *
judging_new(struct alarm *alarm, const char *id)
{
	struct judging *judging = must_alloc(sizeof(*judging));

	judging->alarm = alarm;
	judging->order = (struct desk_order){.work = judging_work, .done = judging_done};
	snprintf(judging->id, sizeof(judging->id), "%s", id);
	return judging;
}

/* --- what an earlier life has left --- */

static void
copy(char *into, size_t size, const char *text)
{
	snprintf(into, size, "%s", text != NULL ? text : "");
}

static void
take_alert(struct alert *alert, const struct ledger_alert *row, const struct alert_rule *rule)
{
	*alert = (struct alert){.number = row->number,
		.course = {.state = ALERT_FIRING,
			.since_ns = row->since_ns,
			.fired_ns = row->fired_ns,
			.is_quiet = row->is_quiet},
		.value = row->value,
		.threshold = row->threshold,
		.acknowledged_ns = row->acknowledged_ns};
	copy(alert->rule, sizeof(alert->rule), row->rule);
	copy(alert->name, sizeof(alert->name), row->name);
	copy(alert->run, sizeof(alert->run), row->run);
	copy(alert->text, sizeof(alert->text), row->text);
	copy(alert->advice, sizeof(alert->advice), rule != NULL ? rule->wish.text : NULL);
	copy(alert->acknowledged_by, sizeof(alert->acknowledged_by), row->acknowledged_by);
	for (int i = 0; i < ALERT_SEVERITIES_N; i++)
		if (strcmp(row->severity, alert_severity_names[i]) == 0)
			alert->severity = (enum alert_severity)i;
}

/* Of a rule that is no more nobody will ever see the end: it is over. */
static bool
restore_alert(void *context, const struct ledger_alert *row)
{
	struct alarm *alarm = context;
	const struct alert_rule *rule = alert_rules_find(alarm->rules, row->rule);
	struct alert alert;

	take_alert(&alert, row, rule);
	if (alert_book_restore(alarm->book, &alert)) {
		if (!row->is_quiet)
			sinks_adopt(alarm->sinks, rule, &alert);
		return true;
	}
	alert.course.state = ALERT_RESOLVED;
	alert.ended_ns = wall_now_ns();
	list_add_last(&alarm->lapsed,
		&telling_new(alarm, &alert, row->is_quiet ? ALERT_RECOVERED_QUIETLY : ALERT_RECOVERED)->order.node);
	return true;
}

/* Newest first; what nobody was told of keeps nobody quiet. */
static bool
restore_cooldown(void *context, const struct ledger_alert *row)
{
	struct alarm *alarm = context;
	const struct alert_rule *rule = alert_rules_find(alarm->rules, row->rule);

	if (rule != NULL && !row->is_quiet && wall_now_ns() - row->ended_ns < rule->terms.cooldown_ns)
		alert_book_cool(alarm->book, row->rule, row->name, row->ended_ns);
	return true;
}

static bool
note_number(void *context, const struct ledger_alert *row)
{
	uint64_t *last = context;

	*last = row->number;
	return false;
}

static bool
restore_owed(void *context, const char *sink, const struct notice *notice)
{
	struct alarm *alarm = context;

	return sinks_tell_one(alarm->sinks, sink, &notice->alert, notice->news);
}

static void
restore_unjudged(void *context, const char *id, const char *text)
{
	struct alarm *alarm = context;

	(void)text;
	list_add_last(&alarm->unjudged, &judging_new(alarm, id)->order.node);
}

bool
alarm_restore(struct alarm *alarm, struct ledger *ledger, struct error *err)
{
	const struct ledger_alert_filter newest = {.acknowledged = -1, .limit = 1},
					 firing = {.firing = true, .acknowledged = -1},
					 over = {.resolved = true, .acknowledged = -1, .limit = ALERTS_MAX};
	uint64_t last = 0;

	if (!ledger_list_alerts(ledger, &newest, note_number, &last, err))
		return false;
	alarm->book = alert_book_new(alarm->rules, last + 1);
	return ledger_list_alerts(ledger, &firing, restore_alert, alarm, err) &&
	       ledger_list_alerts(ledger, &over, restore_cooldown, alarm, err) &&
	       owed_list(ledger, restore_owed, alarm, err) &&
	       ledger_list_notes(ledger, LEDGER_UNJUDGED, restore_unjudged, alarm, err);
}
