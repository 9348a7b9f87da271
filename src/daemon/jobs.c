#include "daemon/jobs_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/row.h"
#include "measure/json.h"

#define ROW_BYTES_MAX ((size_t)128 * 1024)
#define ORPHANS_MS 100
/* Of the operator's ceiling on a job's duration: to start, warm up, judge and write. */
#define GRACE_NS (60 * NS_PER_S)

struct jobs *
jobs_new(const struct jobs_config *config)
{
	struct jobs *jobs = must_alloc(sizeof(*jobs));

	jobs->config = *config;
	queue_init(&jobs->queue, config->config->queue.at_once, config->config->queue.length);
	list_init(&jobs->live);
	jobs->changes = relay_new(config->loop, false);
	jobs->errands = errands_new(config->loop, config->program);
	CHECK_OP(uv_timer_init(config->loop, &jobs->orphans), ==, 0);
	jobs->orphans.data = jobs;
	CHECK_OP(uv_timer_start(&jobs->orphans, jobs_on_orphans, ORPHANS_MS, ORPHANS_MS), ==, 0);
	return jobs;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct jobs *jobs = handle->data;

	jobs->is_timer_closed = true;
}

void
jobs_free(struct jobs *jobs)
{
	CHECK(jobs_are_idle(jobs));
	while (!list_is_empty(&jobs->live))
		live_free(list_first(&jobs->live, struct live, node));
	relay_end(jobs->changes);
	errands_free(jobs->errands);
	uv_close((uv_handle_t *)&jobs->orphans, on_timer_closed);
	while (!jobs->is_timer_closed)
		uv_run(jobs->config.loop, UV_RUN_ONCE);
	free(jobs);
}

const char *
jobs_dir(const struct config *config, const char *id, char *into, size_t size)
{
	snprintf(into, size, "%s/runs/%s", config->data, id);
	return into;
}

struct live *
live_new(struct jobs *jobs)
{
	struct live *live = must_alloc(sizeof(*live));

	live->magic = LIVE_MAGIC;
	live->jobs = jobs;
	arena_init(&live->arena);
	live->row.exit_code = -1;
	live->row.has_files = true;
	live->relay = relay_new(jobs->config.loop, true);
	list_add_last(&jobs->live, &live->node);
	return live;
}

void
live_free(struct live *live)
{
	CHECK_MAGIC(live, LIVE_MAGIC);
	CHECK(live->job == NULL);
	live->magic = 0;
	list_remove(&live->node);
	relay_end(live->relay);
	submission_fini(&live->submission);
	arena_fini(&live->arena);
	free(live);
}

struct live *
live_find(const struct jobs *jobs, const char *id)
{
	for (struct list *node = jobs->live.next; node != &jobs->live; node = node->next) {
		struct live *live = container_of(node, struct live, node);

		if (strcmp(live->row.id, id) == 0)
			return live;
	}
	return NULL;
}

static size_t
position_of(const struct live *live)
{
	bool has_place = !live->is_ending && live->orphan_pid == 0 && live->row.state != LEDGER_ENDED;

	return !has_place ? ROW_NO_POSITION : queue_position(&live->jobs->queue, &live->item);
}

void
live_copy_row(const struct live *live, struct arena *arena, struct ledger_run *into)
{
	const struct ledger_run *row = &live->row;

	*into = *row;
	into->id = arena_strdup(arena, row->id);
	into->name = arena_strdup(arena, row->name);
	into->profile = row->profile != NULL ? arena_strdup(arena, row->profile) : NULL;
	into->submitted_by = arena_strdup(arena, row->submitted_by);
	into->target = arena_strdup(arena, row->target);
	into->load = arena_strdup(arena, row->load);
	into->baseline = row->baseline != NULL ? arena_strdup(arena, row->baseline) : NULL;
}

static void
tell_queue(struct jobs *jobs)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "{\"running\":%zu,\"queued\":%zu,\"is_stopped\":%s}",
		jobs->queue.running_n, jobs->queue.waiting_n, jobs->queue.is_halted ? "true" : "false");

	relay_add(jobs->changes, "queue", text, (size_t)n);
}

