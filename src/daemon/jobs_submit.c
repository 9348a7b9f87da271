#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "daemon/jobs_parts.h"

/* A submission on its way into the queue: compiled by the desk, given its place by the loop, written down by the desk,
 * told. */
struct entry {
	struct desk_order order;
	struct jobs *jobs;
	struct jobs_wish wish;
	struct arena arena; /* of the body, and who submits */
	enum jobs_answer answer;
	struct error err;
	struct live *live;     /* once it has its place */
	struct ledger_run row; /* the desk's copy */
};

static void
tell(struct entry *entry)
{
	const struct ledger_run *run = entry->live != NULL ? &entry->live->row : NULL;
	size_t position = run != NULL ? queue_position(&entry->jobs->queue, &entry->live->item) : 0;

	entry->jobs->counts.submitted += entry->live != NULL;
	entry->jobs->counts.refused += entry->answer != JOBS_TAKEN;
	entry->wish.told(entry->wish.context, entry->answer, run, position,
		entry->live != NULL ? &entry->live->submission : &entry->wish.submission, &entry->err);
}

static void
entry_free(struct entry *entry)
{
	if (entry->live == NULL)
		submission_fini(&entry->wish.submission);
	arena_fini(&entry->arena);
	free(entry);
}

static void
refuse(struct entry *entry, enum jobs_answer answer, const char *sentence)
{
	entry->answer = answer;
	error_set(&entry->err, "%s", sentence);
	tell(entry);
	entry_free(entry);
}

/* Whoever asks is told at once where there is none; one that the schedule submits says so when it runs, in the history.
 */
static bool
has_baseline(struct entry *entry)
{
	const char *name = entry->wish.submission.baseline;
	char path[4300];

	if (entry->wish.body == NULL || name == NULL)
		return true;
	snprintf(path, sizeof(path), "%.4000s/baselines/%s", entry->jobs->config.config->data, name);
	return access(path, F_OK) == 0 ||
	       error_set(&entry->err, "there is no baseline '%.64s'; GET /api/v1/baselines names them", name);
}

/* On the desk: nobody else has to do with it meanwhile. */
static void
compile_work(struct desk_order *order, struct ledger *ledger)
{
	struct entry *entry = container_of(order, struct entry, order);
	struct submission *submission = &entry->wish.submission;

	(void)ledger;
	entry->answer = JOBS_WRONG;
	if (entry->wish.body != NULL &&
		!submission_parse_json(submission, entry->wish.body, entry->wish.body_length, &entry->err))
		return;
	if (submission_check(submission, &entry->jobs->config.terms, &entry->err))
		entry->answer = has_baseline(entry) ? JOBS_TAKEN : JOBS_UNKNOWN;
	else if (submission->is_unknown)
		entry->answer = JOBS_UNKNOWN;
	else if (submission->is_denied)
		entry->answer = JOBS_DENIED;
}

