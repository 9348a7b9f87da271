#include "daemon/alarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/alarm_parts.h"
#include "daemon/moment.h"
#include "daemon/pointer.h"
#include "plan/parse.h"

#define LAST_TELLING_NS (2 * NS_PER_S) /* for sinks, once all runs have ended */
#define LAST_LOOK_MS 20

struct sinks *
alarm_open_sinks(uv_loop_t *loop, const struct watch_config *watch, struct error *err)
{
	const struct sink_wish *wishes = watch->sinks.items;
	struct sinks *sinks = sinks_new(loop);
	struct error why = {0};

	for (size_t i = 0; i < watch->sinks.n; i++)
		if (!sinks_add(sinks, &wishes[i], &why)) {
			plan_error(wishes[i].said, err, "%s: %s", wishes[i].name, why.message);
			sinks_close(sinks, NULL, NULL);
			return NULL;
		}
	return sinks;
}

struct alarm *
alarm_new(const struct alarm_config *config, struct error *err)
{
	struct sinks *sinks = alarm_open_sinks(config->loop, &config->config->watch, err);

	if (sinks == NULL)
		return NULL;
	struct alarm *alarm = must_alloc(sizeof(*alarm));

	alarm->config = *config;
	alarm->sinks = sinks;
	alarm->rules = config->config->watch.rules;
	alarm->ear = (struct alert_ear){alarm_tell, alarm};
	list_init(&alarm->lapsed);
	list_init(&alarm->unjudged);
	sinks_hear(sinks, alarm_on_settled, alarm);
	return alarm;
}

static struct desk_order *
take_first(struct list *orders)
{
	struct desk_order *order = list_first(orders, struct desk_order, node);

	list_remove(&order->node);
	return order;
}

void
alarm_free(struct alarm *alarm)
{
	if (alarm == NULL)
		return;
	CHECK(alarm->sinks == NULL);
	while (!list_is_empty(&alarm->lapsed))
		telling_free(telling_of(take_first(&alarm->lapsed)));
	while (!list_is_empty(&alarm->unjudged))
		judging_free(judging_of(take_first(&alarm->unjudged)));
	alert_book_free(alarm->book);
	free(alarm);
}

static void
on_sinks_closed(void *context)
{
	bool *are_closed = context;

	*are_closed = true;
}

static void
on_tick(uv_timer_t *timer)
{
	(void)timer; /* the loop turns */
}

void
alarm_close(struct alarm *alarm)
{
	int64_t until_ns = clock_now_ns(&monotonic_clock) + LAST_TELLING_NS;
	bool are_closed = false;
	uv_timer_t tick;

	CHECK_OP(uv_timer_init(alarm->config.loop, &tick), ==, 0);
	CHECK_OP(uv_timer_start(&tick, on_tick, LAST_LOOK_MS, LAST_LOOK_MS), ==, 0);
	while ((desk_waiting(alarm->config.desk) > 0 || sinks_waiting(alarm->sinks) > 0) &&
		clock_now_ns(&monotonic_clock) < until_ns)
		uv_run(alarm->config.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&tick, NULL);
	if (sinks_waiting(alarm->sinks) > 0)
		log_warn("%zu notices of alerts were not told: they will be when the daemon is back",
			sinks_waiting(alarm->sinks));
	sinks_close(alarm->sinks, on_sinks_closed, &are_closed);
	alarm->sinks = NULL;
	while (!are_closed)
		uv_run(alarm->config.loop, UV_RUN_ONCE);
}

/* --- what is looked at --- */

void
alarm_look(struct alarm *alarm, const struct ledger_run *run, const cJSON *figures)
{
	const struct alert_run which = {run->id, run->name};
	double interval_ns = pointer_number(figures, "/at_ns") - pointer_number(figures, "/start_ns");
	int64_t now_ns = wall_now_ns();
	struct moment moment;

	if (!(interval_ns > 0)) /* not known, too */
		return;
	moment_take(&moment, figures);
	alert_book_look(alarm->book, &which, &moment, now_ns - (int64_t)interval_ns, now_ns, &alarm->ear);
}

void
alarm_on_ended(struct alarm *alarm, const struct ledger_run *run, const struct job_result *result)
{
	struct judging *judging = judging_new(alarm, run->id);

	judging_take(judging, run, result);
	desk_give(alarm->config.desk, &judging->order);
}

/* What fired while a run lasted that is no more ends, although nobody saw its end. */
struct gone_runs {
	struct alarm *alarm;
	char (*ids)[HISTORY_ID_MAX];
	size_t n;
};

static void
note_gone(void *context, const struct alert *alert)
{
	struct gone_runs *gone = context;
	const struct alert_rule *rule = alert_rules_find(gone->alarm->rules, alert->rule);
	size_t position;

	if (rule->kind == ALERT_OF_MOMENT && jobs_find(gone->alarm->config.jobs, alert->run, &position) == NULL)
		snprintf(gone->ids[gone->n++], HISTORY_ID_MAX, "%s", alert->run);
}

static void
end_gone(struct alarm *alarm)
{
	struct gone_runs gone = {.alarm = alarm, .ids = must_calloc(ALERTS_MAX, HISTORY_ID_MAX)};

	alert_book_each_firing(alarm->book, note_gone, &gone);
	for (size_t i = 0; i < gone.n; i++)
		alert_book_run_gone(alarm->book, gone.ids[i], wall_now_ns(), &alarm->ear);
	free(gone.ids);
}

void
alarm_start(struct alarm *alarm)
{
	size_t position;

	while (!list_is_empty(&alarm->lapsed))
		desk_give(alarm->config.desk, take_first(&alarm->lapsed));
	while (!list_is_empty(&alarm->unjudged)) {
		struct judging *judging = judging_of(take_first(&alarm->unjudged));

		if (jobs_find(alarm->config.jobs, judging->id, &position) != NULL)
			judging_free(judging); /* it is still to end, and will be judged then */
		else
			desk_give(alarm->config.desk, &judging->order);
	}
	end_gone(alarm);
}

void
alarm_acknowledged(struct alarm *alarm, uint64_t number, const char *by, int64_t at_ns, const struct buf *row)
{
	(void)alert_book_acknowledge(alarm->book, number, by, at_ns); /* one that is over is the ledger's alone */
	relay_add(jobs_changes(alarm->config.jobs), "alert", row->bytes, row->length);
}

void
alarm_use(struct alarm *alarm, const struct alert_rules *rules, struct sinks *sinks)
{
	/* By whom they would have been told until now: the rule and its sinks are still there. */
	alert_book_set_rules(alarm->book, rules, wall_now_ns(), &alarm->ear);
	alarm->rules = rules;
	sinks_hear(sinks, alarm_on_settled, alarm);
	sinks_inherit(sinks, alarm->sinks);
	sinks_close(alarm->sinks, NULL, NULL);
	alarm->sinks = sinks;
}

size_t
alarm_firing(const struct alarm *alarm)
{
	return alert_book_firing(alarm->book);
}

const struct sinks *
alarm_sinks(const struct alarm *alarm)
{
	return alarm->sinks;
}
