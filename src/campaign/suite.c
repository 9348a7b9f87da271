#include "campaign/suite.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/units.h"
#include "campaign/child.h"
#include "campaign/suite_row.h"
#include "judge/suite.h"
#include "report/escape.h"
#include "report/suite.h"

#define CONDITION_WITHIN_NS (60 * NS_PER_S)
#define STOP_NS (2 * NS_PER_S)
#define ARGUMENTS_MAX (2 * SUITE_SETTINGS_CEILING + 16)

struct suite {
	const struct suite_options *options;
	const struct plan_suite *plan;
	uv_loop_t loop;
	uv_signal_t on_int, on_term;
	bool is_interrupted;
	const struct child *run; /* that is under way: it hears the signals that we hear; NULL: none */
	struct suite_record record;
	int64_t began_ns;
	char dir[PATH_MAX];
};

/* A run under way ends as it would alone: the first signal lets it conclude, a second one aborts it. */
static void
suite_on_signal(uv_signal_t *handle, int signum)
{
	struct suite *suite = handle->data;

	suite->is_interrupted = true;
	if (suite->record.signal == 0)
		suite->record.signal = signum;
	if (suite->run != NULL)
		child_signal(suite->run, signum);
}

static void
suite_watch_signals(struct suite *suite)
{
	signal(SIGPIPE, SIG_IGN);
	CHECK_OP(uv_loop_init(&suite->loop), ==, 0);
	uv_signal_init(&suite->loop, &suite->on_int);
	uv_signal_init(&suite->loop, &suite->on_term);
	suite->on_int.data = suite->on_term.data = suite;
	uv_signal_start(&suite->on_int, suite_on_signal, SIGINT);
	uv_signal_start(&suite->on_term, suite_on_signal, SIGTERM);
}

static bool
suite_is_interrupted(struct suite *suite)
{
	uv_run(&suite->loop, UV_RUN_NOWAIT);
	return suite->is_interrupted;
}

static void
init_rows(struct suite *suite)
{
	const struct plan_suite *plan = suite->plan;
	int digits = plan->items_n > 99 ? 3 : 2;

	suite->record.rows = must_calloc(plan->items_n, sizeof(*suite->record.rows));
	suite->record.rows_n = plan->items_n;
	for (size_t i = 0; i < plan->items_n; i++) {
		const struct suite_item *item = &plan->items[i];
		struct suite_row *row = &suite->record.rows[i];

		*row = (struct suite_row){.status = SUITE_NOT_RUN,
			.cause = SUITE_CAUSE_NOT_BEGUN,
			.exit_code = -1,
			.reason = "its turn did not come",
			.began_ns = -1,
			.took_ns = -1};
		snprintf(row->name, sizeof(row->name), "%s", item->name);
		snprintf(row->category, sizeof(row->category), "%s", item->category);
		snprintf(row->profile, sizeof(row->profile), "%s", item->shown);
		snprintf(row->dir, sizeof(row->dir), "%0*zu-%s", digits, i + 1, item->name);
	}
}

static void
suite_init(struct suite *suite, const struct suite_options *options)
{
	struct suite_record *record = &suite->record;
	char stamp[32];

	*suite = (struct suite){.options = options, .plan = options->plan, .began_ns = clock_now_ns(&monotonic_clock)};
	record->started_wall_ns = wall_now_ns();
	wall_text_compact(record->started_wall_ns, stamp, sizeof(stamp));
	snprintf(record->id, sizeof(record->id), "%s-%06x", stamp,
		(unsigned)(rng_mix((uint64_t)record->started_wall_ns ^ (uint64_t)getpid()) & 0xffffff));
	snprintf(record->name, sizeof(record->name), "%s", suite->plan->name);
	record->pass_rate = suite->plan->pass_rate;
	record->limit_ns = suite->plan->limit_ns;
	record->effective_json = suite->plan->effective_json;
	init_rows(suite);
	suite_watch_signals(suite);
}

static void
suite_fini(struct suite *suite)
{
	uv_close((uv_handle_t *)&suite->on_int, NULL);
	uv_close((uv_handle_t *)&suite->on_term, NULL);
	uv_run(&suite->loop, UV_RUN_DEFAULT);
	CHECK_OP(uv_loop_close(&suite->loop), ==, 0);
	free(suite->record.rows);
}

