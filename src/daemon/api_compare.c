#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "daemon/api_parts.h"
#include "measure/verdict.h"
#include "report/compared.h"

/* GET /compare: what `brunt compare` says of runs and baselines, said by it. */

#define SIDE_MAX 8 /* runs or baselines on one */
#define SIDE_BYTES 640
#define BASELINE "baseline:"

struct format {
	const char *asked, *name, *type;
};

static const struct format formats[] = {
	{"json", "json", "application/json"},
	{"html", "html", "text/html; charset=utf-8"},
	{"md", "markdown", "text/markdown; charset=utf-8"},
};

struct comparing {
	struct desk_order order;
	struct api_call *call;
	const struct format *format;
	struct arena arena;
	const char *sides[2][SIDE_MAX]; /* as they were asked for, then where they lie */
	size_t sides_n[2];
	bool is_forced;
};

static void
comparing_free(struct comparing *comparing)
{
	arena_fini(&comparing->arena);
	free(comparing);
}

static bool
is_one(const char *text)
{
	size_t n = strlen(BASELINE);

	return submission_is_name(strncmp(text, BASELINE, n) == 0 ? text + n : text);
}

/* "ID", "baseline:NAME", or several of them by commas. */
static bool
take_side(struct comparing *comparing, size_t side, const char *name)
{
	struct api_call *call = comparing->call;
	char text[SIDE_BYTES] = "", *rest = text, *one;

	if (!api_query_text(call, name, text, sizeof(text)))
		return false;
	if (text[0] == '\0')
		return api_fail(
			call, 400, "%s: say what is compared: a run's id, or baseline:NAME; several by commas", name);
	while ((one = strsep(&rest, ",")) != NULL) {
		if (comparing->sides_n[side] == SIDE_MAX)
			return api_fail(call, 400, "%s: there are more than %d", name, SIDE_MAX);
		if (!is_one(one))
			return api_fail(call, 400, "%s: '%.64s' is neither a run's id nor baseline:NAME", name, one);
		comparing->sides[side][comparing->sides_n[side]++] = arena_strdup(&comparing->arena, one);
	}
	return true;
}

static bool
take_options(struct comparing *comparing)
{
	struct api_call *call = comparing->call;
	char format[16] = "json", force[8] = "false";

	if (!api_query_text(call, "format", format, sizeof(format)) ||
		!api_query_text(call, "force", force, sizeof(force)))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(formats[i].asked, format) == 0)
			comparing->format = &formats[i];
	if (comparing->format == NULL)
		return api_fail(call, 400, "format: '%s' is none of json, html and md", format);
	comparing->is_forced = strcmp(force, "true") == 0;
	return comparing->is_forced || strcmp(force, "false") == 0 ||
	       api_fail(call, 400, "force: '%s' is neither true nor false", force);
}

/* Where it lies; NULL, and the call's problem is set. */
static const char *
path_of(struct comparing *comparing, struct ledger *ledger, const char *one)
{
	struct api_call *call = comparing->call;
	size_t n = strlen(BASELINE);
	char dir[4096], result[4200];

	if (strncmp(one, BASELINE, n) == 0) {
		if (shelf_has(api_shelf(call), one + n))
			return arena_printf(&comparing->arena, "%s/%s", shelf_dir(api_shelf(call)), one + n);
		api_fail(call, 404, "there is no baseline '%.64s'", one + n);
		return NULL;
	}
	if (!api_must_have_run(call, ledger, one))
		return NULL;
	jobs_dir(api_config_of(call)->config, one, dir, sizeof(dir));
	snprintf(result, sizeof(result), "%s/results/result.json", dir);
	if (access(result, R_OK) == 0)
		return arena_printf(&comparing->arena, "%s/results", dir);
	api_fail(call, 409, "the run '%.64s' has no result that could be compared", one);
	return NULL;
}

static void
find_work(struct desk_order *order, struct ledger *ledger)
{
	struct comparing *comparing = container_of(order, struct comparing, order);

	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < comparing->sides_n[side]; i++) {
			comparing->sides[side][i] = path_of(comparing, ledger, comparing->sides[side][i]);
			if (comparing->sides[side][i] == NULL)
				return;
		}
}

/* Whatever it finds, it prints: without that there is a sentence. */
static void
on_compared(void *context, const struct errand_end *end)
{
	struct comparing *comparing = context;
	bool is_said = end->exit_code == EXIT_PASSED || end->exit_code == EXIT_FAILED_GATE ||
		       end->exit_code == EXIT_INCONCLUSIVE;

	if (is_said && end->output_length > 0)
		api_answer(comparing->call, 200, comparing->format->type, API_SANDBOX, end->output, end->output_length);
	else
		api_answer_errand(comparing->call, end);
	comparing_free(comparing);
}

static void
compare(struct comparing *comparing)
{
	const char *arguments[2 * SIDE_MAX + 8] = {"compare", "--format", comparing->format->name};
	size_t n = 3;

	if (comparing->is_forced)
		arguments[n++] = "--force";
	for (size_t side = 0; side < 2; side++) {
		if (side == 1)
			arguments[n++] = "--";
		for (size_t i = 0; i < comparing->sides_n[side]; i++)
			arguments[n++] = comparing->sides[side][i];
	}
	if (errands_give(
		    jobs_errands(api_config_of(comparing->call)->jobs), &(struct errand_wish){.arguments = arguments,
										.output_max = COMPARED_CEILING,
										.done = on_compared,
										.context = comparing}))
		return;
	api_answer_sentence(comparing->call, 503, API_BUSY);
	comparing_free(comparing);
}

static void
found(struct desk_order *order)
{
	struct comparing *comparing = container_of(order, struct comparing, order);

	if (!error_is_set(&comparing->call->err)) {
		compare(comparing);
		return;
	}
	api_answer_failure(comparing->call);
	comparing_free(comparing);
}

void
api_compare(struct api_call *call)
{
	struct comparing *comparing = must_alloc(sizeof(*comparing));

	comparing->order = (struct desk_order){.work = find_work, .done = found};
	comparing->call = call;
	arena_init(&comparing->arena);
	if (take_side(comparing, 0, "base") && take_side(comparing, 1, "current") && take_options(comparing)) {
		desk_give(api_config_of(call)->desk, &comparing->order);
		return;
	}
	api_answer_failure(call);
	comparing_free(comparing);
}
