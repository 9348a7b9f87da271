#include "daemon/agenda.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/schedule_json.h"
#include "measure/json.h"
#include "measure/json_read.h"

#define LOOK_MS 1000 /* so that a wall clock that was set is seen as well */
#define STATE_BYTES_MAX ((size_t)4096)

struct agenda {
	struct agenda_config config;
	struct schedule *schedule;
	uv_timer_t timer;
	bool is_closed;
};

static void
put_all(struct agenda *agenda)
{
	const struct plan_list *list = &agenda->config.config->watch.schedules;
	const struct schedule_wish *wishes = list->items;

	for (size_t i = 0; i < list->n; i++) {
		struct error err = {0};

		CHECK(schedule_put(
			agenda->schedule, &wishes[i], wall_now_ns(), &err)); /* the config was checked by it */
	}
}

/* Of those that nothing has come of yet: since when they are there, so that what is missed from then on is known to be.
 */
static void
keep_new(struct agenda *agenda)
{
	for (size_t i = 0; i < schedule_count(agenda->schedule); i++) {
		const struct schedule_state *state = schedule_state_at(agenda->schedule, i);

		if (state->started + state->overlapped + state->missed == 0)
			agenda_keep(agenda, state->name);
	}
}

void
agenda_reload(struct agenda *agenda)
{
	put_all(agenda);
	schedule_sweep(agenda->schedule);
	keep_new(agenda);
}

struct agenda *
agenda_new(const struct agenda_config *config)
{
	struct agenda *agenda = must_alloc(sizeof(*agenda));

	agenda->config = *config;
	agenda->schedule = schedule_new();
	CHECK_OP(uv_timer_init(config->loop, &agenda->timer), ==, 0);
	agenda->timer.data = agenda;
	put_all(agenda);
	schedule_sweep(agenda->schedule);
	return agenda;
}

static void
on_closed(uv_handle_t *handle)
{
	struct agenda *agenda = handle->data;

	agenda->is_closed = true;
}

void
agenda_free(struct agenda *agenda)
{
	uv_close((uv_handle_t *)&agenda->timer, on_closed);
	while (!agenda->is_closed)
		uv_run(agenda->config.loop, UV_RUN_ONCE);
	schedule_free(agenda->schedule);
	free(agenda);
}

struct schedule *
agenda_schedule(const struct agenda *agenda)
{
	return agenda->schedule;
}

/* --- what outlasts the daemon --- */

struct keeping {
	struct desk_order order;
	char name[SCHEDULE_NAME_MAX + 1];
	struct buf text;
};

static void
keep_work(struct desk_order *order, struct ledger *ledger)
{
	struct keeping *keeping = container_of(order, struct keeping, order);
	struct error err = {0};

	if (!ledger_put_note(ledger, AGENDA_STATES, keeping->name, keeping->text.bytes, &err))
		log_error("the state of schedule %s could not be written: %s", keeping->name, err.message);
}

static void
keep_done(struct desk_order *order)
{
	struct keeping *keeping = container_of(order, struct keeping, order);

	buf_fini(&keeping->text);
	free(keeping);
}

void
agenda_keep(struct agenda *agenda, const char *name)
{
	size_t i = schedule_find(agenda->schedule, name);

	if (i == SIZE_MAX)
		return;
	const struct schedule_state *state = schedule_state_at(agenda->schedule, i);
	struct keeping *keeping = must_alloc(sizeof(*keeping));

	snprintf(keeping->name, sizeof(keeping->name), "%s", name);
	buf_init(&keeping->text, STATE_BYTES_MAX);
	json_open(&keeping->text, NULL, '{');
	json_add_text(&keeping->text, "when", state->when);
	json_add_i64(&keeping->text, "looked_ns", state->looked_ns);
	json_add_i64(&keeping->text, "last_due_ns", state->last_due_ns);
	json_add_u64(&keeping->text, "started", state->started);
	json_add_u64(&keeping->text, "overlapped", state->overlapped);
	json_add_u64(&keeping->text, "missed", state->missed);
	json_add_u64(&keeping->text, "active", state->active);
	json_add_bool(&keeping->text, "is_paused", state->is_paused);
	json_close(&keeping->text, '}');
	keeping->order = (struct desk_order){.work = keep_work, .done = keep_done};
	desk_give(agenda->config.desk, &keeping->order);
}