static bool
write_document(const struct suite *suite, const struct suite_document *document, struct error *err)
{
	char path[PATH_MAX + 32];
	struct buf text;

	buf_init(&text, SUITE_DOCUMENT_CEILING);
	snprintf(path, sizeof(path), "%s/%s", suite->dir, document->file);
	bool is_written = document->write(&suite->record, &text) || error_set(err, "%s would be too large", path);

	is_written = is_written && file_write_atomic(path, text.bytes, text.length, err);
	buf_fini(&text);
	return is_written;
}

/* The whole truth as it is now. */
static bool
suite_write(struct suite *suite, struct error *err)
{
	const struct suite_document json = {SUITE_FILE, RESULT_FILE, suite_add_json};

	suite->record.took_ns = clock_now_ns(&monotonic_clock) - suite->began_ns;
	suite_judge(&suite->record);
	return write_document(suite, &json, err);
}

static bool
suite_open(struct suite *suite, struct error *err)
{
	const struct plan_suite *plan = suite->plan;
	const char *exactly = suite->options->out_dir;
	struct stat status;
	int n;

	if (exactly != NULL)
		n = snprintf(suite->dir, sizeof(suite->dir), "%s", exactly);
	else
		n = snprintf(
			suite->dir, sizeof(suite->dir), "%s/%s/%s", plan->output.dir, plan->name, suite->record.id);
	if (n < 0 || (size_t)n + 128 > sizeof(suite->dir))
		return error_set(err, "the path of the results directory is too long");
	for (; n > 1 && suite->dir[n - 1] == '/'; n--)
		suite->dir[n - 1] = '\0';
	if (stat(suite->dir, &status) == 0 && (!S_ISDIR(status.st_mode) || !file_is_empty_dir(suite->dir)))
		return error_set(err, "'%s' is there already; results go into a new or empty directory", suite->dir);
	return file_make_dirs(suite->dir, err) && suite_write(suite, err);
}

/* A directory that is lost in the middle is told once, and the runs go on: each tells for itself what it can write. */
static void
suite_keep(struct suite *suite)
{
	struct error err = {0};
	char text[1400];

	if (suite_write(suite, &err) || suite->record.is_lost)
		return;
	log_error("%s", error_text(&err, text, sizeof(text)));
	suite->record.is_lost = true;
}

static void
pass_over(struct suite_row *row, enum suite_status status, enum suite_cause cause, const char *reason)
{
	row->status = status;
	row->cause = cause;
	row->dir[0] = '\0';
	snprintf(row->reason, sizeof(row->reason), "%.*s", (int)sizeof(row->reason) - 1, reason);
}

/* Whether all that it needs passed; else it is passed over, for a reason that is none of its own. */
static bool
needs_passed(const struct suite *suite, const struct suite_item *item, struct suite_row *row)
{
	static const char *const words[SUITE_STATUSES_N] = {
		"passed", "failed", "is inconclusive", "was skipped", "was not run"};
	char reason[FINDING_TEXT_MAX];

	for (size_t i = 0; i < item->needs_n; i++) {
		const struct suite_row *need = &suite->record.rows[item->needs[i]];
		bool is_skip = need->status == SUITE_SKIP || need->cause == SUITE_CAUSE_NEED_SKIPPED;

		if (need->status == SUITE_PASS)
			continue;
		snprintf(reason, sizeof(reason), "it needs '%s', which %s", need->name, words[need->status]);
		pass_over(row, SUITE_NOT_RUN, is_skip ? SUITE_CAUSE_NEED_SKIPPED : SUITE_CAUSE_NEED, reason);
		return false;
	}
	return true;
}

