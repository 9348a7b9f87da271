#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "campaign/store.h"
#include "daemon/api_parts.h"
#include "daemon/row.h"
#include "measure/json.h"
#include "measure/json_read.h"

/* The baselines in DATA/baselines, as `brunt baseline` keeps them: it is what saves and removes them. */

#define BODY_MAX ((size_t)4096)
#define OUTPUT_MAX ((size_t)16 * 1024)

static void
add_baseline(void *context, const struct shelf_baseline *baseline)
{
	struct buf *into = context;

	json_open(into, NULL, '{');
	json_add_text(into, "name", baseline->name);
	row_add_time(into, "saved_at", baseline->saved_ns);
	json_add_u64(into, "runs", baseline->runs);
	json_add_text(into, "profile", baseline->profile);
	json_open(into, "figures", '{');
	for (size_t i = 0; i < HISTORY_FIGURES_N; i++)
		if (isfinite(baseline->figures[i]))
			json_add_double(into, history_rows[i].metric.name, baseline->figures[i]);
	json_close(into, '}');
	json_close(into, '}');
}

static void
list_work(struct api_call *call, struct ledger *ledger)
{
	(void)ledger;
	json_open(&call->text, NULL, '{');
	json_open(&call->text, "baselines", '[');
	shelf_each(api_shelf(call), add_baseline, &call->text);
	json_close(&call->text, ']');
	json_close(&call->text, '}');
}

void
api_baselines_list(struct api_call *call)
{
	api_give_to_desk(call, list_work);
}

/* --- saved and removed --- */

/* What is asked for; the name is the call's. */
struct keeping {
	struct desk_order order;
	struct api_call *call;
	char run[SUBMISSION_NAME_MAX + 1]; /* "": it is to be removed */
	bool replaces;
	uint64_t rolling;
};

/* By what wants no reading of journals: the rest is found out by `brunt baseline` itself. */
static void
look_work(struct desk_order *order, struct ledger *ledger)
{
	struct keeping *keeping = container_of(order, struct keeping, order);
	struct api_call *call = keeping->call;
	bool is_there = shelf_has(api_shelf(call), call->id);
	char dir[4096], result[4200];

	if (keeping->run[0] == '\0') {
		if (!is_there)
			api_fail(call, 404, "there is no baseline '%.64s'", call->id);
		return;
	}
	if (!api_must_have_run(call, ledger, keeping->run))
		return;
	jobs_dir(api_config_of(call)->config, keeping->run, dir, sizeof(dir));
	snprintf(result, sizeof(result), "%s/results/result.json", dir);
	if (access(result, R_OK) != 0)
		api_fail(call, 409, "the run '%.64s' left no result that could be a baseline", keeping->run);
	else if (is_there && !keeping->replaces && keeping->rolling == 0)
		api_fail(call, 409,
			"there is a baseline '%.64s' already: \"replace\": true puts this run in its place, "
			"\"rolling\": N saves it beside the newest",
			call->id);
}

static void
show_work(struct api_call *call, struct ledger *ledger)
{
	struct shelf_baseline baseline;

	(void)ledger;
	if (shelf_find(api_shelf(call), call->id, &baseline))
		add_baseline(&call->text, &baseline);
	else
		api_fail(call, 409, "the baseline '%.64s' was removed as it was saved", call->id);
}

static void
on_kept(void *context, const struct errand_end *end)
{
	struct keeping *keeping = context;
	struct api_call *call = keeping->call;

	if (end->exit_code != 0)
		api_answer_errand(call, end);
	else if (keeping->run[0] == '\0')
		api_answer_nothing(call);
	else
		api_give_to_desk(call, show_work);
	free(keeping);
}

