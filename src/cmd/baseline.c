#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/baseline.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/tables.h"
#include "report/escape.h"
#include "report/table.h"

#define OPERANDS_MAX 2
#define LISTING_CEILING ((size_t)4 * 1024 * 1024)

/* `brunt baseline save NAME DIR`, list, show NAME, rm NAME. */
struct asked {
	const char *action, *operands[OPERANDS_MAX];
	size_t n;
	const char *baselines, *rolling;
	struct store_wish how;
	bool is_forced;
};

extern const struct command baseline_command;

static int
complain(const struct error *err)
{
	char text[1400];

	log_error("%s", error_text(err, text, sizeof(text)));
	return EXIT_USAGE;
}

static bool
print_page(const struct buf *text)
{
	bool is_printed = fwrite(text->bytes, 1, text->length, stdout) == text->length && fflush(stdout) == 0;

	if (!is_printed)
		log_error("cannot write to standard output: %s", strerror(errno));
	return is_printed;
}

static int
save(const struct asked *asked, const struct store *store)
{
	const struct baseline_wish wish = {.name = asked->operands[0],
		.path = asked->operands[1],
		.how = asked->how,
		.is_forced = asked->is_forced,
		.tables = cmd_tables()};
	struct against_run run;
	struct error err = {0};
	struct store_list runs;

	if (!baseline_save(store, &wish, &run, &err))
		return complain(&err);
	if (store_runs(store, wish.name, &runs, &err)) {
		printf("%s: run %s is saved in %s, %zu run%s in all\n", wish.name, run.id, store->dir, runs.n,
			runs.n == 1 ? "" : "s");
		store_list_fini(&runs);
	}
	return EXIT_PASSED;
}

static void
list_one(const struct store *store, const char *name, struct table *table)
{
	struct store_list runs;
	struct stored_run newest = {.profile = NULL};
	struct error err = {0};
	char n[32] = "0";
	bool is_read = false;

	if (store_runs(store, name, &runs, &err)) {
		snprintf(n, sizeof(n), "%zu", runs.n);
		is_read = stored_open(&newest, runs.texts[runs.n - 1], &err);
		store_list_fini(&runs);
	}
	table_add_row(table);
	table_add_cell(table, PAINT_BOLD, name);
	table_add_cell(table, PAINT_PLAIN, n);
	table_add_cell(table, PAINT_PLAIN, is_read ? newest.about.started_at : "cannot be read");
	table_add_cell(table, PAINT_PLAIN, is_read ? newest.about.hash : "");
	table_add_cell(table, PAINT_PLAIN, is_read ? newest.about.version : "");
	table_add_cell(table, PAINT_PLAIN, is_read ? newest.about.brunt : "");
	if (is_read)
		stored_close(&newest);
}

static int
list(const struct asked *asked, const struct store *store)
{
	static const struct table_column columns[] = {{"name", true, 0}, {"runs", false, 0}, {"newest", true, 0},
		{"profile", true, 1}, {"target", true, 2}, {"brunt", true, 3}};
	struct terminal_style style = terminal_style_of(stdout);
	struct store_list names;
	struct table table;
	struct page page;
	struct buf text;

	(void)asked;
	buf_init(&text, LISTING_CEILING);
	page_init(&page, &text, &style);
	table_init(&table, columns, ARRAY_LEN(columns));
	store_names(store, &names);
	for (size_t i = 0; i < names.n; i++)
		list_one(store, names.texts[i], &table);
	if (names.n > 0)
		table_draw(&table, &page);
	else
		page_wrap(&page, 0, PAINT_PLAIN, "no baseline is saved yet");
	table_fini(&table);
	store_list_fini(&names);
	bool is_printed = print_page(&text);

	buf_fini(&text);
	return is_printed ? EXIT_PASSED : EXIT_INTERNAL;
}

static void
show_runs(const struct side *side, struct page *page)
{
	for (size_t i = 0; i < side->n; i++) {
		const struct against_run *run = &side->about[i];

		page_entry(page, i == 0 ? "runs" : "", PAINT_PLAIN, "%s, %s, %s, brunt %s%s%s", run->id,
			run->started_at, run->status, run->brunt, run->version[0] != '\0' ? ", target " : "",
			run->version);
	}
	if (side_about(side).is_median)
		page_entry(page, "", PAINT_DIM, "each value is the median of these runs");
}

static void
show_values(const struct comparison *comparison, struct page *page)
{
	static const struct table_column columns[] = {{"metric", true, 0}, {"value", false, 0}, {"samples", false, 1}};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < comparison->rows_n; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		char value[64];

		table_add_row(&table);
		table_add_cell(&table, row->is_wanted ? PAINT_BOLD : PAINT_PLAIN, row->name);
		table_add_cell(&table, PAINT_PLAIN,
			expr_value_text(row->measure.metric->unit, row->baseline, value, sizeof(value)));
		snprintf(value, sizeof(value), "%llu", (unsigned long long)row->samples[0]);
		table_add_cell(&table, PAINT_PLAIN, value);
	}
	table_draw(&table, page);
	table_fini(&table);
}

