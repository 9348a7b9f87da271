#include "daemon/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/sink_parts.h"

#define SOON_NS (10 * NS_PER_MS) /* until an attempt's leftovers are gone */

struct sinks {
	uv_loop_t *loop;
	struct sink *list[SINKS_MAX];
	size_t n;
	bool is_closing;
	void (*on_closed)(void *context);
	void *context;
	void (*settled)(void *context, const char *sink, uint64_t number, enum alert_news news);
	void *settled_context;
};

static int64_t
now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

static void sink_on_timer(uv_timer_t *timer);

static void
sink_wake_at(struct sink *sink, int64_t at_ns)
{
	int64_t in_ns = at_ns - now_ns();
	uint64_t in_ms = in_ns > 0 ? (uint64_t)((in_ns + NS_PER_MS - 1) / NS_PER_MS) : 0;

	CHECK_OP(uv_timer_start(&sink->timer, sink_on_timer, in_ms, 0), ==, 0);
}

static int64_t
reminder_due_ns(const struct sink *sink)
{
	return sink->ops->has_reminders && sink->firing_n > 0 ? sink->reminded_ns + sink->wish.remind_ns : INT64_MAX;
}

/* Begins what is due, or waits for it. */
static void
sink_go_on(struct sink *sink)
{
	int64_t next_ns = delivery_next_ns(&sink->delivery), remind_ns = reminder_due_ns(sink), now = now_ns();

	if (sink->is_busy || sink->is_closing)
		return;
	if (next_ns > now && remind_ns > now) {
		next_ns = next_ns < remind_ns ? next_ns : remind_ns;
		if (next_ns != INT64_MAX)
			sink_wake_at(sink, next_ns);
		return;
	}
	if (!sink->ops->is_ready(sink)) {
		sink_wake_at(sink, now + SOON_NS);
		return;
	}
	sink->is_busy = true;
	sink->is_reminder = next_ns > now;
	sink->delivery.is_under_way = !sink->is_reminder;
	sink->ops->send(sink, delivery_due(&sink->delivery, now));
}

static void
sink_on_timer_closed(uv_handle_t *handle)
{
	struct sink *sink = handle->data;

	sink->is_timer_closed = true;
}

static void
sink_free(struct sink *sink)
{
	delivery_fini(&sink->delivery);
	buf_fini(&sink->body);
	free(sink->headers);
	arena_fini(&sink->arena);
	free(sink);
}

static void
sinks_on_all_closed(uv_handle_t *handle)
{
	struct sinks *sinks = handle->data;

	free(handle);
	for (size_t i = 0; i < sinks->n; i++)
		sink_free(sinks->list[i]);
	if (sinks->on_closed != NULL)
		sinks->on_closed(sinks->context);
	free(sinks);
}

/* Turns by turns of the loop, until nothing of them is under way. */
static void
sinks_on_closing(uv_timer_t *timer)
{
	struct sinks *sinks = timer->data;

	for (size_t i = 0; i < sinks->n; i++)
		if (!sinks->list[i]->is_timer_closed || !sinks->list[i]->ops->is_closed(sinks->list[i]))
			return;
	uv_close((uv_handle_t *)timer, sinks_on_all_closed);
}

void
sinks_close(struct sinks *sinks, void (*on_closed)(void *context), void *context)
{
	uv_timer_t *timer = must_alloc(sizeof(*timer));

	CHECK(!sinks->is_closing);
	sinks->is_closing = true;
	sinks->on_closed = on_closed;
	sinks->context = context;
	for (size_t i = 0; i < sinks->n; i++) {
		sinks->list[i]->is_closing = true;
		uv_close((uv_handle_t *)&sinks->list[i]->timer, sink_on_timer_closed);
		sinks->list[i]->ops->close(sinks->list[i]);
	}
	CHECK_OP(uv_timer_init(sinks->loop, timer), ==, 0);
	timer->data = sinks;
	CHECK_OP(uv_timer_start(timer, sinks_on_closing, 0, (uint64_t)(SOON_NS / NS_PER_MS)), ==, 0);
}

static void
sink_on_timer(uv_timer_t *timer)
{
	sink_go_on(timer->data);
}

static void
settle(const struct sink *sink, const struct notice *notice)
{
	const struct sinks *sinks = sink->sinks;

	if (sinks->settled != NULL)
		sinks->settled(sinks->settled_context, sink->wish.name, notice->alert.number, notice->news);
}

