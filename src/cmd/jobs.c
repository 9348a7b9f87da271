#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cmd/daemon_client.h"
#include "report/escape.h"
#include "report/table.h"

/* `brunt jobs`: what runs, what waits, and what came of the last ones. */

static int jobs_command_run(int argc, char **argv);

const struct command jobs_command = {
	.name = "jobs",
	.usage = "brunt jobs [ID] [--json] [--server WHERE] [--token-file FILE] [--ca-file FILE]",
	.help = "list what a daemon runs, what waits and what came of the last runs, or one of them",
	.options = "  --json           as the daemon says it\n" DAEMON_CLIENT_HELP,
	.run = jobs_command_run,
};

#define LISTING_MAX ((size_t)1 << 20)

static void
add_number(char *into, size_t size, const cJSON *row, const char *name, const char *unit)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);

	into[0] = '\0';
	if (cJSON_IsNumber(item))
		snprintf(into, size, "%.0f%s", item->valuedouble, unit);
}

static void
add_row(struct table *table, const cJSON *row)
{
	static const char *const columns[] = {"id", "name", "state", "status", "target", "load"};
	char elapsed[32];

	table_add_row(table);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		table_add_cell(table, i == 0 ? PAINT_BOLD : PAINT_PLAIN, daemon_client_text(row, columns[i]));
	add_number(elapsed, sizeof(elapsed), row, "elapsed_s", "s");
	table_add_cell(table, PAINT_PLAIN, elapsed);
}

static int
print_table(const cJSON *answer)
{
	static const struct table_column columns[] = {{"id", true, 0}, {"name", true, 0}, {"state", true, 0},
		{"verdict", true, 0}, {"target", true, 1}, {"load", true, 2}, {"took", false, 0}};
	const cJSON *runs = cJSON_GetObjectItemCaseSensitive(answer, "runs"), *row;
	struct terminal_style style = terminal_style_of(stdout);
	struct table table;
	struct page page;
	struct buf text;

	buf_init(&text, LISTING_MAX);
	page_init(&page, &text, &style);
	table_init(&table, columns, ARRAY_LEN(columns));
	cJSON_ArrayForEach(row, runs) add_row(&table, row);
	if (cJSON_GetArraySize(runs) > 0)
		table_draw(&table, &page);
	else
		page_wrap(&page, 0, PAINT_PLAIN, "nothing was submitted yet");
	table_fini(&table);
	bool is_printed = fwrite(text.bytes, 1, text.length, stdout) == text.length && fflush(stdout) == 0;

	buf_fini(&text);
	return is_printed ? EXIT_PASSED : EXIT_INTERNAL;
}

static int
print_json(const cJSON *answer)
{
	char *text = cJSON_Print(answer);
	bool is_printed = text != NULL && puts(text) >= 0 && fflush(stdout) == 0;

	cJSON_free(text);
	return is_printed ? EXIT_PASSED : EXIT_INTERNAL;
}

static int
jobs_command_run(int argc, char **argv)
{
	struct daemon_client client = {.command = &jobs_command};
	const char *id = NULL;
	bool is_json = false;
	char path[128];
	int exit_code;

	for (int i = 1; i < argc; i++) {
		int taken = daemon_client_take(&client, argc, argv, &i);

		if (taken < 0)
			return EXIT_USAGE;
		if (taken > 0)
			continue;
		if (strcmp(argv[i], "--help") == 0)
			return command_print_help(&jobs_command);
		if (strcmp(argv[i], "--json") == 0)
			is_json = true;
		else if (argv[i][0] == '-' || id != NULL)
			return command_bad_usage(&jobs_command, "'%s' is not expected here", argv[i]);
		else
			id = argv[i];
	}
	snprintf(path, sizeof(path), id != NULL ? "/api/v1/runs/%.64s" : "/api/v1/runs?limit=30", id);
	cJSON *answer = daemon_client_get(&client, "GET", path, NULL, &exit_code);

	if (answer != NULL)
		exit_code = is_json || id != NULL ? print_json(answer) : print_table(answer);
	cJSON_Delete(answer);
	return exit_code;
}
