#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/jobs_parts.h"
#include "daemon/sweep.h"

#define ORPHAN_NS (40 * NS_PER_S) /* it was told to end when the daemon did, and may have drained until now */
#define FINISHED_OUTPUT_MAX ((size_t)4096)

/* What came of a run, on its way into the ledger. */
struct ending {
	struct desk_order order;
	struct live *live;
	struct arena arena;
	struct ledger_run row;
	struct job_result result;
	struct job_result_end end;
	struct buf said;
	char excess[JOB_RESULT_REASON_MAX];
	bool was_cancelled;
	bool wants_finishing; /* it left a journal and no result: one is made of that, once */
	bool was_tried;
};

static void
write_log(const char *dir, const struct buf *said)
{
	struct error err = {0};
	char path[4200];

	snprintf(path, sizeof(path), "%s/log.txt", dir);
	if (said->length > 0 && !file_write_atomic(path, said->bytes, said->length, &err))
		log_warn("%s", err.message);
}

static void
cancel(struct job_result *result)
{
	snprintf(result->status, sizeof(result->status), "cancelled");
	result->exit_code = -1;
	snprintf(result->reason, sizeof(result->reason), "it was taken out of the queue");
}

static bool
left_a_journal(const char *dir)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/results.partial", dir);
	return access(path, F_OK) == 0;
}

static void
end_work(struct desk_order *order, struct ledger *ledger)
{
	struct ending *ending = container_of(order, struct ending, order);
	struct ledger_run *row = &ending->row;
	struct error err = {0};
	char dir[4096];

	jobs_dir(ending->live->jobs->config.config, row->id, dir, sizeof(dir));
	sweep_half_files(dir);
	write_log(dir, &ending->said);
	ending->end.said = ending->said.bytes != NULL ? ending->said.bytes : "";
	job_result_take(&ending->result, dir, &ending->end);
	ending->wants_finishing = !ending->result.has_result && !ending->was_tried && left_a_journal(dir);
	if (ending->wants_finishing)
		return;
	if (ending->was_cancelled)
		cancel(&ending->result);
	row->status = ending->result.status;
	row->exit_code = ending->result.exit_code;
	row->reason = ending->result.reason;
	row->reasons = ending->result.reasons.length > 0 ? ending->result.reasons.bytes : NULL;
	row->failure_mode = ending->result.failure_mode[0] != '\0' ? ending->result.failure_mode : NULL;
	row->bytes = ending->result.bytes;
	if (!ledger_put_note(ledger, LEDGER_UNJUDGED, row->id, "", &err) ||
		!ledger_put_run(ledger, row, ending->result.figures, ending->result.figures_n, &err))
		log_error("how run %s ended could not be written: %s", row->id, err.message);
}

static void finish_journal(struct ending *ending);

static void
end_done(struct desk_order *order)
{
	struct ending *ending = container_of(order, struct ending, order);
	struct live *live = ending->live;
	struct jobs *jobs = live->jobs;
	const struct jobs_config *config = &jobs->config;

	if (ending->wants_finishing) {
		job_result_fini(&ending->result);
		finish_journal(ending);
		return;
	}
	live->row = ending->row;
	live->figures = ending->result.figures;
	live->figures_n = ending->result.figures_n;
	live->is_ending = false;
	jobs->counts.ended++;
	queue_remove(&jobs->queue, &live->item);
	live_tell(live);
	if (config->on_ended != NULL)
		config->on_ended(config->context, &live->row, &ending->result);
	live_free(live);
	job_result_fini(&ending->result);
	buf_fini(&ending->said);
	arena_fini(&ending->arena);
	free(ending);
	jobs_kick(jobs);
}

/* --- what a run that was killed had written --- */

