#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "daemon/api_parts.h"
#include "daemon/folder.h"
#include "daemon/row.h"
#include "measure/json.h"
#include "measure/json_read.h"

#define LIST_MAX 500
#define LIST_DEFAULT 50

/* --- submit and check --- */

static const int answer_status[] = {
	[JOBS_TAKEN] = 201,
	[JOBS_WRONG] = 400,
	[JOBS_UNKNOWN] = 404,
	[JOBS_DENIED] = 403,
	[JOBS_BUSY] = 409,
	[JOBS_FULL] = 503,
	[JOBS_HALTED] = 503,
	[JOBS_FAILED] = 500,
};

static void
answer_taken(struct api_call *call, const struct ledger_run *run, size_t position)
{
	char location[128];

	row_add_run(&call->text, NULL, run, NULL, 0, position, wall_now_ns());
	snprintf(location, sizeof(location), "Location: /api/v1/runs/%s\r\n", run->id);
	api_answer(call, 201, "application/json", location, call->text.bytes, call->text.length);
}

void
api_on_submitted(void *context, enum jobs_answer answer, const struct ledger_run *run, size_t position,
	const struct submission *submission, const struct error *err)
{
	struct api_call *call = context;

	(void)submission;
	if (answer == JOBS_TAKEN)
		answer_taken(call, run, position);
	else
		api_answer_problem(call, answer_status[answer], err);
}

static void
on_checked(void *context, enum jobs_answer answer, const struct ledger_run *run, size_t position,
	const struct submission *submission, const struct error *err)
{
	struct api_call *call = context;
	char targets[1024];

	(void)run;
	(void)position;
	if (answer != JOBS_TAKEN) {
		api_answer_problem(call, answer_status[answer], err);
		return;
	}
	json_open(&call->text, NULL, '{');
	json_add_text(&call->text, "name", submission->name);
	json_add_text(&call->text, "target", submission_targets_text(submission, targets, sizeof(targets)));
	json_add_u64(&call->text, "runs", submission->runs_n);
	if (submission->planned_ns > 0)
		json_add_double(&call->text, "planned_s", (double)submission->planned_ns / 1e9);
	else
		json_add_null(&call->text, "planned_s");
	json_add_text(&call->text, "plan", submission->load);
	json_close(&call->text, '}');
	api_answer_json(call, 200, &call->text);
}

static void
submit(struct api_call *call, bool is_check)
{
	const struct httpd_request *request = call->request;
	const char *type = httpd_request_header(request, "content-type");
	struct jobs_wish wish = {.by = call->who.name,
		.is_check = is_check,
		.told = is_check ? on_checked : api_on_submitted,
		.context = call};

	if (request->body_length == 0) {
		api_answer_sentence(call, 400, "there is no body; send a profile, or {\"name\": \"nightly\"}");
		return;
	}
	if (!is_check && !api_note(call, "run.submit", NULL))
		return;
	submission_init(&wish.submission);
	if (strncasecmp(type, "application/json", 16) == 0) {
		wish.body = request->body;
		wish.body_length = request->body_length;
	} else
		submission_take_text(&wish.submission, request->body, request->body_length);
	jobs_submit(api_config_of(call)->jobs, &wish);
}

void
api_run_submit(struct api_call *call)
{
	submit(call, false);
}

void
api_check(struct api_call *call)
{
	submit(call, true);
}

/* --- lists --- */

/* By its id, while the desk works: the loop's jobs may have gone on by then, and the row with them. */
struct listing {
	struct api_call *call;
	uint64_t last;
	size_t n;
};

static bool
add_row(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct listing *listing = context;

	if (++listing->n > listing->call->filter.limit - 1)
		return false; /* there is more */
	row_add_run(&listing->call->text, NULL, run, figures, n, ROW_NO_POSITION, wall_now_ns());
	listing->last = run->number;
	return true;
}

