#include <string.h>

#include "base/clock.h"
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
	json_add_null(text, "stop_reason");
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

void
api_stop_all(struct api_call *call)
{
	jobs_halt(api_config_of(call)->jobs);
	answer_queue(call);
}

void
api_resume_all(struct api_call *call)
{
	jobs_resume(api_config_of(call)->jobs);
	answer_queue(call);
}

void
api_events_watch(struct api_call *call)
{
	if (relay_watch(jobs_changes(api_config_of(call)->jobs), call->request, 0))
		api_hand_over(call);
	else
		api_answer_sentence(call, 503, "as many watch as may");
}
