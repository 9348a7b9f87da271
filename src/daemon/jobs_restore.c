#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/jobs_parts.h"
#include "daemon/orphan.h"
#include "daemon/sweep.h"
#include "measure/json.h"
#include "measure/json_read.h"

#define WISH_BYTES_MAX ((size_t)1024 * 1024)

bool
wish_write(const char *dir, const struct submission *submission, struct error *err)
{
	char path[4200];
	struct buf text;

	snprintf(path, sizeof(path), "%.4000s/job.json", dir);
	buf_init(&text, WISH_BYTES_MAX);
	json_open(&text, NULL, '{');
	if (submission->profile != NULL)
		json_add_text(&text, "profile", submission->profile);
	if (submission->baseline != NULL)
		json_add_text(&text, "baseline", submission->baseline);
	json_add_u64(&text, "workers", submission->sharing.workers);
	json_add_u64(&text, "shards", submission->sharing.shards);
	json_open(&text, "settings", '[');
	for (size_t i = 0; i < submission->settings_n; i++)
		json_add_text(&text, NULL, submission->settings[i]);
	json_close(&text, ']');
	json_close(&text, '}');
	bool is_written = text.overflowed ? error_set(err, "the settings are larger than %zu bytes", WISH_BYTES_MAX)
					  : file_write_atomic(path, text.bytes, text.length, err);

	buf_fini(&text);
	return is_written;
}

static bool
take_settings(struct submission *submission, const cJSON *wish, struct error *err)
{
	const cJSON *setting;

	cJSON_ArrayForEach(setting, cJSON_GetObjectItemCaseSensitive(wish,
					    "settings")) if (!cJSON_IsString(setting) ||
							     !submission_add_setting(submission, setting->valuestring,
								     err)) return error_set(err,
		"job.json: what is among its settings is none");
	return true;
}

/* Jobs of earlier versions have none. */
static uint64_t
count_of(const cJSON *wish, const char *name)
{
	const cJSON *count = cJSON_GetObjectItemCaseSensitive(wish, name);

	return cJSON_IsNumber(count) && count->valueint > 0 ? (uint64_t)count->valueint : 0;
}

static bool
take_wish(struct submission *submission, const char *dir, const cJSON *wish, struct error *err)
{
	const cJSON *profile = cJSON_GetObjectItemCaseSensitive(wish, "profile");
	const cJSON *baseline = cJSON_GetObjectItemCaseSensitive(wish, "baseline");
	char path[4200];
	size_t length;

	submission->sharing =
		(struct sharing){.workers = count_of(wish, "workers"), .shards = count_of(wish, "shards")};
	if (cJSON_IsString(baseline))
		submission->baseline = arena_strdup(&submission->arena, baseline->valuestring);
	if (cJSON_IsString(profile)) {
		submission_take_profile(submission, profile->valuestring);
		return take_settings(submission, wish, err);
	}
	snprintf(path, sizeof(path), "%.4000s/profile.yaml", dir);
	char *text = file_read(path, PLAN_FILE_CEILING, &length, err);

	if (text == NULL)
		return false;
	submission_take_text(submission, text, length);
	free(text);
	return take_settings(submission, wish, err);
}

bool
wish_read(const char *dir, struct submission *submission, struct error *err)
{
	char path[4200];
	size_t length;
	struct json_reader reader = {.err = err};

	snprintf(path, sizeof(path), "%.4000s/job.json", dir);
	char *text = file_read(path, WISH_BYTES_MAX, &length, err);
	cJSON *wish = text != NULL ? json_parse(&reader, text, length, WISH_BYTES_MAX) : NULL;
	bool is_read = wish != NULL && take_wish(submission, dir, wish, err);

	cJSON_Delete(wish);
	free(text);
	return is_read;
}

/* Whether its run got as far as to make its directory. */
static bool
had_begun(const char *dir)
{
	char path[4200];

	snprintf(path, sizeof(path), "%.4000s/results", dir);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof(path), "%.4000s/results.partial", dir);
	return access(path, F_OK) == 0;
}

/* As it stands in the ledger: newest first, so that each goes before those that are there. */
static bool
restore_row(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct jobs *jobs = context;
	struct live *live = live_new(jobs);

	(void)figures;
	(void)n;
	live->row = *run;
	live_copy_row(live, &live->arena, &live->row);
	live->is_kept = true;
	list_remove(&live->node);
	list_add_first(&jobs->live, &live->node);
	return true;
}

/* The daemon may have been killed between the start of a run and the word about it. Who was finishing one is killed as
 * well, and waited for: it would go on to write where its run's results were before they are finished anew. */
static void
find_process(struct live *live, const struct orphan *orphans, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(orphans[i].id, live->row.id) != 0 || (!orphans[i].is_finisher && live->row.pid != 0))
			continue;
		live->row.pid = orphans[i].pid;
		live->row.pid_start = job_pid_start(orphans[i].pid);
		if (orphans[i].is_finisher)
			(void)kill((pid_t)orphans[i].pid, SIGKILL); /* gone already: that is what was wanted */
	}
}

/* Waits again, or is over. */
static void
restore(struct live *live)
{
	struct jobs *jobs = live->jobs;
	struct error err = {0};
	char dir[4096];

	jobs_dir(jobs->config.config, live->row.id, dir, sizeof(dir));
	submission_init(&live->submission);
	bool is_known = wish_read(dir, &live->submission, &err) &&
			submission_check(&live->submission, &jobs->config.terms, &err);

	live->item = (struct queue_item){.targets = live->submission.targets, .targets_n = live->submission.targets_n};
	bool has_begun = had_begun(dir) || live->row.pid > 0;
	bool waits = live->row.state == LEDGER_QUEUED && is_known && !has_begun;

	queue_restore(&jobs->queue, &live->item, !waits);
	if (waits)
		return;
	if (live->row.state == LEDGER_QUEUED && !has_begun)
		log_warn("run %s waited, and cannot begin any more: %s", live->row.id, err.message);
	else
		log_info("run %s was under way when the daemon ended", live->row.id);
	live_await_orphan(live);
	if (live->orphan_pid == 0)
		live_end(live, -1, false);
}

bool
jobs_restore(struct jobs *jobs, struct ledger *ledger, struct error *err)
{
	const struct ledger_filter filter = {.states = BIT(LEDGER_QUEUED) | BIT(LEDGER_RUNNING) | BIT(LEDGER_STOPPING)};

	struct orphan orphans[ORPHANS_MAX];
	size_t n = orphans_find(jobs->config.config->data, orphans);

	sweep_data(jobs->config.config->data, ledger);
	if (!ledger_list_runs(ledger, &filter, restore_row, jobs, err))
		return false;
	for (struct list *node = jobs->live.next, *next; node != &jobs->live; node = next) {
		struct live *live = container_of(node, struct live, node);

		next = node->next;
		find_process(live, orphans, n);
		restore(live);
	}
	return true;
}
