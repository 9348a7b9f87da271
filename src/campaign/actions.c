#include "campaign/actions.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/campaign.h"
#include "load/schedule.h"

#define ACTION_STOP_NS (2 * NS_PER_S) /* from SIGTERM to SIGKILL, of a command that takes too long */

struct action {
	struct actions *all;
	struct action_record *record;
	struct child child; /* ACTION_RUN */
	struct fetch fetch; /* ACTION_FETCH */
	bool has_fetch;
	struct cap cap; /* ACTION_CAP */
};

bool
actions_check(const struct plan *plan, struct error *err)
{
	const struct plan_course *course = plan->course;
	int64_t end_ns = campaign_planned_ns(plan);
	char at[32], end[32];
	struct schedule schedule;

	if (end_ns == 0 || course->actions_n == 0)
		return true;
	schedule_init(&schedule, &plan->scenarios[0].load, plan->seed);
	int64_t start_ns = schedule_level_span(&schedule, 0).start_ns;
	const struct plan_action *last = &course->actions[course->actions_n - 1];

	if (start_ns == INT64_MAX || start_ns + last->at_ns < end_ns)
		return true;
	error_set(err, "at: %s after the first level's start the load is over: it lasts %s",
		units_time_text(last->at_ns, at, sizeof(at)), units_time_text(end_ns - start_ns, end, sizeof(end)));
	return error_place(err, plan->path, last->line, last->column);
}

static int64_t
actions_now_ns(const struct actions *actions)
{
	return actions->host->now_ns(actions->host->context);
}

static void
action_note(struct action *action, enum action_state state, int64_t at_ns)
{
	const struct actions_host *host = action->all->host;

	action->record->state = state;
	if (host->on_change != NULL)
		host->on_change(host->context, action->record, state, at_ns);
}

/* text NULL: it did what it was to do. */
static void
action_finish(struct action *action, const char *text)
{
	struct action_record *record = action->record;

	if (record->state != ACTION_RUNNING)
		return;
	record->ended_ns = actions_now_ns(action->all);
	snprintf(record->text, sizeof(record->text), "%.*s", (int)sizeof(record->text) - 1, text ? text : "");
	action_note(action, text ? ACTION_FAILED : ACTION_DONE, record->ended_ns);
}

static void
action_on_exit(void *context, struct child *child)
{
	struct action *action = context;
	char text[CHRONICLE_TEXT_MAX];

	/* One that was to run for a while was ended as it was to be. */
	bool is_good = child_has_succeeded(child) || (child->is_overdue && action->record->action->for_ns > 0);

	action_finish(action, is_good ? NULL : child_fate_text(child, text, sizeof(text)));
}

static void
action_on_answer(void *context, struct fetch *fetch, const struct fetch_answer *answer)
{
	struct action *action = context;
	char text[CHRONICLE_TEXT_MAX];

	action_finish(action, fetch_is_good(fetch, answer) ? NULL : fetch_answer_text(answer, text, sizeof(text)));
}

static void
action_run(struct action *action)
{
	const struct plan_action *plan = action->record->action;
	struct child_config config = {.command = plan->command.text,
		.shown = plan->command.shown,
		.within_ns = plan->within_ns,
		.stop_ns = ACTION_STOP_NS,
		.on_exit = action_on_exit,
		.context = action};
	struct error err = {0};

	if (!child_start(&action->child, action->all->loop, &config, &err))
		action_finish(action, err.message);
}

/* The most that Linux gives a process (PID_MAX_LIMIT). */
#define PID_MOST 4194304

/* 0, 1, negative numbers, and what would become one of them, are everybody. */
static long
pid_in_file(const char *path)
{
	char text[32], *end;

	if (file_read_small(path, text, sizeof(text)) <= 0)
		return 0;
	long pid = strtol(text, &end, 10);

	return pid > 1 && pid <= PID_MOST && (*end == '\0' || *end == '\n') ? pid : 0;
}

static void
action_signal(struct action *action)
{
	const struct plan_action *plan = action->record->action;
	const struct actions_host *host = action->all->host;
	char text[CHRONICLE_TEXT_MAX];
	long pid = plan->pid_file != NULL ? pid_in_file(plan->pid_file) : host->target_pid(host->context);

	if (pid <= 1 || pid > PID_MOST) {
		snprintf(text, sizeof(text), plan->pid_file ? "there is no number of a process in %.100s" : "%s",
			plan->pid_file ? plan->pid_file : "the target does not run");
		action_finish(action, text);
	} else if (kill((pid_t)pid, plan->signal) != 0) {
		snprintf(text, sizeof(text), "process %ld: %s", pid, strerror(errno));
		action_finish(action, text);
	} else
		action_finish(action, NULL);
}

static void
action_on_cap_over(void *context, const struct error *err)
{
	struct action *action = context;

	if (error_is_set(err) && action->record->state != ACTION_RUNNING)
		log_error(
			"%s: %s", action->record->action->name, err->message); /* it was cut, and could not be lifted */
	action_finish(action, error_is_set(err) ? err->message : NULL);
}

