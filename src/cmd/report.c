#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/report_suite.h"
#include "cmd/results.h"
#include "report/reporter.h"

#define REPORT_DOCUMENT_CEILING ((size_t)64 * 1024 * 1024)

/* `brunt report DIR|result.json`: the documents of a run or experiment, as it wrote them; those that it did not write,
 * and all of one that was killed, are made of the journals. */
struct asked {
	char dir[PATH_MAX];
	char result[PATH_MAX]; /* its result.json */
	struct document_list documents;
	const char *out_dir; /* they are written there; NULL: to stdout */
};

/* By what stands at its beginning: it may have been renamed. */
static bool
is_result(const char *path)
{
	char start[256] = "";

	return file_read_small(path, start, sizeof(start)) > 0 &&
	       (strstr(start, "\"brunt/result/1\"") != NULL || strstr(start, "\"brunt/suite/1\"") != NULL);
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
		return error_set(err, "'%s' is neither a results directory nor a result.json or suite.json", path);
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
		else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
			asked->out_dir = argv[++i];
		else if (strncmp(argv[i], "--out=", 6) == 0)
			asked->out_dir = argv[i] + 6;
		else if (argv[i][0] == '-')
			return error_set(err,
				"'%s' is not an option of brunt report; there are --format FORMATS and --out DIR",
				argv[i]);
		else if (path != NULL)
			return error_set(err, "'%s': one results directory at a time", argv[i]);
		else
			path = argv[i];
	}
	if (path == NULL)
		return error_set(err, "which results? brunt report DIR, or DIR/result.json");
	return documents_parse(&asked->documents, formats, err) && find_result(asked, path, err);
}

static bool
print(const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, stdout) == length && fflush(stdout) == 0;
}

/* To stdout, an empty line between one document and the next; or into a directory, under its name. */
static bool
deliver(const struct asked *asked, size_t i, const char *bytes, size_t length)
{
	char path[PATH_MAX + 64];
	struct error err = {0};

	if (asked->out_dir == NULL) {
		bool is_printed = (i == 0 || print("\n", 1)) && print(bytes, length);

		if (!is_printed)
			log_error("cannot write to standard output: %s", strerror(errno));
		return is_printed;
	}
	snprintf(path, sizeof(path), "%s/%s", asked->out_dir, asked->documents.items[i]->file);
	bool is_written = file_make_dirs(asked->out_dir, &err) && file_write_atomic(path, bytes, length, &err);

	if (!is_written)
		log_error("%s", err.message);
	return is_written;
}

/* As the run itself wrote it; NULL: it did not. */
static char *
read_stored(const struct asked *asked, const struct report_document *document, size_t *length)
{
	char path[PATH_MAX + 64];
	struct error ignored = {0};

	snprintf(path, sizeof(path), "%s/%s", asked->dir, document->file);
	if (access(asked->result, R_OK) != 0)
		return NULL; /* it did not come to its end: none is there, or none that is whole */
	return file_read(strcmp(document->file, RESULT_FILE) == 0 ? asked->result : path, REPORT_DOCUMENT_CEILING,
		length, &ignored);
}

static int
complain(const struct error *err)
{
	char text[1400];

	log_error("%s", error_text(err, text, sizeof(text)));
	return EXIT_USAGE;
}

static int
deliver_anew(const struct asked *asked, size_t i, const struct report *report)
{
	struct buf text;

	buf_init(&text, REPORT_DOCUMENT_CEILING);
	bool is_written = asked->documents.items[i]->write(report, &text);

	if (!is_written)
		log_error("%s would be too large", asked->documents.items[i]->file);
	is_written = is_written && deliver(asked, i, text.bytes, text.length);
	buf_fini(&text);
	return is_written ? EXIT_PASSED : EXIT_INTERNAL;
}

/* results: read when they are first wanted. */
static int
deliver_one(const struct asked *asked, size_t i, struct results **results)
{
	struct error err = {0};
	size_t length;
	char *stored = read_stored(asked, asked->documents.items[i], &length);

	if (stored != NULL) {
		bool is_delivered = deliver(asked, i, stored, length);

		free(stored);
		return is_delivered ? EXIT_PASSED : EXIT_INTERNAL;
	}
	if (*results == NULL && (*results = results_read(asked->dir, &err)) == NULL)
		return complain(&err);
	return deliver_anew(asked, i, results_report(*results));
}

static int
report_run(int argc, char **argv)
{
	struct asked asked = {0};
	struct error err = {0};
	struct results *results = NULL;
	int exit_code = EXIT_PASSED;

	if (!parse_arguments(argc, argv, &asked, &err))
		return complain(&err);
	if (report_suite_is(asked.dir))
		return report_suite(asked.dir, &asked.documents, asked.out_dir);
	for (size_t i = 0; i < asked.documents.n && exit_code == EXIT_PASSED; i++)
		exit_code = deliver_one(&asked, i, &results);
	results_free(results);
	return exit_code;
}

const struct command report_command = {
	.name = "report",
	.usage = "brunt report DIR|result.json [--format FORMATS] [--out DIR]",
	.help = "print the report of a finished run, experiment or suite, or of what a killed one left",
	.options = "  --format FORMATS  text (the default), json and others, with commas between them; brunt help "
		   "profile\n                    has the list; one of several documents by its name: levels.csv\n"
		   "  --out DIR         write them there, under the names that they have among the results\n",
	.run = report_run,
};