void
live_tell(struct live *live)
{
	size_t position = position_of(live);
	struct buf text;
	char state[96];
	int n = snprintf(state, sizeof(state), "{\"state\":\"%s\",\"position\":", ledger_state_names[live->row.state]);

	n += snprintf(state + n, sizeof(state) - (size_t)n, position != ROW_NO_POSITION ? "%zu}" : "null}", position);
	relay_add(live->relay, "state", state, (size_t)n);
	buf_init(&text, ROW_BYTES_MAX);
	row_add_run(&text, NULL, &live->row, live->figures, live->figures_n, position, wall_now_ns());
	if (!text.overflowed)
		relay_add(live->jobs->changes, "run", text.bytes, text.length);
	buf_fini(&text);
	tell_queue(live->jobs);
}

/* A row that is written when it is its turn, whatever becomes of the run meanwhile. */
struct row_order {
	struct desk_order order;
	struct arena arena;
	struct ledger_run row;
};

static void
row_work(struct desk_order *order, struct ledger *ledger)
{
	struct row_order *row = container_of(order, struct row_order, order);
	struct error err = {0};

	if (!ledger_put_run(ledger, &row->row, NULL, 0, &err))
		log_error("the state of run %s could not be written: %s", row->row.id, err.message);
}

static void
row_done(struct desk_order *order)
{
	struct row_order *row = container_of(order, struct row_order, order);

	arena_fini(&row->arena);
	free(row);
}

static void
write_row(struct live *live)
{
	struct row_order *row = must_alloc(sizeof(*row));

	arena_init(&row->arena);
	row->order = (struct desk_order){.work = row_work, .done = row_done};
	live_copy_row(live, &row->arena, &row->row);
	desk_give(live->jobs->config.desk, &row->order);
}

static void
on_event(void *context, const char *kind, const char *line, size_t length)
{
	struct live *live = context;

	CHECK_MAGIC(live, LIVE_MAGIC);
	relay_add(live->relay, kind, line, length);
	if (strcmp(kind, "figures") == 0)
		live_take_figures(live, line, length);
}

static void
on_end(void *context, struct job *job)
{
	struct live *live = context;

	CHECK_MAGIC(live, LIVE_MAGIC);
	live->jobs->counts.lines_lost += job_lines_lost(job);
	live_end(live, job_exit_code(job), job_was_overdue(job));
}

static int64_t
ceiling_ns(const struct jobs *jobs)
{
	int64_t duration_ns = jobs->config.config->ceilings.duration_ns;

	return duration_ns > 0 ? duration_ns + GRACE_NS : 0;
}

static struct job *
start_process(struct live *live, struct error *err)
{
	const struct submission *submission = &live->submission;
	const struct jobs_config *config = &live->jobs->config;
	char dir[4096], profile[4200], baselines[4200];

	jobs_dir(config->config, live->row.id, dir, sizeof(dir));
	snprintf(profile, sizeof(profile), "%s/profile.yaml", dir);
	snprintf(baselines, sizeof(baselines), "%s/baselines", config->config->data);
	return job_start(config->loop,
		&(struct job_config){.program = config->program,
			.dir = dir,
			.profile = submission->path != NULL ? submission->path : profile,
			.settings = submission->settings,
			.settings_n = submission->settings_n,
			.baseline = submission->baseline,
			.sharing = submission->sharing,
			.nats = &config->config->nats,
			.allow = config->allow,
			.baselines = submission->kind == SUBMISSION_RUN ? baselines : NULL,
			.has_stream = submission->has_stream,
			.has_control = submission->has_control,
			.within_ns = ceiling_ns(live->jobs),
			.on_event = on_event,
			.on_end = on_end,
			.context = live},
		err);
}

void
live_begin(struct live *live)
{
	struct error err = {0};

	const struct config_ceilings *ceilings = &live->jobs->config.config->ceilings;

	live->ceilings = (struct ceilings){.rate_per_s = ceilings->rate_per_s};
	live->watch.ceilings = &live->ceilings;
	live->row.started_ns = wall_now_ns();
	live->job = start_process(live, &err);
	if (live->job == NULL) {
		log_error("run %s: %s", live->row.id, err.message);
		live_end(live, 127, false);
		return;
	}
	live->jobs->counts.started++;
	live->row.state = LEDGER_RUNNING;
	live->row.pid = job_pid(live->job);
	live->row.pid_start = job_pid_start(live->row.pid);
	write_row(live);
	live_tell(live);
}