static bool
condition_holds(struct suite *suite, const struct suite_item *item, struct suite_row *row)
{
	struct child_config config = {.command = item->only_if.text,
		.shown = item->only_if.shown,
		.within_ns = CONDITION_WITHIN_NS,
		.stop_ns = STOP_NS};
	struct child child = {0};
	struct error err = {0};
	char fate[80], reason[FINDING_TEXT_MAX];

	if (item->only_if.text == NULL)
		return true;
	if (!child_start(&child, &suite->loop, &config, &err)) {
		snprintf(reason, sizeof(reason), "only_if: %.200s", err.message);
		pass_over(row, SUITE_SKIP, SUITE_CAUSE_CONDITION, reason);
		return false;
	}
	child_wait(&child, &suite->loop, &suite->is_interrupted);
	child_clear_group(&child, &suite->loop);
	if (child_has_succeeded(&child) || suite->is_interrupted)
		return true;
	snprintf(reason, sizeof(reason), "only_if: '%.120s' %s", item->only_if.shown,
		child_fate_text(&child, fate, sizeof(fate)));
	pass_over(row, SUITE_SKIP, SUITE_CAUSE_CONDITION, reason);
	return false;
}

/* brunt run PROFILE --set …: the very program that runs now, wherever it was started from. own: what of it is made for
 * this run. */
static void
fill_arguments(const char **arguments, const struct suite *suite, const struct suite_item *item, const char *dir,
	const char *parent, const char *workers)
{
	size_t n = 0;

	CHECK_OP(2 * item->settings_n + 16, <=, ARGUMENTS_MAX);
	arguments[n++] = "brunt";
	arguments[n++] = "run";
	for (size_t i = 0; i < item->settings_n; i++) {
		arguments[n++] = "--set";
		arguments[n++] = item->settings[i];
	}
	arguments[n++] = "--out";
	arguments[n++] = dir;
	arguments[n++] = "--suite";
	arguments[n++] = parent;
	if (suite->options->workers > 0) {
		arguments[n++] = "--workers";
		arguments[n++] = workers;
	}
	if (suite->options->formats != NULL) {
		arguments[n++] = "--format";
		arguments[n++] = suite->options->formats;
	}
	if (suite->options->baselines != NULL) {
		arguments[n++] = "--baselines";
		arguments[n++] = suite->options->baselines;
	}
	if (suite->options->is_quiet)
		arguments[n++] = "--quiet";
	arguments[n++] = "--";
	arguments[n++] = item->path;
	arguments[n] = NULL;
}

static void
run_item(struct suite *suite, const struct suite_item *item, struct suite_row *row)
{
	char dir[PATH_MAX + 128], parent[16], workers[16];
	const char *arguments[ARGUMENTS_MAX];
	struct child_config config = {.program = "/proc/self/exe",
		.arguments = arguments,
		.shown = "brunt run",
		.is_silent = true,
		.stop_ns = STOP_NS};
	struct child child = {0};
	struct error err = {0};

	snprintf(dir, sizeof(dir), "%s/%s", suite->dir, row->dir);
	snprintf(parent, sizeof(parent), "%ld", (long)getpid());
	snprintf(workers, sizeof(workers), "%u", suite->options->workers);
	fill_arguments(arguments, suite, item, dir, parent, workers);
	row->began_ns = clock_now_ns(&monotonic_clock) - suite->began_ns;
	row->status = SUITE_INCONCLUSIVE;
	row->cause = SUITE_CAUSE_NONE;
	snprintf(row->reason, sizeof(row->reason), "it has not come to its end");
	suite_keep(suite); /* true from now on, whatever becomes of us */
	row->reason[0] = '\0';
	if (!child_start(&child, &suite->loop, &config, &err)) {
		row->exit_code = EXIT_INTERNAL;
		pass_over(row, SUITE_INCONCLUSIVE, SUITE_CAUSE_NONE, err.message);
		return;
	}
	suite->run = &child;
	child_wait(&child, &suite->loop, NULL);
	suite->run = NULL;
	child_clear_group(&child, &suite->loop);
	row->took_ns = clock_now_ns(&monotonic_clock) - suite->began_ns - row->began_ns;
	suite_row_conclude(row, dir, &child);
}

/* "2 of 5: ttft: fail after 12.3s: missed …": what a profile or a server said is made harmless. */
static void
say_row(const struct suite *suite, size_t i, const char *what)
{
	const struct suite_row *row = &suite->record.rows[i];
	char clean[1024];

	log_info("%zu of %zu: %s%s", i + 1, suite->record.rows_n, row->name, escape_text(what, clean, sizeof(clean)));
}