static void
restore_state(void *context, const char *name, const char *text)
{
	struct agenda *agenda = context;
	struct schedule_state state = {.active = 0};
	struct error err = {0};
	struct json_reader reader = {.err = &err};
	cJSON *kept = json_parse(&reader, text, strlen(text), STATE_BYTES_MAX);

	snprintf(state.name, sizeof(state.name), "%s", name);
	json_read_text(&reader, kept, "when", state.when, sizeof(state.when));
	json_read_i64(&reader, kept, "looked_ns", 0, INT64_MAX, &state.looked_ns);
	json_read_i64(&reader, kept, "last_due_ns", 0, INT64_MAX, &state.last_due_ns);
	json_read_u64(&reader, kept, "started", UINT64_MAX, &state.started);
	json_read_u64(&reader, kept, "overlapped", UINT64_MAX, &state.overlapped);
	json_read_u64(&reader, kept, "missed", UINT64_MAX, &state.missed);
	json_read_u32(&reader, kept, "active", UINT32_MAX, &state.active);
	json_read_bool(&reader, kept, "is_paused", &state.is_paused);
	cJSON_Delete(kept);
	if (reader.has_failed) {
		log_warn("what was kept of schedule %s cannot be read: %s", name, err.message);
		return;
	}
	schedule_restore(agenda->schedule, &state, 1);
}

/* What the file has had since under its name is the file's. */
static void
restore_wish(void *context, const char *name, const char *text)
{
	struct agenda *agenda = context;
	struct schedule_wish wish;
	struct error err = {0};
	struct arena arena;
	char shown[1400];

	arena_init(&arena);
	if (!schedule_json_read(&arena, name, text, strlen(text), &wish, &err) || !agenda_put(agenda, &wish, &err))
		log_warn("schedule %s, which came by the API, is left out: %s", name,
			error_text(&err, shown, sizeof(shown)));
	arena_fini(&arena);
}

bool
agenda_put(struct agenda *agenda, const struct schedule_wish *wish, struct error *err)
{
	size_t i = schedule_find(agenda->schedule, wish->name);

	if (i != SIZE_MAX && schedule_wish_at(agenda->schedule, i)->is_of_file)
		return error_set(err, "there is a schedule of this name in the operator's file");
	return schedule_put(agenda->schedule, wish, wall_now_ns(), err);
}

bool
agenda_restore(struct agenda *agenda, struct ledger *ledger, struct error *err)
{
	return ledger_list_notes(ledger, AGENDA_WISHES, restore_wish, agenda, err) &&
	       ledger_list_notes(ledger, AGENDA_STATES, restore_state, agenda, err);
}

/* --- what is due --- */

struct due {
	struct agenda *agenda;
	char name[SCHEDULE_NAME_MAX + 1];
};

/* False: it could not be written. */
static bool
note(const struct agenda *agenda, const char *name, const char *what, const char *outcome, const char *detail)
{
	char by[SCHEDULE_NAME_MAX + 16];

	snprintf(by, sizeof(by), AGENDA_BY "%s", name);
	return audit_write(agenda->config.audit,
		&(struct audit_entry){
			.who = by, .action = "run.submit", .what = what, .outcome = outcome, .detail = detail},
		wall_now_ns());
}

/* It will not be run this time. */
static void
let_go(struct agenda *agenda, const char *name)
{
	schedule_ended(agenda->schedule, name);
	agenda_keep(agenda, name);
}

static void
on_submitted(void *context, enum jobs_answer answer, const struct ledger_run *run, size_t position,
	const struct submission *submission, const struct error *err)
{
	struct due *due = context;
	char text[1400];

	(void)run;
	(void)position;
	(void)submission;
	if (answer != JOBS_TAKEN) {
		log_error("schedule %s: %s", due->name, error_text(err, text, sizeof(text)));
		(void)note(due->agenda, due->name, NULL, "failed", text); /* one that is lost is counted */
		let_go(due->agenda, due->name);
	}
	free(due);
}