static void
keep(struct keeping *keeping)
{
	struct api_call *call = keeping->call;
	const char *arguments[12] = {"baseline", "--baselines", shelf_dir(api_shelf(call))};
	char dir[4096], results[4200], rolling[32];
	size_t n = 3;

	if (keeping->run[0] != '\0') {
		jobs_dir(api_config_of(call)->config, keeping->run, dir, sizeof(dir));
		snprintf(results, sizeof(results), "%s/results", dir);
		if (keeping->replaces)
			arguments[n++] = "--replace";
		if (keeping->rolling > 0) {
			snprintf(rolling, sizeof(rolling), "--rolling=%" PRIu64, keeping->rolling);
			arguments[n++] = rolling;
		}
	}
	arguments[n++] = keeping->run[0] != '\0' ? "save" : "rm";
	arguments[n++] = call->id;
	arguments[n++] = keeping->run[0] != '\0' ? results : NULL;
	if (errands_give(jobs_errands(api_config_of(call)->jobs),
		    &(struct errand_wish){
			    .arguments = arguments, .output_max = OUTPUT_MAX, .done = on_kept, .context = keeping}))
		return;
	api_answer_sentence(call, 503, API_BUSY);
	free(keeping);
}

static void
looked(struct desk_order *order)
{
	struct keeping *keeping = container_of(order, struct keeping, order);

	if (!error_is_set(&keeping->call->err)) {
		keep(keeping);
		return;
	}
	api_answer_failure(keeping->call);
	free(keeping);
}

static bool
take_members(struct keeping *keeping, const cJSON *body, struct json_reader *reader)
{
	const cJSON *member;

	if (reader->has_failed)
		return false;
	if (!cJSON_IsObject(body))
		return error_set(reader->err, "write an object such as {\"run\": \"20261122T020000Z-1a2b3c\"}");
	cJSON_ArrayForEach(member, body) if (strcmp(member->string, "run") != 0 &&
					     strcmp(member->string, "replace") != 0 &&
					     strcmp(member->string, "rolling") != 0) return error_set(reader->err,
		"unknown member '%.64s'; there are run, replace and rolling", member->string);
	json_must_have(reader, body, "run");
	json_read_text(reader, body, "run", keeping->run, sizeof(keeping->run));
	json_read_bool(reader, body, "replace", &keeping->replaces);
	json_read_u64(reader, body, "rolling", STORE_ROLLING_MAX, &keeping->rolling);
	if (!reader->has_failed && !submission_is_name(keeping->run))
		error_set(reader->err, "run: '%s' is no run's id", keeping->run);
	return !error_is_set(reader->err);
}

static bool
take_body(struct keeping *keeping)
{
	struct api_call *call = keeping->call;
	struct json_reader reader = {.err = &call->err};
	cJSON *body = json_parse(&reader, call->request->body, call->request->body_length, BODY_MAX);
	bool is_taken = take_members(keeping, body, &reader) && store_check_name(call->id, &call->err);

	cJSON_Delete(body);
	return is_taken;
}

static struct keeping *
keeping_new(struct api_call *call)
{
	struct keeping *keeping = must_alloc(sizeof(*keeping));

	keeping->order = (struct desk_order){.work = look_work, .done = looked};
	keeping->call = call;
	return keeping;
}

void
api_baseline_save(struct api_call *call)
{
	struct keeping *keeping = keeping_new(call);
	size_t position;

	if (!take_body(keeping))
		api_answer_problem(call, 400, &call->err);
	else if (jobs_find(api_config_of(call)->jobs, keeping->run, &position) != NULL)
		api_answer_sentence(call, 409, "this run has not ended");
	else if (api_note(call, "baseline.save", call->id)) {
		desk_give(api_config_of(call)->desk, &keeping->order);
		return;
	}
	free(keeping);
}

void
api_baseline_remove(struct api_call *call)
{
	struct keeping *keeping;

	if (!store_check_name(call->id, &call->err)) {
		api_answer_problem(call, 404, &call->err);
		return;
	}
	if (!api_note(call, "baseline.remove", call->id))
		return;
	keeping = keeping_new(call);
	desk_give(api_config_of(call)->desk, &keeping->order);
}