static void
list_work(struct api_call *call, struct ledger *ledger)
{
	struct listing listing = {.call = call};

	json_open(&call->text, NULL, '{');
	json_open(&call->text, "runs", '[');
	if (!ledger_list_runs(ledger, &call->filter, add_row, &listing, &call->err))
		return;
	json_close(&call->text, ']');
	if (listing.n > call->filter.limit - 1)
		json_add_u64(&call->text, "next", listing.last);
	else
		json_add_null(&call->text, "next");
	json_close(&call->text, '}');
}

/* "queued,running" → bits; false: it is none of them. */
static bool
take_states(const char *text, unsigned *states)
{
	while (*text != '\0') {
		size_t n = strcspn(text, ","), state = 0;

		while (state < LEDGER_STATES_N &&
			(strlen(ledger_state_names[state]) != n || strncmp(ledger_state_names[state], text, n) != 0))
			state++;
		if (state == LEDGER_STATES_N)
			return false;
		*states |= BIT(state);
		text += n;
		text += *text == ',';
	}
	return true;
}

void
api_runs_list(struct api_call *call)
{
	uint64_t limit = LIST_DEFAULT;

	if (!api_query_number(call, "limit", 1, LIST_MAX, &limit) ||
		!api_query_number(call, "before", 1, INT64_MAX, &call->filter.before))
		return;
	call->filter.limit = (size_t)limit + 1; /* one more says whether there is more */
	if (api_query(call, "state", call->filter_texts[0], API_PARAMETER_MAX) &&
		!take_states(call->filter_texts[0], &call->filter.states)) {
		api_answer_sentence(call, 400, "state: queued, running, stopping, ended, or several of them by commas");
		return;
	}
	if (api_query(call, "status", call->filter_texts[1], API_PARAMETER_MAX))
		call->filter.status = call->filter_texts[1];
	if (api_query(call, "name", call->filter_texts[2], API_PARAMETER_MAX))
		call->filter.name = call->filter_texts[2];
	api_give_to_desk(call, list_work);
}

/* --- one --- */

static bool
add_file(void *context, const char *path, uint64_t bytes)
{
	struct buf *into = context;

	json_open(into, NULL, '{');
	json_add_text(into, "path", path);
	json_add_u64(into, "bytes", bytes);
	json_close(into, '}');
	return true;
}

static bool
add_run(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct api_call *call = context;
	struct buf *text = &call->text;
	char dir[4096], results[4200];

	json_open(text, NULL, '{');
	row_add_members(text, run, figures, n, call->position, wall_now_ns());
	/* An array of ours already. */
	buf_printf(text, ",\"reasons\":%s", run->reasons != NULL ? run->reasons : "[]");
	row_add_text(text, "baseline", run->baseline);
	row_add_text(text, "profile", run->profile);
	json_open(text, "files", '[');
	jobs_dir(api_config_of(call)->config, run->id, dir, sizeof(dir));
	snprintf(results, sizeof(results), "%s/results", dir);
	folder_walk(results, add_file, text);
	json_close(text, ']');
	json_close(text, '}');
	return false;
}

static void
show_work(struct api_call *call, struct ledger *ledger)
{
	call->filter = (struct ledger_filter){.id = call->id, .limit = 1};
	if (ledger_list_runs(ledger, &call->filter, add_run, call, &call->err) && call->text.length == 0)
		api_fail(call, 404, "there is no run '%.64s'", call->id);
}

void
api_run_show(struct api_call *call)
{
	if (jobs_find(api_config_of(call)->jobs, call->id, &call->position) == NULL)
		call->position = ROW_NO_POSITION;
	api_give_to_desk(call, show_work);
}

static bool
see_run(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct api_call *call = context;

	(void)run;
	(void)figures;
	(void)n;
	call->number = 1;
	return false;
}

