#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "daemon/agenda.h"
#include "daemon/api_parts.h"
#include "daemon/row.h"
#include "measure/json.h"

#define PREVIEW_N 3
#define ROW_MAX ((size_t)64 * 1024)

void
api_add_schedule(struct buf *into, const struct schedule *schedule, size_t i, const char *last)
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
	row_add_count(into, "workers", wish->sharing.workers);
	row_add_count(into, "shards", wish->sharing.shards);
	json_add_bool(into, "is_paused", state->is_paused);
	json_open(into, "next_at", '[');
	for (size_t k = 0; k < n && !state->is_paused; k++)
		row_add_time(into, NULL, next[k]);
	json_close(into, ']');
	if (last != NULL)
		buf_printf(into, ",\"last\":%s", last);
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

/* --- the list, each with its last run --- */

/* The schedule is the loop's, and the ledger the desk's: names go there, and rows come back. */
struct listing {
	struct desk_order order;
	struct api_call *call;
	struct arena arena;
	size_t n;
	struct asked {
		const char *name;
		const char *last; /* JSON */
		bool has_run;
	} * asked;
};

static bool
take_last(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	row_add_run(context, NULL, run, figures, n, ROW_NO_POSITION, wall_now_ns());
	return false;
}

static void
list_work(struct desk_order *order, struct ledger *ledger)
{
	struct listing *listing = container_of(order, struct listing, order);

	for (size_t i = 0; i < listing->n; i++) {
		struct asked *asked = &listing->asked[i];
		const struct ledger_filter filter = {
			.submitted_by = arena_printf(&listing->arena, AGENDA_BY "%s", asked->name), .limit = 1};
		struct buf text;

		buf_init(&text, ROW_MAX);
		if (asked->has_run && !ledger_list_runs(ledger, &filter, take_last, &text, &listing->call->err)) {
			buf_fini(&text);
			return;
		}
		asked->last = text.length > 0 && !text.overflowed ? arena_strdup(&listing->arena, text.bytes) : "null";
		buf_fini(&text);
	}
}

/* Schedules are kept by name. */
static int
by_name(const void *name, const void *asked)
{
	return strcmp(name, ((const struct asked *)asked)->name);
}

static const char *
last_of(const struct listing *listing, const char *name)
{
	const struct asked *asked = bsearch(name, listing->asked, listing->n, sizeof(*listing->asked), by_name);

	return asked != NULL ? asked->last : NULL; /* it came meanwhile */
}

static void
list_done(struct desk_order *order)
{
	struct listing *listing = container_of(order, struct listing, order);
	struct api_call *call = listing->call;
	const struct schedule *schedule = agenda_schedule(api_config_of(call)->agenda);

	json_open(&call->text, NULL, '{');
	json_open(&call->text, "schedules", '[');
	for (size_t i = 0; i < schedule_count(schedule); i++)
		api_add_schedule(&call->text, schedule, i, last_of(listing, schedule_wish_at(schedule, i)->name));
	json_close(&call->text, ']');
	json_close(&call->text, '}');
	if (error_is_set(&call->err))
		api_answer_failure(call);
	else
		api_answer_json(call, 200, &call->text);
	arena_fini(&listing->arena);
	free(listing);
}

void
api_schedules_list(struct api_call *call)
{
	const struct schedule *schedule = agenda_schedule(api_config_of(call)->agenda);
	struct listing *listing = must_alloc(sizeof(*listing));

	listing->order = (struct desk_order){.work = list_work, .done = list_done};
	listing->call = call;
	arena_init(&listing->arena);
	listing->n = schedule_count(schedule);
	listing->asked = arena_alloc(&listing->arena, (listing->n + 1) * sizeof(*listing->asked));
	for (size_t i = 0; i < listing->n; i++)
		listing->asked[i] =
			(struct asked){.name = arena_strdup(&listing->arena, schedule_wish_at(schedule, i)->name),
				.has_run = schedule_state_at(schedule, i)->started > 0};
	desk_give(api_config_of(call)->desk, &listing->order);
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
	api_tell_change(call, "schedule", call->id);
	api_add_schedule(&call->text, schedule, i, NULL);
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