static void
keep_work(struct desk_order *order, struct ledger *ledger)
{
	struct entry *entry = container_of(order, struct entry, order);
	const struct submission *submission = &entry->live->submission;
	char dir[4096], path[4200];

	jobs_dir(entry->jobs->config.config, entry->row.id, dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/profile.yaml", dir);
	if (!file_make_dirs(dir, &entry->err) ||
		(submission->text != NULL &&
			!file_write_atomic(path, submission->text, submission->text_length, &entry->err)) ||
		!wish_write(dir, submission, &entry->err) ||
		!ledger_put_run(ledger, &entry->row, NULL, 0, &entry->err)) {
		entry->answer = JOBS_FAILED;
		(void)file_remove_tree(dir); /* what there is of it is nobody's */
	}
}

static void
keep_done(struct desk_order *order)
{
	struct entry *entry = container_of(order, struct entry, order);
	struct live *live = entry->live;
	struct jobs *jobs = entry->jobs;

	if (entry->answer != JOBS_TAKEN) {
		queue_remove(&jobs->queue, &live->item);
		entry->live = NULL; /* what it told of the submission goes with it */
		entry->wish.submission = live->submission;
		submission_init(&live->submission);
		live_free(live);
		tell(entry);
		entry_free(entry);
		jobs_kick(jobs);
		return;
	}
	live->row.number = entry->row.number;
	live->is_kept = true;
	tell(entry);
	entry_free(entry);
	live_tell(live);
	if (live->is_cancelled)
		live_end(live, -1, false);
	else if (live->may_begin)
		live_begin(live);
	else
		jobs_kick(jobs);
}

/* "20261122T020000Z-1a2b3c": no two submissions have the same, nor would another life of the daemon's. */
static const char *
make_id(struct jobs *jobs, struct arena *arena, int64_t wall_ns)
{
	char stamp[32];
	uint64_t salt = rng_mix((uint64_t)wall_ns ^ jobs->ids++ << 48 ^ (uint64_t)uv_os_getpid());

	return arena_printf(
		arena, "%s-%06x", wall_text_compact(wall_ns, stamp, sizeof(stamp)), (unsigned)(salt & 0xffffff));
}

static void
fill_in(struct live *live, const struct entry *entry)
{
	const struct submission *submission = &live->submission;
	struct arena *arena = &live->arena;
	char targets[1024];
	int64_t now_ns = wall_now_ns();

	live->row.id = make_id(live->jobs, arena, now_ns);
	live->row.name = arena_strdup(arena, submission->name);
	live->row.profile = submission->profile;
	live->row.baseline = submission->baseline;
	live->row.submitted_by = arena_strdup(arena, entry->wish.by);
	live->row.target = arena_strdup(arena, submission_targets_text(submission, targets, sizeof(targets)));
	live->row.load = arena_strdup(arena, submission->load);
	live->row.submitted_ns = now_ns;
	live->row.planned_ns = submission->planned_ns;
}

static void
compile_done(struct desk_order *order)
{
	struct entry *entry = container_of(order, struct entry, order);
	struct jobs *jobs = entry->jobs;
	struct submission *submission = &entry->wish.submission;
	struct queue_item asks = {.targets = submission->targets, .targets_n = submission->targets_n};

	if (entry->answer != JOBS_TAKEN || entry->wish.is_check) {
		tell(entry);
		entry_free(entry);
		return;
	}
	if (jobs->queue.is_halted || jobs->is_closing) {
		refuse(entry, JOBS_HALTED,
			jobs->is_closing ? "the daemon is ending" : "everything is stopped; an admin may resume");
		return;
	}
	if (submission->refuses_busy && queue_is_busy(&jobs->queue, &asks)) {
		refuse(entry, JOBS_BUSY, "another run of its target runs or waits");
		return;
	}
	struct live *live = live_new(jobs);

	live->submission = *submission;
	live->item = (struct queue_item){.targets = live->submission.targets,
		.targets_n = live->submission.targets_n}; /* where they stand now */
	entry->live = live;
	fill_in(live, entry);
	if (!queue_add(&jobs->queue, &live->item)) {
		entry->live = NULL;
		submission_init(&live->submission);
		live_free(live);
		refuse(entry, JOBS_FULL, "as many runs wait as may (queue.length)");
		return;
	}
	live_copy_row(live, &entry->arena, &entry->row);
	entry->order = (struct desk_order){.work = keep_work, .done = keep_done};
	desk_give(jobs->config.desk, &entry->order);
}

void
jobs_submit(struct jobs *jobs, const struct jobs_wish *wish)
{
	struct entry *entry = must_alloc(sizeof(*entry));

	entry->jobs = jobs;
	entry->wish = *wish;
	arena_init(&entry->arena);
	entry->wish.by = arena_strdup(&entry->arena, wish->by);
	if (wish->body != NULL)
		entry->wish.body = arena_strndup(&entry->arena, wish->body, wish->body_length);
	entry->order = (struct desk_order){.work = compile_work, .done = compile_done};
	desk_give(jobs->config.desk, &entry->order);
}
