#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "daemon/alarm_parts.h"
#include "daemon/owed.h"
#include "daemon/row.h"

#define ROW_CEILING ((size_t)64 * 1024)

struct telling *
telling_of(struct desk_order *order)
{
	return container_of(order, struct telling, order);
}

void
telling_free(struct telling *telling)
{
	buf_fini(&telling->row);
	arena_fini(&telling->arena);
	free(telling);
}

static bool
is_quiet(enum alert_news news)
{
	return news != ALERT_FIRED && news != ALERT_RECOVERED;
}

/* Named by the configuration, and not by the sinks that are open: what happens when they are closed is told later. */
static void
choose_sinks(struct telling *telling)
{
	const struct plan_list *list = &telling->alarm->config.config->watch.sinks;
	const struct alert_rule *rule = alert_rules_find(telling->alarm->rules, telling->notice.alert.rule);
	const struct sink_wish *wishes = list->items;

	telling->sinks = arena_alloc(&telling->arena, (list->n + 1) * sizeof(*telling->sinks));
	for (size_t i = 0; i < list->n; i++)
		if (rule == NULL || alert_rule_has_sink(rule, wishes[i].name))
			telling->sinks[telling->sinks_n++] = arena_strdup(&telling->arena, wishes[i].name);
}

static bool
write_alert(struct ledger *ledger, void *context, struct error *err)
{
	const struct telling *telling = context;
	const struct alert *alert = &telling->notice.alert;
	struct ledger_alert row = {.number = alert->number,
		.rule = alert->rule,
		.severity = alert_severity_names[alert->severity],
		.run = alert->run[0] != '\0' ? alert->run : NULL,
		.name = alert->name,
		.text = alert->text,
		.value = alert->value,
		.threshold = alert->threshold,
		.since_ns = alert->course.since_ns,
		.ended_ns = alert->ended_ns,
		.fired_ns = alert->course.fired_ns,
		.is_quiet = is_quiet(telling->notice.news)};
	bool is_written = ledger_put_alert(ledger, &row, err);

	for (size_t i = 0; is_written && i < telling->sinks_n; i++)
		is_written = owed_put(ledger, &telling->notice, telling->sinks[i], err);
	return is_written;
}

static bool
show(void *context, const struct ledger_alert *row)
{
	row_add_alert(context, row);
	return false;
}

static void
telling_work(struct desk_order *order, struct ledger *ledger)
{
	struct telling *telling = telling_of(order);
	const struct ledger_alert_filter filter = {
		.number = telling->notice.alert.number, .acknowledged = -1, .limit = 1};
	struct error err = {0};

	if (!ledger_together(ledger, write_alert, telling, &err) ||
		!ledger_list_alerts(ledger, &filter, show, &telling->row, &err))
		log_error("alert %s could not be written: %s", telling->notice.alert.rule, err.message);
}

/* Also where it could not be written: the disk may be what is wrong. */
static void
telling_done(struct desk_order *order)
{
	struct telling *telling = telling_of(order);
	struct alarm *alarm = telling->alarm;

	if (telling->row.length > 0 && !telling->row.overflowed)
		relay_add(jobs_changes(alarm->config.jobs), "alert", telling->row.bytes, telling->row.length);
	for (size_t i = 0; alarm->sinks != NULL && i < telling->sinks_n; i++)
		if (!sinks_tell_one(alarm->sinks, telling->sinks[i], &telling->notice.alert, telling->notice.news))
			alarm_on_settled(alarm, telling->sinks[i], telling->notice.alert.number, telling->notice.news);
	telling_free(telling);
}

struct telling *
telling_new(struct alarm *alarm, const struct alert *alert, enum alert_news news)
{
	struct telling *telling = must_alloc(sizeof(*telling));

	telling->alarm = alarm;
	telling->notice = (struct notice){*alert, news};
	telling->order = (struct desk_order){.work = telling_work, .done = telling_done};
	arena_init(&telling->arena);
	buf_init(&telling->row, ROW_CEILING);
	if (!is_quiet(news))
		choose_sinks(telling);
	return telling;
}

void
alarm_tell(void *context, const struct alert *alert, enum alert_news news)
{
	struct alarm *alarm = context;

	desk_give(alarm->config.desk, &telling_new(alarm, alert, news)->order);
}

/* --- what is through --- */

struct settling {
	struct desk_order order;
	uint64_t number;
	enum alert_news news;
	char *sink;
};

static void
settling_work(struct desk_order *order, struct ledger *ledger)
{
	const struct settling *settling = container_of(order, struct settling, order);
	struct error err = {0};

	if (!owed_settle(ledger, settling->sink, settling->number, settling->news, &err))
		log_error("that the sink '%s' was told could not be written, and so it may be told again: %s",
			settling->sink, err.message);
}

static void
settling_done(struct desk_order *order)
{
	struct settling *settling = container_of(order, struct settling, order);

	free(settling->sink);
	free(settling);
}

void
alarm_on_settled(void *context, const char *sink, uint64_t number, enum alert_news news)
{
	struct alarm *alarm = context;
	struct settling *settling = must_alloc(sizeof(*settling));

	*settling = (struct settling){.order = {.work = settling_work, .done = settling_done},
		.number = number,
		.news = news,
		.sink = must_strdup(sink)};
	desk_give(alarm->config.desk, &settling->order);
}