/* The result is whole before the directory has the name that a run's own has. */
static void
finish_work(struct desk_order *order, struct ledger *ledger)
{
	struct ending *ending = container_of(order, struct ending, order);
	char dir[4096], from[4200], to[4200];

	jobs_dir(ending->live->jobs->config.config, ending->row.id, dir, sizeof(dir));
	snprintf(from, sizeof(from), "%s/results.partial", dir);
	snprintf(to, sizeof(to), "%s/results", dir);
	ending->end.was_finished = rename(from, to) == 0;
	if (!ending->end.was_finished)
		log_error("run %s: cannot rename '%s': %s", ending->row.id, from, strerror(errno));
	end_work(order, ledger);
}

static void
on_finished(void *context, const struct errand_end *end)
{
	struct ending *ending = context;

	if (end->exit_code != 0)
		log_warn("run %s: of what it left no result could be made: %s", ending->row.id, end->said);
	ending->order = (struct desk_order){.work = end->exit_code == 0 ? finish_work : end_work, .done = end_done};
	desk_give(ending->live->jobs->config.desk, &ending->order);
}

static void
finish_journal(struct ending *ending)
{
	const struct jobs *jobs = ending->live->jobs;
	char dir[4096], partial[4200];
	/* result.json is the last: where it is, everything is. */
	const char *const arguments[] = {"report", partial, "--format", "html,text,json", "--out", partial, NULL};

	ending->was_tried = true;
	jobs_dir(jobs->config.config, ending->row.id, dir, sizeof(dir));
	snprintf(partial, sizeof(partial), "%s/results.partial", dir);
	CHECK(errands_give(jobs->errands, &(struct errand_wish){.arguments = arguments,
						  .output_max = FINISHED_OUTPUT_MAX,
						  .is_ours = true,
						  .done = on_finished,
						  .context = ending}));
}

void
live_end(struct live *live, int exit_code, bool was_overdue)
{
	struct ending *ending = must_alloc(sizeof(*ending));

	CHECK(!live->is_ending);
	live->is_ending = true;
	ending->live = live;
	arena_init(&ending->arena);
	buf_init(&ending->said, 3 * JOB_SAID_MAX);
	if (live->job != NULL) {
		job_add_said(live->job, &ending->said);
		job_free(live->job);
		live->job = NULL;
	}
	live_copy_row(live, &ending->arena, &ending->row);
	ending->row.state = LEDGER_ENDED;
	ending->row.ended_ns = wall_now_ns();
	ending->row.pid = ending->row.pid_start = 0;
	ending->was_cancelled = live->is_cancelled;
	snprintf(ending->excess, sizeof(ending->excess), "%s",
		was_overdue ? "it was stopped: it lasted longer than the operator's ceiling" : live->excess);
	ending->end = (struct job_result_end){
		.exit_code = exit_code, .excess = ending->excess[0] != '\0' ? ending->excess : NULL};
	ending->order = (struct desk_order){.work = end_work, .done = end_done};
	desk_give(live->jobs->config.desk, &ending->order);
}

/* Its number may be another process's by now, and where its start is not known it had gone before anybody looked. */
static bool
is_there(const struct live *live)
{
	return live->row.pid > 0 && live->row.pid_start >= 0 && job_pid_start(live->row.pid) == live->row.pid_start;
}

void
live_await_orphan(struct live *live)
{
	live->orphan_since_ns = clock_now_ns(&monotonic_clock);
	live->orphan_pid = live->row.pid;
}

static void
look_at_orphan(struct live *live)
{
	if (is_there(live)) {
		if (clock_now_ns(&monotonic_clock) - live->orphan_since_ns > ORPHAN_NS)
			(void)kill((pid_t)-live->orphan_pid, SIGKILL); /* gone already: the next look will see it */
		return;
	}
	live->orphan_pid = 0;
	live_end(live, -1, false);
}

void
jobs_on_orphans(uv_timer_t *timer)
{
	struct jobs *jobs = timer->data;
	size_t left = 0;

	for (struct list *node = jobs->live.next, *next; node != &jobs->live; node = next) {
		struct live *live = container_of(node, struct live, node);

		next = node->next;
		if (live->orphan_pid > 0)
			look_at_orphan(live);
		left += live->orphan_pid > 0;
	}
	if (left == 0)
		uv_timer_stop(timer);
}
