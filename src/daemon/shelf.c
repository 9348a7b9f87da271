#include "daemon/shelf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/file.h"
#include "base/order.h"
#include "base/units.h"
#include "campaign/store.h"
#include "daemon/job_result.h"

/* A run in a baseline, as it is remembered: by where it lies, and when its result was written there. */
struct kept {
	char *path;
	int64_t saved_ns;
	char profile[HISTORY_NAME_MAX + 1];
	double figures[HISTORY_FIGURES_N];
};

struct shelf {
	struct store store;
	struct kept **kept;
	size_t kept_n;
};

struct shelf *
shelf_new(const char *data)
{
	struct shelf *shelf = must_alloc(sizeof(*shelf));

	snprintf(shelf->store.dir, sizeof(shelf->store.dir), "%.4000s/baselines", data);
	shelf->kept = must_calloc(SHELF_REMEMBERED_MAX, sizeof(struct kept *));
	return shelf;
}

static void
forget(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->kept_n; i++) {
		free(shelf->kept[i]->path);
		free(shelf->kept[i]);
	}
	shelf->kept_n = 0;
}

void
shelf_free(struct shelf *shelf)
{
	forget(shelf);
	free(shelf->kept);
	free(shelf);
}

const char *
shelf_dir(const struct shelf *shelf)
{
	return shelf->store.dir;
}

/* False: it is no result. */
static bool
read_run(struct kept *kept, const char *result)
{
	struct error ignored = {0};
	struct history_run run;
	size_t length;
	char *text = file_read(result, JOB_RESULT_RESULT_MAX, &length, &ignored);
	cJSON *document = text != NULL ? cJSON_ParseWithLength(text, length) : NULL;
	bool is_read = document != NULL && history_take(&run, document);

	cJSON_Delete(document);
	free(text);
	if (!is_read)
		return false;
	snprintf(kept->profile, sizeof(kept->profile), "%s", run.name);
	memcpy(kept->figures, run.figures, sizeof(kept->figures));
	return true;
}

static const struct kept *
find_kept(const struct shelf *shelf, const char *path, int64_t saved_ns)
{
	for (size_t i = 0; i < shelf->kept_n; i++)
		if (shelf->kept[i]->saved_ns == saved_ns && strcmp(shelf->kept[i]->path, path) == 0)
			return shelf->kept[i];
	return NULL;
}

/* NULL: it cannot be read. Valid until the next. */
static const struct kept *
run_at(struct shelf *shelf, const char *path)
{
	char result[PATH_MAX + 16];
	struct stat status;

	snprintf(result, sizeof(result), "%s/result.json", path);
	if (stat(result, &status) != 0)
		return NULL;
	int64_t saved_ns = status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
	const struct kept *known = find_kept(shelf, path, saved_ns);

	if (known != NULL)
		return known;
	struct kept *kept = must_alloc(sizeof(*kept));

	if (!read_run(kept, result)) {
		free(kept);
		return NULL;
	}
	kept->path = must_strdup(path);
	kept->saved_ns = saved_ns;
	if (shelf->kept_n == SHELF_REMEMBERED_MAX)
		forget(shelf);
	shelf->kept[shelf->kept_n++] = kept;
	return kept;
}

static double
median_of(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), order_by_value);
	return order_median(values, n);
}

bool
shelf_find(struct shelf *shelf, const char *name, struct shelf_baseline *into)
{
	struct error ignored = {0};
	struct store_list paths;
	double values[HISTORY_FIGURES_N][STORE_ROLLING_MAX];
	size_t n[HISTORY_FIGURES_N] = {0};

	*into = (struct shelf_baseline){.runs = 0};
	if (!store_runs(&shelf->store, name, &paths, &ignored))
		return false;
	for (size_t i = paths.n > STORE_ROLLING_MAX ? paths.n - STORE_ROLLING_MAX : 0; i < paths.n; i++) {
		const struct kept *kept = run_at(shelf, paths.texts[i]);

		if (kept == NULL)
			continue;
		into->runs++;
		into->saved_ns = kept->saved_ns;
		snprintf(into->profile, sizeof(into->profile), "%s", kept->profile);
		for (size_t k = 0; k < HISTORY_FIGURES_N; k++)
			if (isfinite(kept->figures[k]))
				values[k][n[k]++] = kept->figures[k];
	}
	store_list_fini(&paths);
	snprintf(into->name, sizeof(into->name), "%s", name);
	for (size_t k = 0; k < HISTORY_FIGURES_N; k++)
		into->figures[k] = median_of(values[k], n[k]);
	return into->runs > 0;
}

void
shelf_each(struct shelf *shelf, shelf_fn *each, void *context)
{
	struct store_list names;
	struct shelf_baseline baseline;

	store_names(&shelf->store, &names);
	for (size_t i = 0; i < names.n && i < SHELF_BASELINES_MAX; i++)
		if (shelf_find(shelf, names.texts[i], &baseline))
			each(context, &baseline);
	store_list_fini(&names);
}

bool
shelf_has(const struct shelf *shelf, const char *name)
{
	char path[PATH_MAX + 80];
	struct error ignored = {0};
	struct stat status;

	if (!store_check_name(name, &ignored))
		return false;
	snprintf(path, sizeof(path), "%s/%s", shelf->store.dir, name);
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}
