#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/api_parts.h"
#include "daemon/row.h"
#include "measure/json.h"
#include "measure/json_read.h"

static void
add_row(void *context, const struct ledger_run *run, size_t position)
{
	struct buf *into = context;

	row_add_run(into, NULL, run, NULL, 0, position, wall_now_ns());
}

static void
answer_queue(struct api_call *call)
{
	const struct api_config *config = api_config_of(call);
	struct buf *text = &call->text;

	json_open(text, NULL, '{');
	json_add_bool(text, "is_stopped", jobs_are_halted(config->jobs));
	row_add_text(text, "stop_reason", api_stop_reason(call));
	json_add_u64(text, "at_once", config->config->queue.at_once);
	json_open(text, "running", '[');
	jobs_each(config->jobs, true, add_row, text);
	json_close(text, ']');
	json_open(text, "queued", '[');
	jobs_each(config->jobs, false, add_row, text);
	json_close(text, ']');
	json_close(text, '}');
	api_answer_json(call, 200, text);
}

void
api_queue_show(struct api_call *call)
{
	answer_queue(call);
}

/* The file that makes it outlast the daemon is the desk's to write. */
struct halting {
	struct desk_order order;
	struct halt *halt;
	bool is_lifted;
	char who[HALT_WHO_MAX], why[HALT_WHY_MAX];
};

static void
halt_work(struct desk_order *order, struct ledger *ledger)
{
	struct halting *halting = container_of(order, struct halting, order);
	struct error err = {0};

	(void)ledger;
	if (!(halting->is_lifted ? halt_lift(halting->halt, &err)
				 : halt_set(halting->halt, halting->who, halting->why, wall_now_ns(), &err)))
		log_error("the global stop: %s", err.message);
}

static void
halt_done(struct desk_order *order)
{
	free(container_of(order, struct halting, order));
}

static void
keep_halt(struct api_call *call, bool is_lifted, const char *why)
{
	struct halting *halting = must_alloc(sizeof(*halting));

	halting->order = (struct desk_order){.work = halt_work, .done = halt_done};
	halting->halt = api_config_of(call)->halt;
	halting->is_lifted = is_lifted;
	snprintf(halting->who, sizeof(halting->who), "%s", call->who.name);
	snprintf(halting->why, sizeof(halting->why), "%s", why);
	desk_give(api_config_of(call)->desk, &halting->order);
}

void
api_stop_all(struct api_call *call)
{
	struct json_reader reader = {.err = &call->err};
	char reason[201] = "";

	if (call->request->body_length > 0) {
		cJSON *body = json_parse(&reader, call->request->body, call->request->body_length, 4096);

		json_have_only(&reader, body, (const char *const[]){"reason", NULL});
		json_read_text(&reader, body, "reason", reason, sizeof(reason));
		cJSON_Delete(body);
	}
	if (reader.has_failed) {
		api_answer_problem(call, 400, &call->err);
		return;
	}
	/* Done even where it cannot be noted: it is what makes things safe. */
	jobs_halt(api_config_of(call)->jobs);
	keep_halt(call, false, reason);
	api_set_stop_reason(call, reason);
	if (api_note(call, "stop.all", reason))
		answer_queue(call);
}

void
api_resume_all(struct api_call *call)
{
	if (!api_note(call, "resume", NULL))
		return;
	keep_halt(call, true, "");
	api_set_stop_reason(call, "");
	jobs_resume(api_config_of(call)->jobs);
	answer_queue(call);
}

void
api_events_watch(struct api_call *call)
{
	api_watch(call, jobs_changes(api_config_of(call)->jobs), "as many watch as may");
}
