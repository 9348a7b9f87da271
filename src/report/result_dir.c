#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "report/journal.h"
#include "report/reporter.h"

#define RESULT_DOCUMENT_CEILING ((size_t)64 * 1024 * 1024)
#define RESULT_PARTIAL ".partial"

struct result_dir {
	char path[PATH_MAX];    /* its final name */
	char working[PATH_MAX]; /* where it is written: path.partial, or path itself where that was there and empty */
	char parent[PATH_MAX];
	bool is_latest_wanted; /* results/<name>/latest: not where --out named the directory */
	struct journal events, hlog, requests;
	struct error lost; /* the first thing that could not be written at the end */
};

static void
parent_of(const char *path, char *into, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(into, size, ".");
	else
		snprintf(into, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static bool
place(struct result_dir *dir, const struct plan *plan, const struct run_identity *identity, const char *exactly)
{
	int n;

	if (exactly != NULL) {
		size_t length = strlen(exactly);

		while (length > 1 && exactly[length - 1] == '/')
			length--;
		n = snprintf(dir->path, sizeof(dir->path), "%.*s", (int)length, exactly);
	} else
		n = snprintf(dir->path, sizeof(dir->path), "%s/%s/%s", plan->output.dir, plan->name, identity->id);
	dir->is_latest_wanted = exactly == NULL;
	parent_of(dir->path, dir->parent, sizeof(dir->parent));
	int m = snprintf(dir->working, sizeof(dir->working), "%.*s" RESULT_PARTIAL, PATH_MAX - 16, dir->path);

	return n > 0 && (size_t)n < sizeof(dir->path) - sizeof(RESULT_PARTIAL) && (size_t)m < sizeof(dir->working);
}

/* A directory that is there and empty may be a mount point, which cannot be renamed over: it is written in place, and
 * result.json, which comes last, says that it is whole. */
static bool
make_working(struct result_dir *dir, struct error *err)
{
	struct stat status;

	if (stat(dir->path, &status) == 0) {
		if (!S_ISDIR(status.st_mode) || !file_is_empty_dir(dir->path))
			return error_set(
				err, "'%s' is there already; results go into a new or empty directory", dir->path);
		snprintf(dir->working, sizeof(dir->working), "%s", dir->path);
		return true;
	}
	if (!file_make_dirs(dir->parent, err))
		return false;
	if (mkdir(dir->working, 0777) != 0) {
		if (errno == EEXIST)
			return error_set(err,
				"'%s' is left of a run that did not end; see it with brunt report, or remove it",
				dir->working);
		return error_set(err, "cannot make the directory '%s': %s", dir->working, strerror(errno));
	}
	return true;
}

static const char *
path_in(const struct result_dir *dir, const char *name, char into[PATH_MAX])
{
	if (snprintf(into, PATH_MAX, "%.*s/%s", PATH_MAX - 64, dir->working, name) < 0)
		into[0] = '\0';
	return into;
}

/* The profile first: with it and the journals a killed run can be reported. */
static bool
open_files(struct result_dir *dir, const struct plan *plan, struct error *err)
{
	char path[PATH_MAX];
	bool has_yaml = plan->effective_yaml != NULL;

	if (has_yaml && !file_write_atomic(path_in(dir, "profile.yaml", path), plan->effective_yaml,
				strlen(plan->effective_yaml), err))
		return false;
	int fd = open(dir->working, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_open =
		fd >= 0 && journal_init(&dir->events, fd, "events.ndjson") &&
		journal_init(&dir->hlog, fd, "run.hlog") &&
		(plan->output.requests_log == REQUESTS_LOG_OFF || journal_init(&dir->requests, fd, "requests.ndjson"));

	if (!is_open)
		error_set(err, "cannot write into '%s': %s", dir->working, strerror(errno));
	if (fd >= 0)
		close(fd);
	return is_open;
}

struct result_dir *
result_dir_open(const struct plan *plan, const struct run_identity *identity, const char *exactly, struct error *err)
{
	struct result_dir *dir = must_alloc(sizeof(*dir));

	dir->events.fd = dir->hlog.fd = dir->requests.fd = -1;
	if (!place(dir, plan, identity, exactly)) {
		error_set(err, "the path of the results directory is too long");
		goto fail;
	}
	if (!make_working(dir, err))
		goto fail;
	if (open_files(dir, plan, err))
		return dir;
	result_dir_discard(dir);
	return NULL;
fail:
	result_dir_free(dir);
	return NULL;
}

void
result_dir_free(struct result_dir *dir)
{
	if (dir == NULL)
		return;
	if (dir->events.fd >= 0)
		journal_fini(&dir->events);
	if (dir->hlog.fd >= 0)
		journal_fini(&dir->hlog);
	if (dir->requests.fd >= 0)
		journal_fini(&dir->requests);
	free(dir);
}

void
result_dir_discard(struct result_dir *dir)
{
	static const char *const names[] = {"profile.yaml", "events.ndjson", "run.hlog", "requests.ndjson"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_in(dir, names[i], path)); /* not there: never made */
	if (strcmp(dir->working, dir->path) != 0 && rmdir(dir->working) != 0)
		log_warn("cannot remove '%s': %s", dir->working, strerror(errno));
	result_dir_free(dir);
}

static void
add_lines(struct result_dir *dir, struct journal *journal, const char *bytes, size_t length)
{
	if (journal_add_fails(journal, bytes, length))
		log_warn("cannot write %s/%s: %s; the run goes on without it", dir->working, journal->name,
			strerror(journal->error));
}

void
result_dir_add_events(struct result_dir *dir, const char *bytes, size_t length)
{
	add_lines(dir, &dir->events, bytes, length);
}

void
result_dir_add_hlog(struct result_dir *dir, const char *bytes, size_t length)
{
	add_lines(dir, &dir->hlog, bytes, length);
}

void
result_dir_add_requests(struct result_dir *dir, const char *bytes, size_t length)
{
	add_lines(dir, &dir->requests, bytes, length);
}

const char *
result_dir_path(const struct result_dir *dir)
{
	return dir->path;
}

const char *
result_dir_working(const struct result_dir *dir)
{
	return dir->working;
}

bool
result_dir_failed(const struct result_dir *dir, char *text, size_t size)
{
	const struct journal *torn = dir->events.error     ? &dir->events
				     : dir->hlog.error     ? &dir->hlog
				     : dir->requests.error ? &dir->requests
							   : NULL;

	if (error_is_set(&dir->lost))
		error_text(&dir->lost, text, size);
	else if (torn != NULL)
		snprintf(text, size, "%s is not complete: %s", torn->name, strerror(torn->error));
	return error_is_set(&dir->lost) || torn != NULL;
}

static bool
write_document(
	struct result_dir *dir, const struct report_document *document, const struct report *report, struct error *err)
{
	struct buf text;
	char path[PATH_MAX];

	buf_init(&text, RESULT_DOCUMENT_CEILING);
	bool is_written = document->write(report, &text) || error_set(err, "%s would be too large", document->file);

	is_written = is_written && file_write_atomic(path_in(dir, document->file, path), text.bytes, text.length, err);
	buf_fini(&text);
	return is_written;
}

/* result.json last: where it is, everything is. */
static bool
write_documents(struct result_dir *dir, const struct report *report)
{
	const struct document_list list = documents_of(report);
	const struct report_document *last = NULL;
	struct error ignored = {0};

	for (size_t i = 0; i < list.n; i++)
		if (strcmp(list.items[i]->file, RESULT_FILE) == 0)
			last = list.items[i];
		else
			write_document(dir, list.items[i], report, error_is_set(&dir->lost) ? &ignored : &dir->lost);
	return write_document(dir, last, report, error_is_set(&dir->lost) ? &ignored : &dir->lost);
}

static bool
sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* EINVAL: it cannot sync directories */

	if (fd >= 0)
		close(fd);
	return is_synced;
}

void
result_dir_link_latest(const char *path)
{
	char parent[PATH_MAX], link[PATH_MAX], beside[PATH_MAX];
	const char *name = strrchr(path, '/');

	parent_of(path, parent, sizeof(parent));
	if ((size_t)snprintf(link, sizeof(link), "%s/latest", parent) >= sizeof(link) ||
		(size_t)snprintf(beside, sizeof(beside), "%.*s.%ld", PATH_MAX - 32, link, (long)getpid()) >=
			sizeof(beside))
		return;
	if (symlink(name ? name + 1 : path, beside) != 0 || rename(beside, link) != 0) {
		log_info("cannot update '%s': %s", link, strerror(errno));
		unlink(beside);
	}
}

static bool
give_final_name(struct result_dir *dir)
{
	if (strcmp(dir->working, dir->path) != 0) {
		if (!sync_directory(dir->working) || rename(dir->working, dir->path) != 0)
			return error_set(
				&dir->lost, "cannot rename '%s' to '%s': %s", dir->working, dir->path, strerror(errno));
		snprintf(dir->working, sizeof(dir->working), "%s", dir->path);
	}
	if (!sync_directory(dir->parent))
		return error_set(&dir->lost, "'%s' is written but not durable: %s", dir->path, strerror(errno));
	return true;
}

bool
result_dir_finish(struct result_dir *dir, const struct report *report, struct error *err)
{
	char text[1280];

	journal_sync(&dir->events);
	journal_sync(&dir->hlog);
	if (dir->requests.fd >= 0)
		journal_sync(&dir->requests);
	/* Without result.json it keeps the name that says so: brunt report can finish it. */
	if (write_documents(dir, report) && give_final_name(dir) && dir->is_latest_wanted)
		result_dir_link_latest(dir->path);
	if (result_dir_failed(dir, text, sizeof(text)))
		return error_set(err, "%s", text);
	return true;
}
