#include "campaign/side.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "campaign/store.h"
#include "judge/estimate.h"

/* A side in the making. */
struct opening {
	struct side *side;
	const char *store_dir;
	const struct plan_tables *tables;
};

static bool
add_run(struct side *side, const char *path, struct error *err)
{
	struct stored_run run;

	if (side->n >= ARM_RUNS_MAX)
		return error_set(err, "more than %d runs on one side", ARM_RUNS_MAX);
	if (!stored_open(&run, path, err))
		return false;
	if (run.is_experiment) {
		error_set(err,
			"'%s' is of an experiment; compare its runs, each in a directory of its own in '%s/runs'", path,
			run.about.dir);
		stored_close(&run);
		return false;
	}
	side->runs = must_realloc(side->runs, (side->n + 1) * sizeof(*side->runs));
	side->runs[side->n++] = run;
	return true;
}

static bool
add_runs(struct side *side, const struct store_list *paths, struct error *err)
{
	side->is_baseline = true;
	for (size_t i = 0; i < paths->n; i++)
		if (!add_run(side, paths->texts[i], err))
			return false;
	return true;
}

/* A baseline by its path: a directory of results directories, in a store of its own. */
static bool
is_baseline_dir(const char *path)
{
	char result[PATH_MAX + 16];
	struct stat status;
	DIR *dir;
	const struct dirent *entry;
	bool has_run = false;

	snprintf(result, sizeof(result), "%s/result.json", path);
	if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode) || access(result, F_OK) == 0)
		return false;
	dir = opendir(path);
	while (dir != NULL && !has_run && (entry = readdir(dir)) != NULL) {
		snprintf(result, sizeof(result), "%.*s/%.255s/result.json", PATH_MAX - 280, path, entry->d_name);
		has_run = entry->d_name[0] != '.' && access(result, F_OK) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return has_run;
}

static bool
add_baseline_dir(struct side *side, const char *path, struct error *err)
{
	char copy[PATH_MAX];
	struct store store;
	struct store_list runs;

	snprintf(copy, sizeof(copy), "%s", path);
	for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
		copy[n - 1] = '\0';
	char *slash = strrchr(copy, '/');

	if (slash != NULL)
		*slash = '\0';
	if (!store_open(&store,
		    slash == NULL   ? "."
		    : slash == copy ? "/"
				    : copy,
		    err) ||
		!store_runs(&store, slash != NULL ? slash + 1 : copy, &runs, err))
		return false;
	bool is_added = add_runs(side, &runs, err);

	store_list_fini(&runs);
	return is_added;
}

static bool
add_named(struct opening *opening, const char *name, struct error *err)
{
	struct store store;
	struct store_list runs;

	if (!store_open(&store, opening->store_dir, err) || !store_runs(&store, name, &runs, err))
		return false;
	bool is_added = add_runs(opening->side, &runs, err);

	store_list_fini(&runs);
	return is_added;
}

/* A file that is no result: values written by hand, unless it looks like JSON. */
static bool
add_file(struct opening *opening, const char *path, struct error *err)
{
	char start[64] = "";

	if (stored_is_result(path))
		return add_run(opening->side, path, err);
	if (file_read_small(path, start, sizeof(start)) < 0)
		return error_set(err, "cannot read '%s': %s", path, strerror(errno));
	if (start[0] == '\0' || start[strspn(start, " \t\r\n")] == '{')
		return error_set(err, "'%s' is neither a result.json of brunt nor a YAML file of values", path);
	opening->side->by_hand_path = path;
	opening->side->by_hand = by_hand_load(path, opening->tables->metrics, err);
	return opening->side->by_hand != NULL;
}

static bool
add(struct opening *opening, const char *what, struct error *err)
{
	struct stat status;

	if (stat(what, &status) == 0) {
		if (is_baseline_dir(what))
			return add_baseline_dir(opening->side, what, err);
		return S_ISDIR(status.st_mode) ? add_run(opening->side, what, err) : add_file(opening, what, err);
	}
	if (errno != ENOENT || strchr(what, '/') != NULL)
		return error_set(err, "cannot read '%s': %s", what, strerror(errno));
	return add_named(opening, what, err);
}

static void
tell_about(struct side *side)
{
	side->about = must_calloc(side->n + 1, sizeof(*side->about));
	for (size_t i = 0; i < side->n; i++)
		side->about[i] = side->runs[i].about;
}

bool
side_open(struct side *side, const char *name, const char *const *what, size_t what_n, const char *store_dir,
	const struct plan_tables *tables, struct error *err)
{
	struct opening opening = {.side = side, .store_dir = store_dir, .tables = tables};
	bool is_open = true;

	*side = (struct side){.name = name};
	for (size_t i = 0; is_open && i < what_n; i++)
		is_open = add(&opening, what[i], err);
	if (is_open && side->by_hand != NULL && (side->n > 0 || what_n > 1))
		is_open = error_set(err, "'%s' was written by hand; it stands alone", side->by_hand_path);
	if (is_open && side->n > 0) {
		side->plan = stored_plan(&side->runs[0], tables, err);
		is_open = side->plan != NULL;
	}
	if (is_open && side->n > 1)
		side->is_baseline = side->is_baseline && what_n == 1;
	if (is_open)
		tell_about(side);
	else
		side_close(side);
	return is_open;
}

void
side_close(struct side *side)
{
	for (size_t i = 0; i < side->n; i++)
		stored_close(&side->runs[i]);
	arm_free(side->arm);
	plan_free(side->plan);
	by_hand_free(side->by_hand);
	free(side->runs);
	free(side->about);
	*side = (struct side){.name = NULL};
}

bool
side_has_same_names(const struct plan *a, const struct plan *b)
{
	bool is_same = a->requests_n == b->requests_n && a->scrape.n == b->scrape.n;

	for (size_t i = 0; is_same && i < a->requests_n; i++)
		is_same = strcmp(a->requests[i].name, b->requests[i].name) == 0;
	for (size_t i = 0; is_same && i < a->scrape.n; i++)
		is_same = strcmp(a->scrape.list[i].name, b->scrape.list[i].name) == 0;
	return is_same;
}

void
side_leave_names_out(struct plan *compared)
{
	struct plan_compare *compare = &compared->compare;
	struct plan_compared *named = arena_alloc(&compared->arena, (compare->named_n + 1) * sizeof(*named));
	size_t n = 0;

	for (size_t i = 0; i < compare->named_n; i++)
		if (compare->named[i].measure.request < 0 && compare->named[i].measure.metric->scraped == NULL)
			named[n++] = compare->named[i];
	compare->named = named;
	compare->named_n = n;
	compared->slos_n = 0;
}

bool
side_read(struct side *side, const struct plan *compared, struct error *err)
{
	side->read_by = side->plan != NULL ? *side->plan : *compared;
	side->read_by.compare = compared->compare;
	side->read_by.slos = compared->slos;
	side->read_by.slos_n = compared->slos_n;
	side->read_by.gates_n = 0;
	side->arm = arm_new(side->name, &side->read_by);
	side->arm->is_median = side->is_baseline;
	for (size_t i = 0; i < side->n; i++)
		if (!stored_add_to(&side->runs[i], side->arm, err))
			return false;
	return true;
}

struct against_side
side_about(const struct side *side)
{
	return (struct against_side){.name = side->name,
		.runs = side->about,
		.runs_n = side->n,
		.is_median = side->is_baseline && side->n >= MEDIAN_RUNS_LEAST,
		.path = side->by_hand_path};
}