static void
settle_first(struct sink *sink, const char *failure, bool is_final)
{
	const struct notice first = sink->delivery.notices[sink->delivery.first];

	if (failure == NULL)
		delivery_succeeded(&sink->delivery);
	else if (delivery_failed(&sink->delivery, now_ns(), is_final))
		return; /* another time */
	else
		log_error("the sink '%s' was never told of an alert: %s", sink->wish.name, failure);
	settle(sink, &first);
}

void
sink_done(struct sink *sink, const char *failure, bool is_final)
{
	CHECK(sink->is_busy);
	sink->is_busy = sink->delivery.is_under_way = false;
	if (sink->is_closing)
		return;
	if (failure == NULL || sink->is_reminder)
		sink->reminded_ns = now_ns(); /* also where that failed: the next one is not far */
	if (failure != NULL)
		snprintf(sink->last_failure, sizeof(sink->last_failure), "%s", failure);
	if (sink->is_reminder)
		sink->delivery.failed += failure != NULL;
	else
		settle_first(sink, failure, is_final);
	sink_go_on(sink);
}

struct sinks *
sinks_new(uv_loop_t *loop)
{
	struct sinks *sinks = must_alloc(sizeof(*sinks));

	sinks->loop = loop;
	return sinks;
}

static struct sink *
find(const struct sinks *sinks, const char *name)
{
	for (size_t i = 0; i < sinks->n; i++)
		if (strcmp(sinks->list[i]->wish.name, name) == 0)
			return sinks->list[i];
	return NULL;
}

bool
sinks_have(const struct sinks *sinks, const char *name)
{
	return find(sinks, name) != NULL;
}

static const char *
kept(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

static void
keep_wish(struct sink *sink, const struct sink_wish *wish)
{
	const struct plan_pair *pairs = wish->headers.items;
	struct plan_pair *own = arena_alloc(&sink->arena, (wish->headers.n + 1) * sizeof(*own));

	sink->wish = *wish;
	sink->wish.said = NULL;
	sink->wish.name = kept(&sink->arena, wish->name);
	sink->wish.webhook = kept(&sink->arena, wish->webhook);
	sink->wish.command = kept(&sink->arena, wish->command);
	sink->wish.alertmanager = kept(&sink->arena, wish->alertmanager);
	sink->wish.secret = kept(&sink->arena, wish->secret);
	for (size_t i = 0; i < wish->headers.n; i++)
		own[i] = (struct plan_pair){kept(&sink->arena, pairs[i].name), kept(&sink->arena, pairs[i].value)};
	sink->wish.headers.items = own;
}

static const struct sink_ops *
kind_of(const struct sink_wish *wish)
{
	const struct {
		const char *written;
		const struct sink_ops *ops;
	} all[] = {{wish->webhook, &webhook_sink}, {wish->command, &command_sink},
		{wish->alertmanager, &alertmanager_sink}};
	const struct sink_ops *kind = NULL;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i].written != NULL && kind != NULL)
			return NULL;
		kind = all[i].written != NULL ? all[i].ops : kind;
	}
	return kind;
}

static bool
check_wish(const struct sinks *sinks, const struct sink_wish *wish, struct error *err)
{
	if (wish->name == NULL || wish->name[0] == '\0')
		return error_set(err, "a sink must have a name, which rules tell it by");
	if (find(sinks, wish->name) != NULL)
		return error_set(err, "there is a sink '%.60s' already", wish->name);
	if (sinks->n == SINKS_MAX)
		return error_set(err, "there are %d sinks already, and no room for more", SINKS_MAX);
	if (kind_of(wish) == NULL)
		return error_set(err, "write one of webhook: URL, command: TEXT and alertmanager: URL");
	if (wish->secret != NULL && wish->webhook == NULL)
		return error_set(err, "secret: only what a webhook is sent is signed");
	return true;
}

bool
sinks_add(struct sinks *sinks, const struct sink_wish *wish, struct error *err)
{
	CHECK(!sinks->is_closing);
	CHECK(wish->timeout_ns > 0 && wish->tries > 0 && (wish->alertmanager == NULL || wish->remind_ns > 0));
	if (!check_wish(sinks, wish, err))
		return false;
	struct sink *sink = must_alloc(sizeof(*sink));

	sink->sinks = sinks;
	sink->loop = sinks->loop;
	arena_init(&sink->arena);
	keep_wish(sink, wish);
	sink->ops = kind_of(wish);
	delivery_init(&sink->delivery, wish->tries);
	buf_init(&sink->body, SINK_BODY_CEILING);
	if (!sink->ops->open(sink, err)) {
		sink_free(sink);
		return false;
	}
	CHECK_OP(uv_timer_init(sinks->loop, &sink->timer), ==, 0);
	sink->timer.data = sink;
	sinks->list[sinks->n++] = sink;
	return true;
}

