#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/rejudge.h"
#include "cmd/command.h"
#include "cmd/tables.h"
#include "report/reporter.h"

#define REPORT_DOCUMENT_CEILING ((size_t)64 * 1024 * 1024)
#define REPORT_FORMATS_MAX 8

/* `brunt report DIR|result.json`: prints what a finished run left; a run that was killed is rebuilt from its journal.
 */
struct asked {
	char dir[PATH_MAX];
	char result[PATH_MAX]; /* its result.json */
	const struct reporter_ops *formats[REPORT_FORMATS_MAX];
	size_t formats_n;
};

static bool
add_format(struct asked *asked, const char *name, struct error *err)
{
	const struct reporter_ops *reporter = reporter_by_name(name);
	char known[256] = "";

	if (reporter != NULL && asked->formats_n < REPORT_FORMATS_MAX) {
		asked->formats[asked->formats_n++] = reporter;
		return true;
	}
	for (size_t i = 0, used = 0; reporters[i] != NULL && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", reporters[i]->name);
	return error_set(err, "--format: '%s' is not a format; there are %s", name, known);
}

static bool
add_formats(struct asked *asked, const char *list, struct error *err)
{
	char *copy = must_strdup(list), *rest = copy, *name;
	bool is_good = true;

	while (is_good && (name = strsep(&rest, ",")) != NULL)
		is_good = add_format(asked, name, err);
	free(copy);
	return is_good;
}

/* By what stands at its beginning: it may have been renamed. */
static bool
is_result(const char *path)
{
	char start[256] = "";

	return file_read_small(path, start, sizeof(start)) > 0 && strstr(start, "\"brunt/result/1\"") != NULL;
}

static bool
find_result(struct asked *asked, const char *path, struct error *err)
{
	struct stat status;

	if (strlen(path) + 64 > sizeof(asked->dir))
		return error_set(err, "the path '%s' is too long", path);
	if (stat(path, &status) != 0)
		return error_set(err, "cannot read '%s': %s", path, strerror(errno));
	snprintf(asked->dir, sizeof(asked->dir), "%s", path);
	for (size_t n = strlen(asked->dir); n > 1 && asked->dir[n - 1] == '/'; n--)
		asked->dir[n - 1] = '\0';
	if (S_ISDIR(status.st_mode)) {
		snprintf(asked->result, sizeof(asked->result), "%.*s/result.json", PATH_MAX - 16, asked->dir);
		return true;
	}
	if (!is_result(path))
		return error_set(err, "'%s' is neither a results directory nor a result.json", path);
	snprintf(asked->result, sizeof(asked->result), "%s", path);
	char *slash = strrchr(asked->dir, '/');

	if (slash == NULL)
		snprintf(asked->dir, sizeof(asked->dir), ".");
	else
		slash[slash == asked->dir ? 1 : 0] = '\0';
	return true;
}

static bool
parse_arguments(int argc, char **argv, struct asked *asked, struct error *err)
{
	const char *path = NULL, *formats = "text";

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--format") == 0 && i + 1 < argc)
			formats = argv[++i];
		else if (strncmp(argv[i], "--format=", 9) == 0)
			formats = argv[i] + 9;
		else if (argv[i][0] == '-')
			return error_set(
				err, "'%s' is not an option of brunt report; there is --format FORMAT,...", argv[i]);
		else if (path != NULL)
			return error_set(err, "'%s': one results directory at a time", argv[i]);
		else
			path = argv[i];
	}
	if (path == NULL)
		return error_set(err, "which results? brunt report DIR, or DIR/result.json");
	return add_formats(asked, formats, err) && find_result(asked, path, err);
}

static bool
print(const char *bytes, size_t length)
{
	bool is_printed = fwrite(bytes, 1, length, stdout) == length && fflush(stdout) == 0;

	if (!is_printed)
		log_error("cannot write to standard output: %s", strerror(errno));
	return is_printed;
}

