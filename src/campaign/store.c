#include "campaign/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "campaign/leftovers.h"
#include "plan/names.h"

#define STORE_PATH_MAX (PATH_MAX - 256) /* of the store's directory, with room for what is below it */
#define STORE_LOCK ".lock"

static bool
is_set(const char *text)
{
	return text != NULL && text[0] != '\0';
}

bool
store_open(struct store *store, const char *dir, struct error *err)
{
	const char *own = getenv("BRUNT_BASELINES"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	if (is_set(dir) || is_set(own))
		n = snprintf(store->dir, sizeof(store->dir), "%s", is_set(dir) ? dir : own);
	else if (is_set(data) && data[0] == '/')
		n = snprintf(store->dir, sizeof(store->dir), "%s/brunt/baselines", data);
	else if (is_set(home))
		n = snprintf(store->dir, sizeof(store->dir), "%s/.local/share/brunt/baselines", home);
	else
		return error_set(err, "where are baselines? Say --baselines DIR, or set BRUNT_BASELINES or HOME");
	return n < STORE_PATH_MAX || error_set(err, "the path of the baselines is too long");
}

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

bool
store_check_name(const char *name, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (name[0] == '\0' || name[0] == '.' || name[0] == '-' || strlen(name) > STORE_NAME_MAX ||
		name[strspn(name, letters)] != '\0')
		return error_set(err,
			"'%.80s' is not a baseline's name: 1 to %d letters, digits, '.', '_' and '-', the first no '.' or "
			"'-'",
			name, STORE_NAME_MAX);
	if (ends_in(name, ".yaml") || ends_in(name, ".yml") || ends_in(name, ".json"))
		return error_set(err, "'%s' is not a baseline's name: it would be taken for a file", name);
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_name(const char *name)
{
	struct error ignored = {0};

	return store_check_name(name, &ignored);
}

/* Directories of a directory, those that are hidden left out: a save under way, or one that was cut short. */
static void
list_dirs(const char *dir, bool with_path, struct store_list *list)
{
	DIR *open = opendir(dir);
	const struct dirent *entry;
	char path[PATH_MAX];
	struct stat status;

	*list = (struct store_list){.texts = NULL};
	while (open != NULL && (entry = readdir(open)) != NULL) {
		if (!is_name(entry->d_name) ||
			(size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= sizeof(path) ||
			stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
			continue;
		list->texts = must_realloc(list->texts, (list->n + 1) * sizeof(*list->texts));
		list->texts[list->n++] = must_strdup(with_path ? path : entry->d_name);
	}
	if (open != NULL)
		closedir(open);
	if (list->n > 0)
		qsort(list->texts, list->n, sizeof(*list->texts), by_text);
}

void
store_list_fini(struct store_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->texts[i]);
	free(list->texts);
	*list = (struct store_list){.texts = NULL};
}

void
store_names(const struct store *store, struct store_list *list)
{
	list_dirs(store->dir, false, list);
}

static bool
say_unknown(const struct store *store, const char *name, struct error *err)
{
	struct store_list list;
	struct names names = {.n = 0};
	char advice[768];

	store_names(store, &list);
	for (size_t i = 0; i < list.n; i++)
		names_add(&names, list.texts[i]);
	error_set(err, "there is no baseline '%s' in %s%s", name, store->dir,
		list.n > 0 ? names_advice(&names, name, advice, sizeof(advice)) : "; none is saved there yet");
	store_list_fini(&list);
	return false;
}

static const char *
path_of(const struct store *store, const char *name, char into[PATH_MAX])
{
	CHECK((size_t)snprintf(into, PATH_MAX, "%s/%s", store->dir, name) < PATH_MAX);
	return into;
}

bool
store_runs(const struct store *store, const char *name, struct store_list *list, struct error *err)
{
	char path[PATH_MAX];
	struct stat status;

	*list = (struct store_list){.texts = NULL};
	if (!store_check_name(name, err))
		return false;
	if (stat(path_of(store, name, path), &status) != 0 || !S_ISDIR(status.st_mode))
		return say_unknown(store, name, err);
	list_dirs(path, true, list);
	return list->n > 0 || error_set(err, "the baseline '%s' in %s is empty; save it again", name, store->dir);
}

static bool
copy_file(const char *from, const char *dir, const char *name, struct error *err)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return error_set(err, "the path of the baselines is too long");
	return file_copy_atomic(from, path, err);
}

static bool
copy_run(const struct stored_run *run, const char *dir, struct error *err)
{
	char profile[PATH_MAX + 16];

	if (mkdir(dir, 0777) != 0)
		return error_set(err, "cannot make the directory '%s': %s", dir, strerror(errno));
	snprintf(profile, sizeof(profile), "%s/profile.yaml", run->about.dir);
	if (access(profile, R_OK) == 0 && !copy_file(profile, dir, "profile.yaml", err))
		return false;
	return copy_file(run->events, dir, "events.ndjson", err) && copy_file(run->result, dir, "result.json", err);
}

/* In one step where the file system can; else there is a moment without any. */
static bool
take_place(const char *made, const char *path, struct error *err)
{
	char old[PATH_MAX + 8];

	if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return file_remove_tree(made) ||
		       error_set(err, "'%s' is saved, but what it replaced is left in '%s'", path, made);
	if (errno == ENOENT) /* nothing to replace */
		return rename(made, path) == 0 ||
		       error_set(err, "cannot rename '%s' to '%s': %s", made, path, strerror(errno));
	snprintf(old, sizeof(old), "%s.old", made);
	if (rename(path, old) != 0 || rename(made, path) != 0)
		return error_set(err, "cannot rename '%s' to '%s': %s", made, path, strerror(errno));
	return file_remove_tree(old) ||
	       error_set(err, "'%s' is saved, but what it replaced is left in '%s'", path, old);
}

/* A baseline of this run alone. */
static bool
save_new(const struct store *store, const char *name, const struct stored_run *run, struct error *err)
{
	char path[PATH_MAX], made[PATH_MAX], dir[PATH_MAX + 80];

	path_of(store, name, path);
	snprintf(made, sizeof(made), "%.*s/.%.80s.%ld", STORE_PATH_MAX, store->dir, name, (long)getpid());
	snprintf(dir, sizeof(dir), "%s/%.72s", made, run->about.id);
	if (mkdir(made, 0777) != 0)
		return error_set(err, "cannot make the directory '%s': %s", made, strerror(errno));
	if (copy_run(run, dir, err) && take_place(made, path, err))
		return true;
	file_remove_tree(made); /* not there: it took its place */
	return false;
}

static bool
add_run(const struct store *store, const char *name, const struct stored_run *run, struct error *err)
{
	char path[PATH_MAX], made[PATH_MAX + 96], dir[PATH_MAX + 80];

	path_of(store, name, path);
	snprintf(dir, sizeof(dir), "%s/%.72s", path, run->about.id);
	snprintf(made, sizeof(made), "%s/.%.72s.%ld", path, run->about.id, (long)getpid());
	if (access(dir, F_OK) == 0)
		return error_set(err, "the run %s is in '%s' already", run->about.id, name);
	if (copy_run(run, made, err) && (rename(made, dir) == 0 || error_set(err, "cannot rename '%s' to '%s': %s",
									   made, dir, strerror(errno))))
		return true;
	file_remove_tree(made);
	return false;
}

/* The oldest go: a run's id begins with the time at which it began. */
static bool
prune(const struct store *store, const char *name, uint64_t most, struct error *err)
{
	char path[PATH_MAX];
	struct store_list runs;
	bool is_done = true;

	list_dirs(path_of(store, name, path), true, &runs);
	for (size_t i = 0; is_done && i + most < runs.n; i++)
		is_done = file_remove_tree(runs.texts[i]) ||
			  error_set(err, "cannot remove '%s': %s", runs.texts[i], strerror(errno));
	store_list_fini(&runs);
	return is_done;
}

/* Two that save at once do so one after the other. What one that was killed left goes with that. -1 with err set. */
static int
lock(const struct store *store, struct error *err)
{
	char path[PATH_MAX];
	int fd;

	if (!file_make_dirs(store->dir, err))
		return -1;
	fd = open(path_of(store, STORE_LOCK, path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd >= 0 && flock(fd, LOCK_EX) == 0) {
		leftovers_clear(store);
		return fd;
	}
	error_set(err, "cannot write '%s': %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
save_locked(const struct store *store, const char *name, const struct stored_run *run, const struct store_wish *wish,
	struct error *err)
{
	char path[PATH_MAX];
	bool is_there = access(path_of(store, name, path), F_OK) == 0;

	if (is_there && wish->rolling > 0 && !wish->replaces)
		return add_run(store, name, run, err) && prune(store, name, wish->rolling, err);
	if (is_there && !wish->replaces)
		return error_set(err,
			"there is a baseline '%s' already; --replace puts this run in its place, --rolling N adds it",
			name);
	return save_new(store, name, run, err);
}

bool
store_save(const struct store *store, const char *name, const struct stored_run *run, const struct store_wish *wish,
	struct error *err)
{
	if (!store_check_name(name, err))
		return false;
	if (!is_name(run->about.id))
		return error_set(err, "'%s' has no id that a directory could be called by", run->result);
	int fd = lock(store, err);

	if (fd < 0)
		return false;
	bool is_saved = save_locked(store, name, run, wish, err);

	close(fd);
	return is_saved;
}

bool
store_remove(const struct store *store, const char *name, struct error *err)
{
	char path[PATH_MAX];
	struct stat status;

	if (!store_check_name(name, err))
		return false;
	if (lstat(path_of(store, name, path), &status) != 0)
		return say_unknown(store, name, err);
	int fd = lock(store, err);

	if (fd < 0)
		return false;
	bool is_removed = file_remove_tree(path) || error_set(err, "cannot remove '%s': %s", path, strerror(errno));

	close(fd);
	return is_removed;
}