static void
delete_work(struct api_call *call, struct ledger *ledger)
{
	char dir[4096];

	call->filter = (struct ledger_filter){.id = call->id, .limit = 1};
	if (!ledger_list_runs(ledger, &call->filter, see_run, call, &call->err))
		return;
	if (call->number == 0) {
		api_fail(call, 404, "there is no run '%.64s'", call->id);
		return;
	}
	jobs_dir(api_config_of(call)->config, call->id, dir, sizeof(dir));
	/* Killed in between, the daemon leaves a run without files, and not one with half of them. */
	if (!ledger_drop_files(ledger, call->id, &call->err))
		return;
	if (!file_remove_tree(dir))
		api_fail(call, 500, "its files could not be removed");
	else
		ledger_delete_run(ledger, call->id, &call->err);
}

void
api_run_delete(struct api_call *call)
{
	size_t position;

	if (jobs_find(api_config_of(call)->jobs, call->id, &position) != NULL)
		api_answer_sentence(call, 409, "this run has not ended; stop it first");
	else if (api_note(call, "run.delete", call->id))
		api_give_to_desk(call, delete_work);
}

/* {"how": "drain"}; no body stops. */
static bool
take_how(struct api_call *call, enum job_stop *how)
{
	static const char *const names[] = {"drain", "stop", "kill"};
	struct json_reader reader = {.err = &call->err};
	char text[16] = "stop";

	if (call->request->body_length > 0) {
		cJSON *body = json_parse(&reader, call->request->body, call->request->body_length, 4096);

		json_have_only(&reader, body, (const char *const[]){"how", NULL});
		json_read_text(&reader, body, "how", text, sizeof(text));
		cJSON_Delete(body);
	}
	for (size_t i = 0; !reader.has_failed && i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*how = (enum job_stop)i;
			return true;
		}
	return !reader.has_failed && error_set(&call->err, "how: '%s' is none of drain, stop and kill", text);
}

/* It has ended, perhaps a moment ago: then that is so, and nothing is left to be done. */
static bool
add_ended(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct api_call *call = context;

	row_add_run(&call->text, NULL, run, figures, n, ROW_NO_POSITION, wall_now_ns());
	return false;
}

static void
show_ended_work(struct api_call *call, struct ledger *ledger)
{
	call->filter = (struct ledger_filter){.id = call->id, .limit = 1};
	if (ledger_list_runs(ledger, &call->filter, add_ended, call, &call->err) && call->text.length == 0)
		api_fail(call, 404, "there is no run '%.64s'", call->id);
}

void
api_run_stop(struct api_call *call)
{
	struct jobs *jobs = api_config_of(call)->jobs;
	enum job_stop how = JOB_STOP;
	size_t position;

	if (!take_how(call, &how)) {
		api_answer_problem(call, 400, &call->err);
		return;
	}
	if (jobs_find(jobs, call->id, &position) == NULL) {
		api_give_to_desk(call, show_ended_work);
		return;
	}
	if (!api_note(call, "run.stop", call->id))
		return;
	(void)jobs_stop(jobs, call->id, how);
	row_add_run(&call->text, NULL, jobs_find(jobs, call->id, &position), NULL, 0, ROW_NO_POSITION, wall_now_ns());
	api_answer_json(call, 202, &call->text);
}

/* --- watch --- */

void
api_watch(struct api_call *call, struct relay *relay, const char *full)
{
	const char *last = httpd_request_header(call->request, "last-event-id");

	if (relay_watch(relay, call->request, &call->who.pass, last != NULL ? strtoull(last, NULL, 10) : 0))
		api_hand_over(call);
	else
		api_answer_sentence(call, 503, full);
}

void
api_run_watch(struct api_call *call)
{
	struct relay *relay = jobs_relay(api_config_of(call)->jobs, call->id);

	if (relay != NULL)
		api_watch(call, relay, "as many watch this run as may");
	else
		api_answer_sentence(call, 409, "no run of this id waits or runs; its result tells what came of it");
}
