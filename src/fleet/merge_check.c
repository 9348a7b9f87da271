#include "fleet/merge_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

/* A run that was killed keeps the name that says so. */
static bool
open_one(struct stored_shard *shard, const char *path, struct error *err)
{
	char partial[PATH_MAX];
	struct stat status;

	snprintf(partial, sizeof(partial), "%.*s.partial", PATH_MAX - 16, path);
	bool is_partial = stat(path, &status) != 0 && stat(partial, &status) == 0;

	return stored_shard_open(shard, is_partial ? partial : path, err);
}

static bool
check_total(struct merge *merge, const struct stored_shard *shard, struct error *err)
{
	uint32_t expected = merge->options->expected;

	if (shard->shards < 2 && expected != 1)
		return error_set(err,
			"'%s' is a whole run and no shard of one; shards are sent by brunt run --shard I/N",
			shard->dir);
	if (shard->shards > SHARDS_MAX || shard->shard >= shard->shards)
		return error_set(err, "'%s' takes itself for shard %u of %u, which cannot be", shard->dir, shard->shard,
			shard->shards);
	if (expected != 0 && expected != shard->shards)
		return error_set(
			err, "'%s' is one of %u shards, and --expect says %u", shard->dir, shard->shards, expected);
	merge->total = shard->shards;
	return true;
}

static bool
differ(const struct stored_shard *one, const struct stored_shard *other, const char *what, const char *a, const char *b,
	struct error *err)
{
	return error_set(err, "'%.300s' and '%.300s' cannot be merged: %s: %.160s, and %.160s", one->dir, other->dir,
		what, a, b);
}

static bool
check_alike(const struct stored_shard *one, const struct stored_shard *other, struct error *err)
{
	char words[512], a[48], b[48];

	if (strcmp(one->hash, other->hash) != 0) {
		stored_shard_difference(one, other, words, sizeof(words));
		return words[0] == '\0'
			       ? differ(one, other, "their profiles differ", one->hash, other->hash, err)
			       : error_set(err, "'%.300s' and '%.300s' cannot be merged: their profiles differ: %.300s",
					 one->dir, other->dir, words);
	}
	const char *file = stored_shard_other_file(one, other);

	if (file != NULL)
		return error_set(err,
			"'%.300s' and '%.300s' cannot be merged: '%.200s', which their profile names, held something else for "
			"the one than for the other: they sent parts of two loads",
			one->dir, other->dir, file);
	if (strcmp(one->brunt, other->brunt) != 0)
		return differ(one, other, "the versions of brunt differ", one->brunt, other->brunt, err);
	snprintf(a, sizeof(a), "one of %u", one->shards);
	snprintf(b, sizeof(b), "one of %u", other->shards);
	if (one->shards != other->shards)
		return differ(one, other, "--shard differs", a, b, err);
	if (one->start_at_wall_ns == other->start_at_wall_ns)
		return true;
	snprintf(a, sizeof(a), "none");
	snprintf(b, sizeof(b), "none");
	if (one->start_at_wall_ns != 0)
		wall_text_ns(one->start_at_wall_ns, a, sizeof(a));
	if (other->start_at_wall_ns != 0)
		wall_text_ns(other->start_at_wall_ns, b, sizeof(b));
	return differ(one, other, "--start-at differs", a, b, err);
}

/* By their own numbers, whatever the order on the command line: the result is the same. */
static bool
find_places(struct merge *merge, struct error *err)
{
	merge->by_index = must_calloc(merge->total, sizeof(struct stored_shard *));
	for (uint32_t i = 0; i < merge->shards_n; i++) {
		struct stored_shard *shard = &merge->shards[i], **place = &merge->by_index[shard->shard];

		if (*place != NULL)
			return error_set(err,
				"'%.300s' and '%.300s' are both shard %u/%u: counted twice, it would be wrong",
				(*place)->dir, shard->dir, shard->shard, shard->shards);
		*place = shard;
	}
	return true;
}

static bool
load_plan(struct merge *merge, struct error *err)
{
	merge->plan = merge_load_plan(merge->shards, merge->shards_n, merge->options->tables, err);
	if (merge->plan == NULL)
		return false;
	merge->plan->output.requests_log = REQUESTS_LOG_OFF; /* each shard has kept its own */
	return true;
}

bool
merge_open(struct merge *merge, struct error *err)
{
	const struct merge_options *options = merge->options;

	merge->shards = must_calloc(options->dirs_n, sizeof(*merge->shards));
	for (; merge->shards_n < options->dirs_n; merge->shards_n++)
		if (!open_one(&merge->shards[merge->shards_n], options->dirs[merge->shards_n], err))
			return false;
	for (uint32_t i = 0; i < merge->shards_n; i++)
		if (!check_alike(&merge->shards[0], &merge->shards[i], err) ||
			!check_total(merge, &merge->shards[i], err))
			return false;
	return find_places(merge, err) && load_plan(merge, err);
}