void
jobs_kick(struct jobs *jobs)
{
	struct queue_item *item;

	while (!jobs->is_closing && (item = queue_next(&jobs->queue)) != NULL) {
		struct live *live = container_of(item, struct live, item);

		live->may_begin = true;
		if (live->is_kept)
			live_begin(live);
	}
}

void
jobs_reload(struct jobs *jobs, const char *allow)
{
	const struct config_queue *queue = &jobs->config.config->queue;

	jobs->config.allow = allow;
	jobs->queue.length = queue->length;
	if (jobs->queue.at_once > 0) /* else none is to begin, whatever the file says */
		jobs->queue.at_once = queue->at_once;
	jobs_kick(jobs);
}

void
jobs_use_profiles(struct jobs *jobs, const char *profiles)
{
	jobs->config.terms.profiles = profiles;
}

const struct ledger_run *
jobs_find(const struct jobs *jobs, const char *id, size_t *position)
{
	const struct live *live = live_find(jobs, id);

	if (live == NULL)
		return NULL;
	*position = position_of(live);
	return &live->row;
}

struct relay *
jobs_relay(const struct jobs *jobs, const char *id)
{
	const struct live *live = live_find(jobs, id);

	return live != NULL ? live->relay : NULL;
}

void
jobs_each(const struct jobs *jobs, bool is_running, jobs_each_fn *each, void *context)
{
	for (struct list *node = jobs->live.next; node != &jobs->live; node = node->next) {
		struct live *live = container_of(node, struct live, node);

		if ((live->row.state != LEDGER_QUEUED) == is_running)
			each(context, &live->row, position_of(live));
	}
}

size_t
jobs_count(const struct jobs *jobs, bool is_running)
{
	return is_running ? jobs->queue.running_n : jobs->queue.waiting_n;
}

void
live_stop(struct live *live, enum job_stop how)
{
	if (live->is_ending || live->orphan_pid > 0)
		return;
	if (live->job == NULL) {
		live->is_cancelled = true;
		if (live->is_kept) /* else as soon as it is */
			live_end(live, -1, false);
		return;
	}
	job_stop(live->job, how);
	if (live->row.state == LEDGER_STOPPING)
		return;
	live->row.state = LEDGER_STOPPING;
	write_row(live);
	live_tell(live);
}

bool
jobs_stop(struct jobs *jobs, const char *id, enum job_stop how)
{
	struct live *live = live_find(jobs, id);

	if (live != NULL)
		live_stop(live, how);
	return live != NULL;
}

void
jobs_halt(struct jobs *jobs)
{
	jobs->queue.is_halted = true;
	for (struct list *node = jobs->live.next, *next; node != &jobs->live; node = next) {
		next = node->next;
		live_stop(container_of(node, struct live, node), JOB_STOP);
	}
	tell_queue(jobs);
}

void
jobs_resume(struct jobs *jobs)
{
	jobs->queue.is_halted = false;
	tell_queue(jobs);
	jobs_kick(jobs);
}

bool
jobs_are_halted(const struct jobs *jobs)
{
	return jobs->queue.is_halted;
}

void
jobs_close(struct jobs *jobs)
{
	jobs->is_closing = true;
	errands_close(jobs->errands);
	for (struct list *node = jobs->live.next, *next; node != &jobs->live; node = next) {
		struct live *live = container_of(node, struct live, node);

		next = node->next;
		if (live->job != NULL)
			live_stop(live, JOB_STOP);
	}
}

/* Those that wait stay in the ledger, and wait again when the daemon is back. */
bool
jobs_are_idle(const struct jobs *jobs)
{
	for (struct list *node = jobs->live.next; node != &jobs->live; node = node->next) {
		const struct live *live = container_of(node, struct live, node);

		if (live->job != NULL || live->is_ending || !live->is_kept)
			return false;
	}
	return errands_are_idle(jobs->errands);
}

struct errands *
jobs_errands(const struct jobs *jobs)
{
	return jobs->errands;
}

struct relay *
jobs_changes(const struct jobs *jobs)
{
	return jobs->changes;
}

const struct submission_terms *
jobs_terms(const struct jobs *jobs)
{
	return &jobs->config.terms;
}

struct jobs_counts
jobs_counts(const struct jobs *jobs)
{
	return jobs->counts;
}
