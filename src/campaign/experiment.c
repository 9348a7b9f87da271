#include "campaign/experiment_parts.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/units.h"
#include "campaign/campaign.h"
#include "campaign/canary.h"

#define STUDY_EVENTS_MAX ((size_t)16 * 1024 * 1024)
#define RUNS_FOLDER "runs"

void
study_write_events(struct study *study)
{
	if (study->dir != NULL)
		result_dir_add_events(study->dir, study->events.bytes, study->events.length);
	if (study->events_copy != NULL && study->events.length > 0) {
		fwrite(study->events.bytes, 1, study->events.length, study->events_copy);
		fflush(study->events_copy);
	}
	buf_clear(&study->events);
}

static void
study_on_signal(uv_signal_t *handle, int signum)
{
	struct study *study = handle->data;

	study->facts.was_interrupted = true;
	study->facts.signal = signum;
	if (study->sides != NULL)
		sides_signal(study->sides, signum);
}

static void
study_watch_signals(struct study *study)
{
	signal(SIGPIPE, SIG_IGN);
	CHECK_OP(uv_loop_init(&study->loop), ==, 0);
	uv_signal_init(&study->loop, &study->on_int);
	uv_signal_init(&study->loop, &study->on_term);
	study->on_int.data = study->on_term.data = study;
	uv_signal_start(&study->on_int, study_on_signal, SIGINT);
	uv_signal_start(&study->on_term, study_on_signal, SIGTERM);
}

bool
study_is_interrupted(struct study *study)
{
	uv_run(&study->loop, UV_RUN_NOWAIT);
	return study->facts.was_interrupted;
}

static void
study_make_identity(struct study *study)
{
	char stamp[32];

	study->identity = (struct run_identity){.started_wall_ns = wall_now_ns(), .shards = 1};
	wall_text_compact(study->identity.started_wall_ns, stamp, sizeof(stamp));
	snprintf(study->id, sizeof(study->id), "%s-%06x", stamp,
		(unsigned)(rng_mix((uint64_t)study->identity.started_wall_ns ^ (uint64_t)getpid()) & 0xffffff));
	study->identity.id = study->id;
}

