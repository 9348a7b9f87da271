#include "daemon/overview.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "daemon/past.h"
#include "daemon/row.h"
#include "measure/json.h"

#define FOUND_MAX ((size_t)64 * 1024)

/* What was found for a name, as of its last run. */
struct found {
	char name[HISTORY_NAME_MAX + 1];
	uint64_t runs, newest;
	enum ledger_state state;
	struct buf text; /* "metrics" and "steps" as members, a comma in front */
};

struct overview {
	struct found *found[OVERVIEW_NAMES_MAX];
	size_t found_n;
};

struct overview_walk {
	struct overview *overview;
	char names[OVERVIEW_NAMES_MAX][HISTORY_NAME_MAX + 1];
	uint64_t runs[OVERVIEW_NAMES_MAX];
	size_t n, at;
	bool has_begun;
};

struct overview *
overview_new(void)
{
	return must_alloc(sizeof(struct overview));
}

static void
found_free(struct found *found)
{
	buf_fini(&found->text);
	free(found);
}

void
overview_free(struct overview *overview)
{
	for (size_t i = 0; i < overview->found_n; i++)
		found_free(overview->found[i]);
	free(overview);
}

static void
take_name(void *context, const char *name, uint64_t runs)
{
	struct overview_walk *walk = context;

	if (walk->n == OVERVIEW_NAMES_MAX)
		return;
	snprintf(walk->names[walk->n], sizeof(walk->names[0]), "%s", name);
	walk->runs[walk->n++] = runs;
}

/* --- steps --- */

static void
add_last_step(struct buf *into, const struct past *past, enum history_figure figure, struct trend_point *points)
{
	const struct trend_config config = {.by = TREND_BY_RUN, .now_ns = wall_now_ns()};
	struct trend_figure trend;

	trend_figure_make(&trend, &config, figure, points, past_points(past, figure, points), NAN, NAN);
	if (trend.steps_n > 0)
		trend_step_json(&trend, &trend.steps[trend.steps_n - 1], into);
	trend_figure_fini(&trend);
}

static bool
is_known(const struct past *past, enum history_figure figure)
{
	for (size_t i = 0; i < past->n; i++)
		if (!isnan(past->runs[i].figures[figure]))
			return true;
	return false;
}

/* The main figures come first, in either list. */
static void
add_metrics(struct buf *into, const struct past *past)
{
	json_open(into, "metrics", '[');
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < HISTORY_FIGURES_N; i++)
			if (history_rows[i].is_main == (turn == 0) && is_known(past, (enum history_figure)i))
				json_add_text(into, NULL, history_rows[i].metric.name);
	json_close(into, ']');
}

static bool
look(struct found *found, struct ledger *ledger, struct error *err)
{
	struct past past;
	struct buf *text = &found->text;
	bool is_read = past_read(&past, ledger, found->name, OVERVIEW_RUNS, 0, INT64_MAX, err);
	struct trend_point *points = must_calloc(past.n + 1, sizeof(*points));

	buf_clear(text);
	buf_add_char(text, '{');
	json_add_text(text, "name", found->name);
	add_metrics(text, &past);
	json_open(text, "steps", '[');
	for (int i = 0; i < HISTORY_FIGURES_N; i++)
		if (history_rows[i].is_main)
			add_last_step(text, &past, (enum history_figure)i, points);
	json_close(text, ']');
	free(points);
	past_fini(&past);
	if (!is_read)
		buf_clear(text);
	return is_read;
}

/* --- one name --- */

static struct found *
found_of(struct overview *overview, const char *name)
{
	for (size_t i = 0; i < overview->found_n; i++)
		if (strcmp(overview->found[i]->name, name) == 0)
			return overview->found[i];
	if (overview->found_n == OVERVIEW_NAMES_MAX)
		found_free(overview->found[--overview->found_n]);
	struct found *found = must_alloc(sizeof(*found));

	snprintf(found->name, sizeof(found->name), "%s", name);
	buf_init(&found->text, FOUND_MAX);
	overview->found[overview->found_n++] = found;
	return found;
}

struct adding {
	struct buf *into;
	struct found *found;
	bool is_new; /* since it was looked at last */
	uint64_t runs;
};

static bool
add_last(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct adding *adding = context;
	struct found *found = adding->found;

	adding->is_new = found->text.length == 0 || found->runs != adding->runs || found->newest != run->number ||
			 found->state != run->state;
	found->runs = adding->runs;
	found->newest = run->number;
	found->state = run->state;
	row_add_run(adding->into, "last", run, figures, n, ROW_NO_POSITION, wall_now_ns());
	return false;
}

/* is_new: it had to be looked at. */
static bool
add_name(struct overview_walk *walk, struct ledger *ledger, struct buf *into, bool *is_new, struct error *err)
{
	const char *name = walk->names[walk->at];
	struct adding adding = {.into = into, .found = found_of(walk->overview, name), .runs = walk->runs[walk->at]};
	const struct ledger_filter filter = {.name = name, .limit = 1};
	size_t before = into->length;

	walk->at++;
	json_open(into, NULL, '{');
	json_add_u64(into, "runs", adding.runs);
	size_t head = into->length;

	if (!ledger_list_runs(ledger, &filter, add_last, &adding, err) ||
		(adding.is_new && !look(adding.found, ledger, err)))
		return false;
	*is_new = adding.is_new;
	if (into->length == head) { /* its last run was deleted meanwhile */
		buf_cut(into, before);
		return true;
	}
	buf_printf(into, ",%s", adding.found->text.bytes + 1);
	json_close(into, '}');
	return true;
}

struct overview_walk *
overview_walk_new(struct overview *overview)
{
	struct overview_walk *walk = must_alloc(sizeof(*walk));

	walk->overview = overview;
	return walk;
}

void
overview_walk_free(struct overview_walk *walk)
{
	free(walk);
}

bool
overview_walk_on(struct overview_walk *walk, struct ledger *ledger, struct buf *into, bool *is_over, struct error *err)
{
	bool is_new = false;

	if (!walk->has_begun) {
		if (!ledger_list_names(ledger, take_name, walk, err))
			return false;
		walk->has_begun = true;
		json_open(into, NULL, '{');
		json_open(into, "names", '[');
	}
	while (walk->at < walk->n && !is_new)
		if (!add_name(walk, ledger, into, &is_new, err))
			return false;
	*is_over = walk->at == walk->n;
	if (*is_over) {
		json_close(into, ']');
		json_close(into, '}');
	}
	return true;
}
