#include <stdio.h>

#include "daemon/api_parts.h"
#include "measure/json.h"

/* What the handlers that have one of our commands do the work have in common. */

static bool
see_run(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	(void)run;
	(void)figures;
	(void)n;
	*(bool *)context = true;
	return false;
}

bool
api_must_have_run(struct api_call *call, struct ledger *ledger, const char *id)
{
	const struct ledger_filter filter = {.id = id, .limit = 1};
	bool is_there = false;

	if (!ledger_list_runs(ledger, &filter, see_run, &is_there, &call->err))
		return false;
	return is_there || api_fail(call, 404, "there is no run '%.64s'", id);
}

void
api_answer_failure(struct api_call *call)
{
	api_answer_problem(call, call->status >= 400 ? call->status : 500, &call->err);
}

void
api_answer_errand(struct api_call *call, const struct errand_end *end)
{
	struct error err = {0};

	if (end->said[0] != '\0')
		error_set(&err, "%s", end->said);
	else
		error_set(&err, "it could not be done: a process ended with exit status %d", end->exit_code);
	api_answer_problem(call, end->exit_code < 0 ? 503 : end->exit_code <= EXIT_UNREACHABLE ? 409 : 500, &err);
}

void
api_tell_change(const struct api_call *call, const char *kind, const char *name)
{
	struct buf text;

	buf_init(&text, 1024);
	json_open(&text, NULL, '{');
	json_add_text(&text, "name", name);
	json_close(&text, '}');
	relay_add(jobs_changes(api_config_of(call)->jobs), kind, text.bytes, text.length);
	buf_fini(&text);
}
