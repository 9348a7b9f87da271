#include "base/clock.h"
#include "base/units.h"
#include "daemon/agenda.h"
#include "daemon/api_parts.h"
#include "daemon/row.h"
#include "measure/json.h"

#define PREVIEW_N 3

static void
add_schedule(struct buf *into, const struct schedule *schedule, size_t i)
{
	const struct schedule_wish *wish = schedule_wish_at(schedule, i);
	const struct schedule_state *state = schedule_state_at(schedule, i);
	const struct plan_pair *set = wish->set.items;
	int64_t next[PREVIEW_N];
	char jitter[32];
	size_t n = schedule_preview(schedule, i, wall_now_ns(), next, PREVIEW_N);

	json_open(into, NULL, '{');
	json_add_text(into, "name", wish->name);
	json_add_text(into, "origin", wish->is_of_file ? "file" : "api");
	json_add_text(into, "profile", wish->profile);
	row_add_text(into, "cron", wish->cron);
	row_add_text(into, "every", wish->every);
	json_add_text(into, "time_zone", wish->time_zone != NULL ? wish->time_zone : "UTC");
	row_add_text(
		into, "jitter", wish->jitter_ns > 0 ? units_time_text(wish->jitter_ns, jitter, sizeof(jitter)) : NULL);
	json_add_text(into, "missed", wish->missed == SCHEDULE_MISSED_SKIP ? "skip" : "once");
	json_add_text(into, "overlap", wish->overlap == SCHEDULE_OVERLAP_SKIP ? "skip" : "queue");
	json_open(into, "set", '{');
	for (size_t k = 0; k < wish->set.n; k++)
		json_add_text(into, set[k].name, set[k].value);
	json_close(into, '}');
	row_add_text(into, "baseline", wish->baseline);
	json_add_bool(into, "is_paused", state->is_paused);
	json_open(into, "next_at", '[');
	for (size_t k = 0; k < n && !state->is_paused; k++)
		row_add_time(into, NULL, next[k]);
	json_close(into, ']');
	row_add_time(into, "last_due_at", state->last_due_ns);
	json_add_u64(into, "started", state->started);
	json_add_u64(into, "overlapped", state->overlapped);
	json_add_u64(into, "missed_runs", state->missed);
	row_add_text(into, "skipped",
		state->last == SCHEDULE_SKIPPED_OVERLAP  ? "its last run had not ended"
		: state->last == SCHEDULE_SKIPPED_MISSED ? "the daemon was not there"
							 : NULL);
	json_close(into, '}');
}

void
api_schedules_list(struct api_call *call)
{
	const struct schedule *schedule = agenda_schedule(api_config_of(call)->agenda);

	json_open(&call->text, NULL, '{');
	json_open(&call->text, "schedules", '[');
	for (size_t i = 0; i < schedule_count(schedule); i++)
		add_schedule(&call->text, schedule, i);
	json_close(&call->text, ']');
	json_close(&call->text, '}');
	api_answer_json(call, 200, &call->text);
}

static void
set_paused(struct api_call *call, bool is_paused)
{
	struct agenda *agenda = api_config_of(call)->agenda;
	struct schedule *schedule = agenda_schedule(agenda);
	size_t i = schedule_find(schedule, call->id);

	if (i == SIZE_MAX) {
		api_answer_sentence(call, 404, "there is no schedule of this name");
		return;
	}
	if (!api_note(call, is_paused ? "schedule.pause" : "schedule.resume", call->id))
		return;
	schedule_pause(schedule, call->id, is_paused, wall_now_ns());
	agenda_keep(agenda, call->id);
	add_schedule(&call->text, schedule, i);
	api_answer_json(call, 200, &call->text);
}

void
api_schedule_pause(struct api_call *call)
{
	set_paused(call, true);
}

void
api_schedule_resume(struct api_call *call)
{
	set_paused(call, false);
}

void
api_schedule_run(struct api_call *call)
{
	struct agenda *agenda = api_config_of(call)->agenda;
	const struct schedule *schedule = agenda_schedule(agenda);
	size_t i = schedule_find(schedule, call->id);

	if (i == SIZE_MAX)
		api_answer_sentence(call, 404, "there is no schedule of this name");
	else if (api_note(call, "schedule.run", call->id))
		agenda_submit(agenda, schedule_wish_at(schedule, i),
			&(struct jobs_wish){.by = call->who.name, .told = api_on_submitted, .context = call});
}