/* A document that the run itself wrote; false without err: there is none. */
static bool
print_stored(const struct asked *asked, const struct reporter_ops *format, bool *is_printed)
{
	char path[PATH_MAX + 64];
	struct error ignored = {0};
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", asked->dir, format->file);
	char *text = file_read(
		strcmp(format->name, "json") == 0 ? asked->result : path, REPORT_DOCUMENT_CEILING, &length, &ignored);

	if (text == NULL)
		return false;
	*is_printed = print(text, length);
	free(text);
	return true;
}

static struct run_identity
identity_of(const struct rebuilt *rebuilt)
{
	struct tm tm = {0};
	bool has_start = strptime(rebuilt->started_at, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL;

	return (struct run_identity){
		.id = rebuilt->id, .started_wall_ns = has_start ? (int64_t)timegm(&tm) * NS_PER_S : 0, .shards = 1};
}

static bool
print_rebuilt(const struct asked *asked, const struct plan *plan, const struct rejudged *rejudged)
{
	const struct rebuilt *rebuilt = &rejudged->rebuilt;
	struct report report = {.plan = plan,
		.summary = rebuilt->summary,
		.verdict = rejudged->verdict,
		.identity = identity_of(rebuilt),
		.duration_ns = rebuilt->last_ns,
		.pacing = "not known",
		.results_dir = asked->dir};
	bool is_printed = true;

	for (size_t i = 0; is_printed && i < asked->formats_n; i++) {
		struct buf document;

		buf_init(&document, REPORT_DOCUMENT_CEILING);
		is_printed = asked->formats[i]->write(&report, &document) && print(document.bytes, document.length);
		buf_fini(&document);
	}
	return is_printed;
}

/* From profile.yaml and events.ndjson: what a run that was killed has measured up to its last whole interval. */
static bool
rebuild(const struct asked *asked, bool *is_printed, struct error *err)
{
	char profile[PATH_MAX + 16], events[PATH_MAX + 16], runs[PATH_MAX + 16];
	struct rejudged rejudged;

	snprintf(runs, sizeof(runs), "%s/runs", asked->dir);
	if (access(runs, R_OK) == 0)
		return error_set(err,
			"'%s' is of an experiment that did not end; what its runs measured lies in '%s', each of which "
			"brunt report takes",
			asked->dir, runs);

	snprintf(profile, sizeof(profile), "%s/profile.yaml", asked->dir);
	snprintf(events, sizeof(events), "%s/events.ndjson", asked->dir);
	struct plan *plan = plan_load_file(profile, NULL, 0, cmd_tables(), err);

	if (plan == NULL)
		return false;
	bool is_rebuilt = rejudge(&rejudged, events, plan, err);

	if (is_rebuilt) {
		*is_printed = print_rebuilt(asked, plan, &rejudged);
		rejudged_fini(&rejudged);
	}
	plan_free(plan);
	return is_rebuilt;
}

static int
complain(const struct error *err)
{
	char text[1400];

	log_error("%s", error_text(err, text, sizeof(text)));
	return EXIT_USAGE;
}

static int
report_run(int argc, char **argv)
{
	struct asked asked = {0};
	struct error err = {0};
	bool is_printed = true;

	if (!parse_arguments(argc, argv, &asked, &err))
		return complain(&err);
	if (access(asked.result, R_OK) != 0) {
		if (!rebuild(&asked, &is_printed, &err))
			return complain(&err);
		return is_printed ? EXIT_PASSED : EXIT_INTERNAL;
	}
	for (size_t i = 0; i < asked.formats_n && is_printed; i++)
		if (!print_stored(&asked, asked.formats[i], &is_printed)) {
			struct asked one = asked;

			one.formats[0] = asked.formats[i];
			one.formats_n = 1;
			if (!rebuild(&one, &is_printed, &err))
				return complain(&err);
		}
	return is_printed ? EXIT_PASSED : EXIT_INTERNAL;
}

const struct command report_command = {
	.name = "report",
	.usage = "brunt report DIR|result.json [--format text,json]",
	.help = "print the report of a finished run, or of what a killed one left",
	.options = "  --format FORMATS   text (the default) or json; several with commas between them\n",
	.run = report_run,
};