/* "runs/03-users-8-max_tokens-50": a cell's name may hold anything. */
static void
name_run(struct study *study, size_t i, const char *arm)
{
	struct run_record *record = &study->runs[i];
	int digits = study->runs_n > 999 ? 4 : study->runs_n > 99 ? 3 : 2;
	size_t from = (size_t)snprintf(record->dir, sizeof(record->dir), RUNS_FOLDER "/%0*zu-", digits, i + 1);

	snprintf(record->dir + from, sizeof(record->dir) - from, "%.64s", arm);
	for (char *p = record->dir + from; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
			*p = '-';
}

void
study_renew_arms(struct study *study)
{
	const struct plan_experiment *plan = study->plan;

	for (size_t i = 0; i < plan->arms_n; i++)
		arm_free(study->arms[i]);
	for (size_t i = 0; i < plan->arms_n; i++)
		study->arms[study_place(plan, i)] = arm_new(plan->arms[i].name, plan->arms[i].plan);
	for (size_t i = 0; plan->kind == EXPERIMENT_ARMS && i < plan->arms_n; i++)
		study->arms[i]->baseline = study->arms[0];
}

void
study_init_runs(struct study *study)
{
	const struct plan_experiment *plan = study->plan;

	study->runs_n = experiment_runs_n(plan);
	study->runs = must_calloc(study->runs_n, sizeof(*study->runs));
	study->arms = must_calloc(plan->arms_n, sizeof(struct arm *));
	study_renew_arms(study);
	for (size_t i = 0; i < study->runs_n; i++) {
		size_t arm = experiment_arm_of(plan, i);

		study->runs[i].arm = study_place(plan, arm);
		study->runs[i].before_ns = study->runs[i].ready_ns = -1;
		name_run(study, i, plan->arms[arm].name);
	}
	study->summary = summary_new(&plan->whole);
	study->pacing = "not known";
}

void
study_fini_runs(struct study *study)
{
	for (size_t i = 0; study->arms != NULL && i < study->plan->arms_n; i++)
		arm_free(study->arms[i]);
	summary_free(study->summary);
	free(study->arms);
	free(study->runs);
}

static void
study_init(struct study *study, const struct experiment_options *options)
{
	*study = (struct study){.options = options, .plan = options->plan, .began_ns = clock_now_ns(&monotonic_clock)};
	study_init_runs(study);
	buf_init(&study->events, STUDY_EVENTS_MAX);
	study_make_identity(study);
	study_watch_signals(study);
}

static void
study_fini(struct study *study)
{
	uv_close((uv_handle_t *)&study->on_int, NULL);
	uv_close((uv_handle_t *)&study->on_term, NULL);
	uv_run(&study->loop, UV_RUN_DEFAULT);
	CHECK_OP(uv_loop_close(&study->loop), ==, 0);
	if (study->events_copy != NULL && study->events_copy != stdout)
		fclose(study->events_copy);
	if (study->dir != NULL)
		result_dir_free(study->dir);
	buf_fini(&study->events);
	study_fini_runs(study);
}

static bool
study_open(struct study *study, struct error *err)
{
	const char *path = study->options->events_path;

	study->dir = result_dir_open(&study->plan->whole, &study->identity, study->options->out_dir, err);
	if (study->dir == NULL)
		return false;
	if (path != NULL)
		study->events_copy = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	if (path != NULL && study->events_copy == NULL)
		return error_set(err, "--events: cannot write '%s': %s", path, strerror(errno));
	event_encode_run(&study->events, &study->identity, &study->plan->whole);
	study_write_events(study);
	return true;
}

/* Nothing was measured, and nothing is left. */
static int
study_refuse(struct study *study, const struct error *err)
{
	char text[1400], folder[PATH_MAX];

	if (error_is_set(err))
		log_error("%s", error_text(err, text, sizeof(text)));
	if (study->dir != NULL) {
		snprintf(folder, sizeof(folder), "%.4000s/" RUNS_FOLDER, result_dir_working(study->dir));
		rmdir(folder); /* not there: never made */
		result_dir_discard(study->dir);
	}
	study->dir = NULL;
	return EXIT_USAGE;
}

void
study_add_counts(struct study *study, const struct summary *run)
{
	counts_merge(&study->summary->everything.counts, &run->everything.counts);
	for (size_t i = 0; i < study->plan->whole.requests_n; i++)
		counts_merge(&study->summary->request_totals[i], &run->request_totals[i]);
	study->summary->connects += run->connects;
	study->summary->connects_failed += run->connects_failed;
	tls_told_merge(&study->summary->tls, &run->tls);
}

static void
study_on_run_end(void *context, const struct report *report, const struct run_facts *facts, struct blocks *blocks)
{
	struct study *study = context;
	struct run_record *record = &study->runs[study->current];
	const struct verdict *verdict = report->verdict;
	const struct chronicle *chronicle = report->chronicle;

	record->was_run = true;
	record->status = verdict->status;
	record->exit_code = verdict->exit_code;
	record->has_hook_failed = facts->hook_failed;
	snprintf(record->reason, sizeof(record->reason), "%s", verdict->reasons_n > 0 ? verdict->reasons[0] : "");
	record->started_wall_ns = report->identity.started_wall_ns;
	record->duration_ns = report->duration_ns;
	record->before_ns = chronicle->before.was_run ? chronicle->before.took_ns : -1;
	record->ready_ns = chronicle->ready_after_ns;
	record->scheduled = report->summary->everything.counts.scheduled;
	record->ok = report->summary->everything.counts.ok;
	snprintf(study->target_address, sizeof(study->target_address), "%s", report->target_address);
	study->pacing = report->pacing;
	study->workers = report->workers;
	study_add_counts(study, report->summary);
	record->is_counted = !facts->was_unreachable && report->summary->measured.counts.scheduled > 0;
	if (record->is_counted)
		arm_add_run(study->arms[record->arm], report->summary, blocks, verdict, record->ready_ns);
	else
		blocks_free(blocks);
	if (facts->was_unreachable) {
		study->facts.was_unreachable = true;
		snprintf(study->facts.unreachable_text, sizeof(study->facts.unreachable_text), "%s",
			facts->unreachable_text);
	}
	if (facts->result_lost || facts->internal_error) {
		study->facts.result_lost = facts->result_lost;
		study->facts.internal_error = facts->internal_error;
		snprintf(study->facts.error_text, sizeof(study->facts.error_text), "%s", facts->error_text);
	}
}

/* How long the runs after this one take; 0: not known. */
static int64_t
time_after(const struct study *study, size_t current)
{
	int64_t rest_ns = 0;

	for (size_t i = current + 1; i < study->runs_n; i++) {
		const struct plan *plan = study->plan->arms[experiment_arm_of(study->plan, i)].plan;
		int64_t planned_ns = campaign_planned_ns(plan);

		if (planned_ns == 0)
			return 0;
		rest_ns += planned_ns + plan->idle_baseline_ns;
	}
	return rest_ns;
}

static void
say_run(const struct study *study, const char *title, int64_t left_ns)
{
	char left[32];

	if (study->options->is_quiet)
		return;
	if (left_ns > 0)
		log_info("%s; %s of load after it", title, units_time_text(left_ns, left, sizeof(left)));
	else
		log_info("%s", title);
}

/* Returns the run's exit code. */
static int
study_run(struct study *study, size_t i)
{
	const struct experiment_options *asked = study->options;
	size_t place = experiment_arm_of(study->plan, i);
	const struct plan_arm *arm = &study->plan->arms[place];
	size_t repeat = experiment_repeat_of(study->plan, i);
	const struct plan plan = experiment_plan_of(study->plan, place, repeat);
	const struct run_record *record = &study->runs[i];
	char title[160], dir[PATH_MAX + 128], shown[PATH_MAX + 128];
	struct campaign_part part = {.title = title,
		.after_ns = time_after(study, i),
		.results_dir = shown,
		.events = study->events_copy,
		.copies_figures = asked->copies_figures,
		.on_end = study_on_run_end,
		.context = study};
	struct campaign_options options = {.plan = &plan,
		.part = &part,
		.driver = asked->driver_new(asked->context, place, repeat),
		.out_dir = dir,
		.documents = asked->documents,
		.is_quiet = asked->is_quiet};

	study->current = i;
	snprintf(title, sizeof(title), "run %zu of %zu: %.100s", i + 1, study->runs_n, arm->name);
	snprintf(dir, sizeof(dir), "%s/%s", result_dir_working(study->dir), record->dir);
	snprintf(shown, sizeof(shown), "%s/%s", result_dir_path(study->dir), record->dir);
	say_run(study, title, part.after_ns);
	event_encode_part(&study->events, i + 1, study->runs_n, arm->name, record->dir, NULL);
	study_write_events(study);
	int exit_code = campaign_run(&options);

	event_encode_part(&study->events, i + 1, study->runs_n, arm->name, record->dir, record);
	study_write_events(study);
	return exit_code;
}

/* Where the target cannot be had, or our own machine fails, a further run would tell no more. */
static bool
ends_all(int exit_code)
{
	return exit_code != EXIT_PASSED && exit_code != EXIT_FAILED_GATE && exit_code != EXIT_INCONCLUSIVE;
}

static int
study_go(struct study *study)
{
	for (size_t i = 0; i < study->runs_n && !study_is_interrupted(study); i++) {
		int exit_code = study_run(study, i);

		if (exit_code == EXIT_USAGE && i == 0)
			return study_refuse(study, &(struct error){0});
		if (exit_code == EXIT_USAGE) {
			study->runs[i] = (struct run_record){.arm = study->runs[i].arm,
				.was_run = true,
				.status = VERDICT_INCONCLUSIVE,
				.exit_code = EXIT_USAGE,
				.reason = "it was refused, as was said above",
				.before_ns = -1,
				.ready_ns = -1};
		}
		if (ends_all(exit_code))
			break;
	}
	study_is_interrupted(study);
	return study_conclude(study);
}

int
experiment_run(const struct experiment_options *options)
{
	struct study study;
	struct error err = {0};

	study_init(&study, options);
	int exit_code = !study_open(&study, &err)                ? study_refuse(&study, &err)
			: options->plan->canary != NULL          ? study_go_canary(&study)
			: options->plan->order == ORDER_TOGETHER ? study_go_together(&study)
								 : study_go(&study);

	study_fini(&study);
	return exit_code;
}
