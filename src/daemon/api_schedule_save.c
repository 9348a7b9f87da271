#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/clock.h"
#include "daemon/agenda.h"
#include "daemon/api_parts.h"
#include "daemon/schedule_json.h"

/* PUT and DELETE of schedules: those that came by the API. Those of brunt.yaml are the operator's alone. */

struct saving {
	struct desk_order order;
	struct api_call *call;
	struct arena arena;
	const char *body;
	size_t body_length;
	struct schedule_wish wish;
};

static void
saving_free(struct saving *saving)
{
	arena_fini(&saving->arena);
	free(saving);
}

/* Whether its profile, with its settings, is one that would be taken: found out now, and not at two in the night. */
static bool
check_profile(struct saving *saving)
{
	struct api_call *call = saving->call;
	struct submission submission;
	bool is_good = agenda_fill(&submission, &saving->wish, &call->err) &&
		       submission_check(&submission, jobs_terms(api_config_of(call)->jobs), &call->err);

	call->status = is_good ? 0 : submission.is_denied ? 403 : 400;
	submission_fini(&submission);
	return is_good;
}

/* Written before anybody is told. */
static void
save_work(struct desk_order *order, struct ledger *ledger)
{
	struct saving *saving = container_of(order, struct saving, order);
	struct api_call *call = saving->call;
	const char *baseline;

	call->status = 400;
	if (!schedule_json_read(
		    &saving->arena, call->id, saving->body, saving->body_length, &saving->wish, &call->err) ||
		!check_profile(saving))
		return;
	baseline = saving->wish.baseline;
	if (baseline != NULL && !shelf_has(api_shelf(call), baseline)) {
		api_fail(call, 400, "baseline: there is no baseline '%.64s'; save one first", baseline);
		return;
	}
	ledger_put_note(ledger, AGENDA_WISHES, call->id, saving->body, &call->err);
}

static void
saved(struct desk_order *order)
{
	struct saving *saving = container_of(order, struct saving, order);
	struct api_call *call = saving->call;
	struct agenda *agenda = api_config_of(call)->agenda;

	if (error_is_set(&call->err))
		api_answer_failure(call);
	else if (!agenda_put(agenda, &saving->wish, &call->err))
		api_answer_problem(call, 409, &call->err);
	else {
		const struct schedule *schedule = agenda_schedule(agenda);

		agenda_keep(agenda, saving->wish.name); /* what comes from now on and is missed was missed */
		api_tell_change(call, "schedule", saving->wish.name);
		api_add_schedule(&call->text, schedule, schedule_find(schedule, saving->wish.name), NULL);
		api_answer_json(call, 200, &call->text);
	}
	saving_free(saving);
}

/* Whether it is the operator's; the call is answered then. */
static bool
is_of_file(struct api_call *call, size_t i)
{
	const struct schedule *schedule = agenda_schedule(api_config_of(call)->agenda);
	bool is_theirs = i != SIZE_MAX && schedule_wish_at(schedule, i)->is_of_file;

	if (is_theirs)
		api_answer_sentence(call, 409,
			"this schedule is of the operator's file: it is changed and removed there; pause and resume go by "
			"the API");
	return is_theirs;
}

void
api_schedule_save(struct api_call *call)
{
	const struct httpd_request *request = call->request;

	const struct schedule *schedule = agenda_schedule(api_config_of(call)->agenda);
	size_t i = schedule_find(schedule, call->id);

	if (is_of_file(call, i))
		return;
	if (i == SIZE_MAX && schedule_count(schedule) == SCHEDULE_ENTRIES_MAX) {
		api_answer_sentence(call, 409, "there are as many schedules as there may be");
		return;
	}
	if (request->body_length > SCHEDULE_JSON_MAX) {
		api_answer_sentence(call, 413, "the body is larger than a schedule may be");
		return;
	}
	if (!api_note(call, "schedule.save", call->id))
		return;
	struct saving *saving = must_alloc(sizeof(*saving));

	saving->order = (struct desk_order){.work = save_work, .done = saved};
	saving->call = call;
	arena_init(&saving->arena);
	saving->body =
		arena_strndup(&saving->arena, request->body_length > 0 ? request->body : "", request->body_length);
	saving->body_length = request->body_length;
	desk_give(api_config_of(call)->desk, &saving->order);
}

static void
forget_work(struct api_call *call, struct ledger *ledger)
{
	if (ledger_put_note(ledger, AGENDA_WISHES, call->id, NULL, &call->err))
		ledger_put_note(ledger, AGENDA_STATES, call->id, NULL, &call->err);
}

void
api_schedule_remove(struct api_call *call)
{
	struct agenda *agenda = api_config_of(call)->agenda;
	size_t i = schedule_find(agenda_schedule(agenda), call->id);

	if (i == SIZE_MAX)
		api_answer_sentence(call, 404, "there is no schedule of this name");
	else if (!is_of_file(call, i) && api_note(call, "schedule.remove", call->id)) {
		schedule_remove(agenda_schedule(agenda), call->id);
		api_tell_change(call, "schedule", call->id);
		api_give_to_desk(call, forget_work);
	}
}