static void
say_end(const struct suite *suite, size_t i)
{
	const struct suite_row *row = &suite->record.rows[i];
	char took[32], what[FINDING_TEXT_MAX + 80], after[48] = "";

	if (row->took_ns >= 0)
		snprintf(after, sizeof(after), " after %s", units_time_text(row->took_ns, took, sizeof(took)));
	snprintf(what, sizeof(what), ": %s%s%s%s", suite_status_words[row->status], after,
		row->reason[0] != '\0' ? ": " : "", row->reason);
	say_row(suite, i, what);
}

static void
suite_take_row(struct suite *suite, size_t i)
{
	const struct suite_item *item = &suite->plan->items[i];
	struct suite_row *row = &suite->record.rows[i];
	int64_t limit_ns = suite->plan->limit_ns, now_ns = clock_now_ns(&monotonic_clock) - suite->began_ns;
	char limit[32], reason[FINDING_TEXT_MAX + SUITE_TEXT_MAX];

	if (limit_ns > 0 && now_ns >= limit_ns) {
		snprintf(reason, sizeof(reason), "the suite's limit of %s was over",
			units_time_text(limit_ns, limit, sizeof(limit)));
		pass_over(row, SUITE_NOT_RUN, SUITE_CAUSE_LIMIT, reason);
	} else if (needs_passed(suite, item, row) && condition_holds(suite, item, row)) {
		if (suite_is_interrupted(suite)) /* while its condition was looked at */
			return;
		snprintf(reason, sizeof(reason), " (%s)", row->profile);
		say_row(suite, i, reason);
		run_item(suite, item, row);
	}
	say_end(suite, i);
}

static void
suite_go(struct suite *suite)
{
	for (size_t i = 0; i < suite->plan->items_n && !suite_is_interrupted(suite); i++) {
		suite_take_row(suite, i);
		suite_keep(suite);
	}
	for (size_t i = 0; suite->is_interrupted && i < suite->record.rows_n; i++)
		if (suite->record.rows[i].cause == SUITE_CAUSE_NOT_BEGUN)
			pass_over(&suite->record.rows[i], SUITE_NOT_RUN, SUITE_CAUSE_INTERRUPTED,
				"the suite was interrupted before");
	suite->record.has_ended = !suite->is_interrupted;
}

static bool
print_to(FILE *stream, const struct buf *text)
{
	bool is_written = fwrite(text->bytes, 1, text->length, stream) == text->length;

	return fflush(stream) == 0 && is_written;
}

static void
suite_print(const struct suite *suite)
{
	const struct suite_options *options = suite->options;
	FILE *stream = options->is_json ? stderr : stdout;
	struct terminal_style style = terminal_style_of(stream);
	bool is_printed = true;
	struct buf text;

	buf_init(&text, SUITE_DOCUMENT_CEILING);
	if (options->is_json)
		is_printed = suite_add_json(&suite->record, &text) && print_to(stdout, &text);
	buf_clear(&text);
	if (!options->is_quiet || suite->record.exit_code != EXIT_PASSED)
		is_printed = suite_add_terminal(&suite->record, suite->dir, &style, &text) && print_to(stream, &text) &&
			     is_printed;
	buf_fini(&text);
	if (!is_printed)
		log_warn("the report could not be printed: %s", strerror(errno));
}

/* suite.json last: where it says that the suite has ended, everything is there. */
static int
suite_conclude(struct suite *suite)
{
	struct error err = {0};
	char text[1400];

	suite->record.took_ns = clock_now_ns(&monotonic_clock) - suite->began_ns;
	suite_judge(&suite->record);
	for (const struct suite_document *document = suite_documents; document->file != NULL; document++)
		if (!write_document(suite, document, &err) && !suite->record.is_lost) {
			log_error("%s", error_text(&err, text, sizeof(text)));
			suite->record.is_lost = true;
			suite_judge(&suite->record);
		}
	if (suite->options->out_dir == NULL)
		result_dir_link_latest(suite->dir);
	suite_print(suite);
	return suite->record.exit_code;
}

int
suite_run(const struct suite_options *options)
{
	struct suite suite;
	struct error err = {0};
	char text[1400];
	int exit_code = EXIT_USAGE;

	suite_init(&suite, options);
	if (suite_open(&suite, &err)) {
		suite_go(&suite);
		exit_code = suite_conclude(&suite);
	} else
		log_error("%s", error_text(&err, text, sizeof(text)));
	suite_fini(&suite);
	return exit_code;
}