static void
forget_firing(struct sink *sink, uint64_t number)
{
	for (size_t i = 0; i < sink->firing_n; i++)
		if (sink->firing[i].number == number) {
			sink->firing[i] = sink->firing[--sink->firing_n];
			return;
		}
}

static void
note_firing(struct sink *sink, const struct alert *alert)
{
	forget_firing(sink, alert->number);
	if (sink->ops->has_reminders && sink->firing_n < DELIVERY_ROOM)
		sink->firing[sink->firing_n++] = *alert;
}

void
sinks_hear(struct sinks *sinks, void (*settled)(void *context, const char *sink, uint64_t number, enum alert_news news),
	void *context)
{
	sinks->settled = settled;
	sinks->settled_context = context;
}

static void
add_notice(struct sink *sink, const struct alert *alert, enum alert_news news)
{
	struct notice gone;

	if (delivery_make_room(&sink->delivery, &gone))
		settle(sink, &gone);
	delivery_add(&sink->delivery, alert, news);
}

static void
tell(struct sink *sink, const struct alert *alert, enum alert_news news)
{
	if (news == ALERT_FIRED)
		note_firing(sink, alert);
	else
		forget_firing(sink, alert->number);
	add_notice(sink, alert, news);
	sink_wake_at(sink, now_ns()); /* from a later turn: whoever tells has more to do */
}

void
sinks_tell(struct sinks *sinks, const struct alert_rule *rule, const struct alert *alert, enum alert_news news)
{
	if (news != ALERT_FIRED && news != ALERT_RECOVERED)
		return;
	for (size_t i = 0; i < sinks->n; i++)
		if (rule == NULL || alert_rule_has_sink(rule, sinks->list[i]->wish.name))
			tell(sinks->list[i], alert, news);
}

bool
sinks_tell_one(struct sinks *sinks, const char *name, const struct alert *alert, enum alert_news news)
{
	struct sink *sink = find(sinks, name);

	if (sink != NULL && (news == ALERT_FIRED || news == ALERT_RECOVERED))
		tell(sink, alert, news);
	return sink != NULL;
}

void
sinks_adopt(struct sinks *sinks, const struct alert_rule *rule, const struct alert *alert)
{
	for (size_t i = 0; i < sinks->n; i++) {
		if (rule != NULL && !alert_rule_has_sink(rule, sinks->list[i]->wish.name))
			continue;
		note_firing(sinks->list[i], alert);
		sink_go_on(sinks->list[i]);
	}
}

static void
give_up(const struct sink *sink)
{
	const struct delivery *delivery = &sink->delivery;

	if (delivery->n > 0)
		log_warn("the sink '%s' is no more, and was not told of %zu alerts", sink->wish.name, delivery->n);
	for (size_t i = 0; i < delivery->n; i++)
		settle(sink, &delivery->notices[(delivery->first + i) % DELIVERY_ROOM]);
}

static void
inherit(struct sink *to, const struct sink *from)
{
	for (size_t i = 0; i < from->delivery.n; i++) {
		const struct notice *notice = &from->delivery.notices[(from->delivery.first + i) % DELIVERY_ROOM];

		add_notice(to, &notice->alert, notice->news);
	}
	for (size_t i = 0; i < from->firing_n; i++)
		note_firing(to, &from->firing[i]);
	to->delivery.told += from->delivery.told;
	to->delivery.failed += from->delivery.failed;
	to->delivery.lost += from->delivery.lost;
	sink_go_on(to);
}

void
sinks_inherit(struct sinks *sinks, struct sinks *others)
{
	for (size_t i = 0; i < others->n; i++) {
		struct sink *to = find(sinks, others->list[i]->wish.name);

		if (to == NULL)
			give_up(others->list[i]);
		else
			inherit(to, others->list[i]);
	}
}

size_t
sinks_count(const struct sinks *sinks)
{
	return sinks->n;
}

void
sinks_status(const struct sinks *sinks, size_t i, struct sink_status *into)
{
	CHECK_OP(i, <, sinks->n);
	const struct sink *sink = sinks->list[i];

	*into = (struct sink_status){.name = sink->wish.name,
		.kind = sink->ops->name,
		.waiting = sink->delivery.n,
		.told = sink->delivery.told,
		.failed = sink->delivery.failed,
		.lost = sink->delivery.lost,
		.last_failure = sink->last_failure};
}

size_t
sinks_waiting(const struct sinks *sinks)
{
	size_t n = 0;

	for (size_t i = 0; i < sinks->n; i++)
		n += sinks->list[i]->delivery.n;
	return n;
}