void
merge_close(struct merge *merge)
{
	for (uint32_t i = 0; i < merge->shards_n; i++)
		stored_shard_close(&merge->shards[i]);
	free(merge->shards);
	free((void *)merge->by_index);
	free(merge->records);
	if (merge->plan != NULL)
		plan_free(merge->plan);
}

bool
merge_scan(struct merge *merge, struct error *err)
{
	for (uint32_t i = 0; i < merge->shards_n; i++)
		if (!stored_shard_scan(&merge->shards[i], merge->plan, err))
			return false;
	return true;
}

static void
widen(const struct stored_shard *shard, const struct stored_level *said, struct stored_level *level)
{
	/* Its count was never reached: it went on for as long as it is known. */
	int64_t end_ns = said->end_ns != INT64_MAX         ? said->end_ns
			 : shard->last_ns > said->start_ns ? shard->last_ns
							   : said->start_ns + 1;

	if (!level->is_known)
		*level = (struct stored_level){true, said->start_ns, end_ns, said->offered};
	if (said->start_ns > level->start_ns)
		level->start_ns = said->start_ns;
	if (end_ns > level->end_ns)
		level->end_ns = end_ns;
}

bool
merge_level(const struct merge *merge, uint32_t index, struct stored_level *level)
{
	*level = (struct stored_level){.is_known = false};
	for (uint32_t i = 0; i < merge->shards_n; i++) {
		const struct stored_shard *shard = &merge->shards[i];

		if (index == LEVEL_WARMUP && shard->warmup.is_known)
			widen(shard, &shard->warmup, level);
		else if (index < shard->levels_n && shard->levels[index].is_known)
			widen(shard, &shard->levels[index], level);
	}
	return level->is_known;
}

static int
by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* When most of them began: the one in the middle. */
static int64_t
usual_beginning(const struct merge *merge)
{
	int64_t *began = must_calloc((size_t)merge->shards_n + 1, sizeof(*began)), usual;
	size_t n = 0;

	for (uint32_t i = 0; i < merge->shards_n; i++)
		if (merge->shards[i].began_wall_ns != 0)
			began[n++] = merge->shards[i].began_wall_ns;
	qsort(began, n, sizeof(*began), by_time);
	usual = n > 0 ? began[(n - 1) / 2] : 0;
	free(began);
	return usual;
}

static void __attribute__((format(printf, 2, 3))) remark(struct run_facts *facts, const char *format, ...)
{
	va_list args;

	if (facts->remarks_n == RUN_REMARKS_MAX)
		return;
	va_start(args, format);
	vsnprintf(facts->remarks[facts->remarks_n++], FINDING_TEXT_MAX, format, args);
	va_end(args);
}

static void
note_skew(struct merge *merge, const struct stored_shard *shard, struct shard_record *record)
{
	int64_t meant_ns = shard->start_at_wall_ns != 0 ? shard->start_at_wall_ns : merge->t0_wall_ns;
	char far[32];

	record->has_skew = shard->began_wall_ns != 0 && meant_ns != 0;
	if (!record->has_skew)
		return;
	record->skew_ns = shard->began_wall_ns - meant_ns;
	int64_t apart_ns = llabs(record->skew_ns);

	if (apart_ns <= MERGE_SKEW_TOLD_NS)
		return;
	snprintf(record->text, sizeof(record->text), "began %s %s than %s", units_time_text(apart_ns, far, sizeof(far)),
		record->skew_ns > 0 ? "later" : "sooner",
		shard->start_at_wall_ns != 0 ? "--start-at said" : "most of the others");
	remark(&merge->facts, "shard %u/%u %s%s", shard->shard, merge->total, record->text,
		apart_ns > MERGE_SKEW_MOST_NS ? ": what all were to send at one moment was sent at several" : "");
	merge->facts.is_doubtful = merge->facts.is_doubtful || apart_ns > MERGE_SKEW_MOST_NS;
}

/* What became of one that did not send its share to the end; false: it did. */
static bool
fate_of(const struct merge *merge, const struct stored_shard *shard, char *into, size_t size)
{
	char at[32];

	units_time_text(shard->last_ns, at, sizeof(at));
	if (!shard->has_end)
		snprintf(into, size, "was killed, or goes on: its journal ends at %s", at);
	else if (strcmp(shard->status, "interrupted") == 0)
		snprintf(into, size, "was stopped at %s by signal %d (%s)", at, shard->exit_code - 128,
			strsignal(shard->exit_code - 128));
	else if (strcmp(shard->status, "unreachable") == 0)
		snprintf(into, size, "could not reach the target%s",
			merge->facts.was_unreachable ? "" : ", which answers others");
	else if (shard->exit_code == EXIT_INTERNAL)
		snprintf(into, size, "lost a part of its results: %.100s", shard->reason);
	else
		return false;
	return true;
}