bool
agenda_fill(struct submission *submission, const struct schedule_wish *wish, struct error *err)
{
	const struct plan_pair *set = wish->set.items;

	submission_init(submission);
	submission_take_profile(submission, wish->profile);
	submission->sharing = wish->sharing;
	if (wish->baseline != NULL)
		submission->baseline = arena_strdup(&submission->arena, wish->baseline);
	for (size_t i = 0; i < wish->set.n; i++)
		if (!submission_add_setting(
			    submission, arena_printf(&submission->arena, "%s=%s", set[i].name, set[i].value), err))
			return false;
	return true;
}

void
agenda_submit(struct agenda *agenda, const struct schedule_wish *wish, struct jobs_wish *into)
{
	struct error err = {0};

	(void)agenda_fill(&into->submission, wish, &err); /* it was tried when it was written down */
	jobs_submit(agenda->config.jobs, into);
}

static void
on_due(void *context, const struct schedule_told *told)
{
	struct agenda *agenda = context;
	char by[SCHEDULE_NAME_MAX + 16];

	agenda_keep(agenda, told->wish->name);
	if (told->event != SCHEDULE_START) {
		log_warn("schedule %s: skipped: %s", told->wish->name,
			told->event == SCHEDULE_OVERLAPPED ? "its last run has not ended" : "the daemon was not there");
		return;
	}
	if (!note(agenda, told->wish->name, told->wish->profile, "ok", NULL)) {
		log_error("schedule %s: the audit log cannot be written, so that nothing is run", told->wish->name);
		let_go(agenda, told->wish->name);
		return;
	}
	struct due *due = must_alloc(sizeof(*due));

	due->agenda = agenda;
	snprintf(due->name, sizeof(due->name), "%s", told->wish->name);
	snprintf(by, sizeof(by), AGENDA_BY "%s", told->wish->name);
	agenda_submit(agenda, told->wish, &(struct jobs_wish){.by = by, .told = on_submitted, .context = due});
}

static void
on_look(uv_timer_t *timer)
{
	struct agenda *agenda = timer->data;

	schedule_look(agenda->schedule, wall_now_ns(), on_due, agenda);
}

/* How many runs of a name there still are. */
struct active {
	const char *name;
	uint32_t n;
};

static void
count_active(void *context, const struct ledger_run *run, size_t position)
{
	struct active *active = context;
	size_t n = strlen(AGENDA_BY);

	(void)position;
	active->n += strncmp(run->submitted_by, AGENDA_BY, n) == 0 && strcmp(run->submitted_by + n, active->name) == 0;
}

/* Of what an earlier life had handed out, some has ended while nobody looked. */
static void
settle(struct agenda *agenda)
{
	for (size_t i = 0; i < schedule_count(agenda->schedule); i++) {
		struct active active = {.name = schedule_wish_at(agenda->schedule, i)->name};
		uint32_t left = schedule_state_at(agenda->schedule, i)->active;

		jobs_each(agenda->config.jobs, true, count_active, &active);
		jobs_each(agenda->config.jobs, false, count_active, &active);
		for (; left > active.n; left--)
			schedule_ended(agenda->schedule, active.name);
	}
}

void
agenda_start(struct agenda *agenda)
{
	settle(agenda);
	keep_new(agenda);
	CHECK_OP(uv_timer_start(&agenda->timer, on_look, 0, LOOK_MS), ==, 0);
}

void
agenda_on_ended(struct agenda *agenda, const struct ledger_run *run)
{
	size_t n = strlen(AGENDA_BY);

	if (strncmp(run->submitted_by, AGENDA_BY, n) != 0)
		return;
	schedule_ended(agenda->schedule, run->submitted_by + n);
	agenda_keep(agenda, run->submitted_by + n);
}