static int
show(const struct asked *asked, const struct store *store)
{
	struct terminal_style style = terminal_style_of(stdout);
	struct baseline_shown shown;
	struct error err = {0};
	struct page page;
	struct buf text;

	if (!baseline_show(&shown, store, asked->operands[0], cmd_tables(), &err))
		return complain(&err);
	buf_init(&text, LISTING_CEILING);
	page_init(&page, &text, &style);
	page_entry(&page, "baseline", PAINT_BOLD, "%s", asked->operands[0]);
	page_entry(&page, "in", PAINT_PLAIN, "%s", store->dir);
	page_entry(&page, "profile", PAINT_PLAIN, "%s (%s)", shown.side.plan->name, shown.side.about[0].hash);
	show_runs(&shown.side, &page);
	show_values(shown.comparison, &page);
	bool is_printed = print_page(&text);

	buf_fini(&text);
	baseline_shown_free(&shown);
	return is_printed ? EXIT_PASSED : EXIT_INTERNAL;
}

static int
rm(const struct asked *asked, const struct store *store)
{
	struct error err = {0};

	return store_remove(store, asked->operands[0], &err) ? EXIT_PASSED : complain(&err);
}

static const struct {
	const char *name;
	size_t operands;
	const char *wants;
	int (*run)(const struct asked *asked, const struct store *store);
} actions[] = {
	{"save", 2, "NAME DIR", save},
	{"list", 0, "nothing more", list},
	{"show", 1, "NAME", show},
	{"rm", 1, "NAME", rm},
};
#define ACTIONS_N (ARRAY_LEN(actions))

static bool
take_argument(struct asked *asked, int argc, char **argv, int *i)
{
	const char *text = argv[*i];

	if (text[0] != '-') {
		if (asked->action == NULL)
			asked->action = text;
		else if (asked->n < OPERANDS_MAX)
			asked->operands[asked->n++] = text;
		else
			command_bad_usage(&baseline_command, "'%s' is one too many", text);
		return asked->n < OPERANDS_MAX || asked->operands[OPERANDS_MAX - 1] == text;
	}
	if (strcmp(text, "--replace") == 0)
		return asked->how.replaces = true;
	if (strcmp(text, "--force") == 0)
		return asked->is_forced = true;
	if ((asked->rolling = arguments_value("--rolling", argc, argv, i)) != NULL) {
		if (units_parse_count(asked->rolling, &asked->how.rolling) && asked->how.rolling >= 1 &&
			asked->how.rolling <= STORE_ROLLING_MAX)
			return true;
		command_bad_usage(&baseline_command, "--rolling: '%s' is not a number of runs from 1 to %d",
			asked->rolling, STORE_ROLLING_MAX);
		return false;
	}
	if ((asked->baselines = arguments_value("--baselines", argc, argv, i)) != NULL && asked->baselines[0] != '\0')
		return true;
	command_bad_usage(
		&baseline_command, asked->baselines != NULL ? "%s wants a value" : "there is no flag %s", text);
	return false;
}

static int
baseline_run(int argc, char **argv)
{
	struct asked asked = {.action = NULL};
	struct store store;
	struct error err = {0};

	for (int i = 1; i < argc; i++)
		if (!take_argument(&asked, argc, argv, &i))
			return EXIT_USAGE;
	for (size_t i = 0; asked.action != NULL && i < ACTIONS_N; i++) {
		if (strcmp(asked.action, actions[i].name) != 0)
			continue;
		if (asked.n != actions[i].operands)
			return command_bad_usage(&baseline_command, "%s wants %s", actions[i].name, actions[i].wants);
		return store_open(&store, asked.baselines, &err) ? actions[i].run(&asked, &store) : complain(&err);
	}
	if (asked.action == NULL)
		return command_bad_usage(&baseline_command, "what is to be done? save, list, show or rm");
	return command_bad_usage(
		&baseline_command, "'%s' is nothing to do; there are save, list, show and rm", asked.action);
}

const struct command baseline_command = {
	.name = "baseline",
	.usage =
		"brunt baseline save NAME DIR [--replace] [--rolling N] | list | show NAME | rm NAME [--baselines DIR]",
	.help = "keep runs under a name, for brunt compare NAME and brunt run --baseline NAME",
	.options =
		"  save NAME DIR    copy the run in a results directory\n"
		"  list             names, how many runs each has, and of which profile\n"
		"  show NAME        its runs and its values\n"
		"  rm NAME          remove it\n"
		"  --replace        save in place of what is there under this name\n"
		"  --rolling N      save beside the last runs, of which the newest N stay; only one that passed, and is\n"
		"                   like them; its values are the median of three runs and more\n"
		"  --force          save also a run that was cut short or tells nothing, or beside others that differ\n"
		"  --baselines DIR  where they are (BRUNT_BASELINES, else XDG_DATA_HOME/brunt/baselines, else\n"
		"                   ~/.local/share/brunt/baselines)\n",
	.run = baseline_run,
};