static void
note_lost(struct merge *merge, int64_t last_ns, const char *text)
{
	struct run_facts *facts = &merge->facts;

	if (facts->workers_lost++ == 0) {
		snprintf(facts->worker_lost_text, sizeof(facts->worker_lost_text), "%.150s", text);
		facts->worker_lost_ns = last_ns;
		return;
	}
	facts->workers_named += facts->remarks_n < RUN_REMARKS_MAX;
	if (last_ns < facts->worker_lost_ns)
		facts->worker_lost_ns = last_ns;
	remark(facts, "%s", text);
}

/* All in one sentence: "shards 1/8, 2/8, 5/8 and 40 more are missing". */
static void
note_missing(struct merge *merge)
{
	char text[160] = "";
	uint32_t missing = 0, named = 0;

	for (uint32_t i = 0; i < merge->total; i++) {
		if (merge->by_index[i] != NULL)
			continue;
		missing++;
		merge->records[i].is_lost = true;
		snprintf(merge->records[i].text, sizeof(merge->records[i].text), "is missing");
		if (strlen(text) + 48 > sizeof(text))
			continue;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u/%u", named > 0 ? ", " : "", i,
			merge->total);
		named++;
	}
	if (missing == 0)
		return;
	struct run_facts *facts = &merge->facts;

	snprintf(facts->worker_lost_text, sizeof(facts->worker_lost_text), "shard%s %.110s", missing > 1 ? "s" : "",
		text);
	if (missing > named)
		snprintf(facts->worker_lost_text + strlen(facts->worker_lost_text),
			sizeof(facts->worker_lost_text) - strlen(facts->worker_lost_text), " and %u more",
			missing - named);
	snprintf(facts->worker_lost_text + strlen(facts->worker_lost_text),
		sizeof(facts->worker_lost_text) - strlen(facts->worker_lost_text), " %s missing",
		missing > 1 ? "are" : "is");
	facts->workers_lost = facts->workers_named = missing;
	facts->worker_lost_ns = 0;
}

static bool
none_reached_the_target(const struct merge *merge)
{
	for (uint32_t i = 0; i < merge->total; i++)
		if (merge->by_index[i] == NULL || strcmp(merge->by_index[i]->status, "unreachable") != 0)
			return false;
	return true;
}

static void
note_unreachable(struct merge *merge)
{
	static const char said[] = "the target could not be reached: ";
	const char *reason = merge->shards[0].reason;

	merge->facts.was_unreachable = none_reached_the_target(merge);
	if (merge->facts.was_unreachable)
		snprintf(merge->facts.unreachable_text, sizeof(merge->facts.unreachable_text), "%s",
			strncmp(reason, said, sizeof(said) - 1) == 0 ? reason + sizeof(said) - 1 : reason);
}

void
merge_note_shards(struct merge *merge)
{
	struct run_facts *facts = &merge->facts;

	merge->records = must_calloc(merge->total, sizeof(*merge->records));
	merge->t0_wall_ns = usual_beginning(merge);
	facts->workers = merge->total;
	facts->workers_named = 1;
	note_unreachable(merge);
	note_missing(merge);
	for (uint32_t i = 0; i < merge->total; i++) {
		const struct stored_shard *shard = merge->by_index[i];
		struct shard_record *record = &merge->records[i];
		char fate[160], text[200];

		record->shard = i;
		if (shard == NULL)
			continue;
		snprintf(record->dir, sizeof(record->dir), "%s", shard->dir);
		note_skew(merge, shard, record);
		record->is_lost = fate_of(merge, shard, fate, sizeof(fate));
		if (record->is_lost) {
			snprintf(record->text, sizeof(record->text), "%s", fate);
			snprintf(text, sizeof(text), "shard %u/%u %.130s", i, merge->total, fate);
			if (!facts->was_unreachable)
				note_lost(merge, shard->last_ns, text);
		} else if (shard->exit_code != EXIT_PASSED) {
			snprintf(record->text, sizeof(record->text), "says of itself: %.130s", shard->reason);
			remark(facts, "shard %u/%u %s", i, merge->total, record->text);
		}
		facts->paced_relaxed = facts->paced_relaxed || strcmp(shard->pacing, "relaxed") == 0;
	}
}
