#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/alarm.h"
#include "daemon/api_parts.h"
#include "daemon/row.h"
#include "measure/json.h"
#include "measure/json_read.h"

#define LIST_MAX 500
#define LIST_DEFAULT 50
#define NOTE_MAX 4000 /* bytes: 1,000 characters */

/* What is asked for, until the desk has looked it up. */
struct asking {
	struct desk_order order;
	struct api_call *call;
	struct ledger_alert_filter filter;
	uint64_t last;
	size_t n;
	char by[ALERT_BY_MAX + 1], note[NOTE_MAX + 1];
	int64_t at_ns;
};

static struct asking *
asking_new(struct api_call *call)
{
	struct asking *asking = must_alloc(sizeof(*asking));

	asking->call = call;
	asking->filter.acknowledged = -1;
	return asking;
}

/* --- lists --- */

static bool
add_row(void *context, const struct ledger_alert *alert)
{
	struct asking *asking = context;

	if (++asking->n > asking->filter.limit - 1)
		return false; /* there is more */
	row_add_alert(&asking->call->text, alert);
	asking->last = alert->number;
	return true;
}

static void
list_work(struct desk_order *order, struct ledger *ledger)
{
	struct asking *asking = container_of(order, struct asking, order);
	struct buf *text = &asking->call->text;

	json_open(text, NULL, '{');
	json_open(text, "alerts", '[');
	if (!ledger_list_alerts(ledger, &asking->filter, add_row, asking, &asking->call->err))
		return;
	json_close(text, ']');
	if (asking->n > asking->filter.limit - 1)
		json_add_u64(text, "next", asking->last);
	else
		json_add_null(text, "next");
	json_close(text, '}');
}

static void
list_done(struct desk_order *order)
{
	struct asking *asking = container_of(order, struct asking, order);

	api_answer_from_desk(asking->call);
	free(asking);
}

/* "firing", "resolved", or both by commas. */
static bool
take_states(const char *text, struct ledger_alert_filter *filter)
{
	while (*text != '\0') {
		size_t n = strcspn(text, ",");

		if (n == 6 && strncmp(text, "firing", n) == 0)
			filter->firing = true;
		else if (n == 8 && strncmp(text, "resolved", n) == 0)
			filter->resolved = true;
		else
			return false;
		text += n;
		text += *text == ',';
	}
	return true;
}

static bool
take_acknowledged(const char *text, struct ledger_alert_filter *filter)
{
	filter->acknowledged = strcmp(text, "true") == 0;
	return filter->acknowledged == 1 || strcmp(text, "false") == 0;
}

/* False: it was answered. */
static bool
take_filter(struct api_call *call, struct ledger_alert_filter *filter)
{
	char text[API_PARAMETER_MAX];
	uint64_t limit = LIST_DEFAULT;

	if (!api_query_number(call, "limit", 1, LIST_MAX, &limit) ||
		!api_query_number(call, "before", 1, INT64_MAX, &filter->before))
		return false;
	filter->limit = (size_t)limit + 1; /* one more says whether there is more */
	if (api_query(call, "state", text, sizeof(text)) && !take_states(text, filter)) {
		api_answer_sentence(call, 400, "state: firing, resolved, or both of them by commas");
		return false;
	}
	if (api_query(call, "acknowledged", text, sizeof(text)) && !take_acknowledged(text, filter)) {
		api_answer_sentence(call, 400, "acknowledged: true or false");
		return false;
	}
	return true;
}

void
api_alerts_list(struct api_call *call)
{
	struct asking *asking = asking_new(call);

	if (!take_filter(call, &asking->filter)) {
		free(asking);
		return;
	}
	asking->order = (struct desk_order){.work = list_work, .done = list_done};
	desk_give(api_config_of(call)->desk, &asking->order);
}

/* --- somebody has seen one --- */

static bool
show(void *context, const struct ledger_alert *alert)
{
	struct asking *asking = context;

	row_add_alert(&asking->call->text, alert);
	return false;
}

static void
acknowledge_work(struct desk_order *order, struct ledger *ledger)
{
	struct asking *asking = container_of(order, struct asking, order);
	struct api_call *call = asking->call;

	if (ledger_acknowledge(ledger, asking->filter.number, asking->by, asking->note[0] != '\0' ? asking->note : NULL,
		    asking->at_ns, &call->err))
		(void)ledger_list_alerts(ledger, &asking->filter, show, asking, &call->err); /* err is the call's */
	else if (!error_is_set(&call->err))
		api_fail(call, 404, "there is no alert of this number");
}

static void
acknowledge_done(struct desk_order *order)
{
	struct asking *asking = container_of(order, struct asking, order);
	struct api_call *call = asking->call;

	if (!error_is_set(&call->err))
		alarm_acknowledged(
			api_config_of(call)->alarm, asking->filter.number, asking->by, asking->at_ns, &call->text);
	api_answer_from_desk(call);
	free(asking);
}

static bool
take_note(struct api_call *call, char note[NOTE_MAX + 1])
{
	struct json_reader reader = {.err = &call->err};

	if (call->request->body_length == 0)
		return true;
	cJSON *body = json_parse(&reader, call->request->body, call->request->body_length, (size_t)64 * 1024);

	json_read_text(&reader, body, "note", note, NOTE_MAX + 1);
	cJSON_Delete(body);
	if (reader.has_failed)
		api_answer_problem(call, 400, &call->err);
	return !reader.has_failed;
}

/* 0: it is none. */
static uint64_t
number_of(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n <= 18 && text[n] == '\0' ? strtoull(text, NULL, 10) : 0;
}

void
api_alert_acknowledge(struct api_call *call)
{
	struct asking *asking = asking_new(call);

	asking->filter.number = number_of(call->id);
	asking->filter.limit = 1;
	asking->at_ns = wall_now_ns();
	snprintf(asking->by, sizeof(asking->by), "%s", call->who.name);
	if (!take_note(call, asking->note) || !api_note(call, "alert.acknowledge", call->id)) {
		free(asking);
		return;
	}
	asking->order = (struct desk_order){.work = acknowledge_work, .done = acknowledge_done};
	desk_give(api_config_of(call)->desk, &asking->order);
}