static void
action_cap(struct action *action)
{
	const struct plan_action *plan = action->record->action;
	const struct actions_host *host = action->all->host;

	cap_begin(&action->cap, action->all->loop,
		&(struct cap_config){.plan = &plan->cap,
			.for_ns = plan->for_ns,
			.target = {.watch = host->watch, .pid = host->target_pid(host->context)},
			.on_over = action_on_cap_over,
			.context = action});
}

static void
action_begin(struct action *action, int64_t now_ns)
{
	action->record->started_ns = now_ns;
	action_note(action, ACTION_RUNNING, now_ns);
	switch (action->record->action->kind) {
	case ACTION_RUN: action_run(action); break;
	case ACTION_SIGNAL: action_signal(action); break;
	case ACTION_FETCH: fetch_begin(&action->fetch); break;
	case ACTION_CAP: action_cap(action); break;
	}
}

int64_t
actions_turn(struct actions *actions, int64_t now_ns)
{
	while (actions->begun_n < actions->n) {
		int64_t due_ns = actions->start_ns + actions->list[actions->begun_n].record->action->at_ns;

		if (due_ns > now_ns)
			return due_ns;
		action_begin(&actions->list[actions->begun_n++], now_ns);
	}
	return -1;
}

static void
actions_on_timer(uv_timer_t *timer)
{
	struct actions *actions = timer->data;
	int64_t now_ns = actions_now_ns(actions), next_ns = actions_turn(actions, now_ns);

	/* Rounded up: a timer that is early would only come again. */
	if (next_ns >= 0)
		uv_timer_start(timer, actions_on_timer, (uint64_t)((next_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS), 0);
}

static bool
action_init(struct action *action, struct actions *actions, struct action_record *record, struct error *err)
{
	*action = (struct action){.all = actions, .record = record};
	record->started_ns = record->ended_ns = record->recovered_after_ns = -1;
	if (record->action->kind != ACTION_FETCH)
		return true;
	action->has_fetch =
		fetch_init(&action->fetch, actions->loop, &record->action->fetch, action_on_answer, action, err);
	return action->has_fetch && fetch_resolve(&action->fetch, err);
}

bool
actions_init(struct actions *actions, uv_loop_t *loop, struct action_record *records, size_t n,
	const struct actions_host *host, struct error *err)
{
	bool is_good = true;

	*actions = (struct actions){.host = host, .loop = loop, .records = records, .n = n, .start_ns = -1};
	if (n == 0)
		return true;
	actions->list = must_calloc(n, sizeof(*actions->list));
	CHECK_OP(uv_timer_init(loop, &actions->timer), ==, 0);
	actions->timer.data = actions;
	for (size_t i = 0; i < n; i++) /* all of them, also where one is bad, so that they end alike */
		is_good = action_init(&actions->list[i], actions, &records[i], err) && is_good;
	return is_good;
}

void
actions_start(struct actions *actions, int64_t start_ns)
{
	if (actions->n == 0 || actions->start_ns >= 0 || actions->is_stopping)
		return;
	actions->start_ns = start_ns;
	actions_on_timer(&actions->timer);
}

static void
actions_on_timer_closed(uv_handle_t *handle)
{
	struct actions *actions = handle->data;

	actions->is_timer_closed = true;
}

/* A cap that was to stand as long as the load is done once it is lifted; whether that succeeds, it will tell. */
static bool
lasts_as_long_as_the_load(const struct action *action)
{
	return action->record->action->kind == ACTION_CAP && action->record->action->for_ns == 0;
}

static void
action_stop(struct action *action)
{
	if (action->record->state == ACTION_RUNNING && !lasts_as_long_as_the_load(action)) {
		action->record->ended_ns = actions_now_ns(action->all);
		action_note(action, ACTION_CUT, action->record->ended_ns);
	}
	child_end(&action->child);
	cap_end(&action->cap);
	if (action->has_fetch)
		fetch_close(&action->fetch);
}

static bool
action_is_closed(const struct action *action)
{
	return (!action->child.is_started || action->child.is_closed) &&
	       (!action->has_fetch || action->fetch.is_closed) && (!action->cap.is_open || action->cap.is_closed);
}

void
actions_stop(struct actions *actions)
{
	if (actions->n == 0 || actions->is_stopping)
		return;
	actions->is_stopping = true;
	uv_close((uv_handle_t *)&actions->timer, actions_on_timer_closed);
	for (size_t i = 0; i < actions->n; i++)
		action_stop(&actions->list[i]);
	for (size_t i = 0; i < actions->n; i++)
		while (!action_is_closed(&actions->list[i]))
			uv_run(actions->loop, UV_RUN_ONCE);
	while (!actions->is_timer_closed)
		uv_run(actions->loop, UV_RUN_ONCE);
}

void
actions_clear(struct actions *actions)
{
	for (size_t i = 0; i < actions->n; i++)
		child_clear_group(&actions->list[i].child, actions->loop);
}

void
actions_fini(struct actions *actions)
{
	for (size_t i = 0; i < actions->n; i++)
		if (actions->list[i].has_fetch)
			fetch_fini(&actions->list[i].fetch);
	free(actions->list);
	*actions = (struct actions){0};
}
