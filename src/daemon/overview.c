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

struct names {
	char texts[OVERVIEW_NAMES_MAX][HISTORY_NAME_MAX + 1];
	uint64_t runs[OVERVIEW_NAMES_MAX];
	size_t n;
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
	struct names *names = context;

	if (names->n == OVERVIEW_NAMES_MAX)
		return;
	snprintf(names->texts[names->n], sizeof(names->texts[0]), "%s", name);
	names->runs[names->n++] = runs;
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

static bool
add_name(struct overview *overview, struct ledger *ledger, const char *name, uint64_t runs, struct buf *into,
	struct error *err)
{
	struct adding adding = {.into = into, .found = found_of(overview, name), .runs = runs};
	const struct ledger_filter filter = {.name = name, .limit = 1};

	json_open(into, NULL, '{');
	json_add_u64(into, "runs", runs);
	if (!ledger_list_runs(ledger, &filter, add_last, &adding, err) ||
		(adding.is_new && !look(adding.found, ledger, err)))
		return false;
	buf_printf(into, ",%s", adding.found->text.bytes + 1);
	json_close(into, '}');
	return true;
}

bool
overview_json(struct overview *overview, struct ledger *ledger, struct buf *into, struct error *err)
{
	struct names *names = must_alloc(sizeof(*names));
	bool is_good = ledger_list_names(ledger, take_name, names, err);

	json_open(into, NULL, '{');
	json_open(into, "names", '[');
	for (size_t i = 0; is_good && i < names->n; i++)
		is_good = add_name(overview, ledger, names->texts[i], names->runs[i], into, err);
	json_close(into, ']');
	json_close(into, '}');
	free(names);
	return is_good;
}
