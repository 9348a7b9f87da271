#include "cmd/watch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "report/escape.h"

/* `brunt watch ID`. */

static int watch_command_run(int argc, char **argv);

const struct command watch_command = {
	.name = "watch",
	.usage = "brunt watch ID [--json] [--server WHERE] [--token-file FILE] [--ca-file FILE]",
	.help = "watch a run of a daemon's until it has ended; its exit code is the run's",
	.options = "  --json           each event as it is, one JSON object per line\n" DAEMON_CLIENT_HELP,
	.run = watch_command_run,
};

struct watching {
	bool is_json;
};

static double
number(const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void
show_figures(const cJSON *event)
{
	char at[32], p95[32];
	const cJSON *p95_ns = cJSON_GetObjectItemCaseSensitive(event, "p95_ns");

	units_time_text((int64_t)number(event, "at_ns"), at, sizeof(at));
	if (cJSON_IsNumber(p95_ns))
		units_time_text((int64_t)p95_ns->valuedouble, p95, sizeof(p95));
	else
		snprintf(p95, sizeof(p95), "-");
	printf("%8s  offered %.4g  ok %.0f  failed %.0f  p95 %s  in flight %.0f\n", at, number(event, "offered"),
		number(event, "ok"), number(event, "failed"), p95, number(event, "in_flight"));
}

/* What a target said may be in it: nothing of it reaches the terminal raw. */
static void
show_text(const char *what, const char *text)
{
	struct buf shown;

	buf_init(&shown, (size_t)16 * 1024);
	escape_add(&shown, text, strlen(text));
	printf("%s %s\n", what, shown.bytes != NULL ? shown.bytes : "");
	buf_fini(&shown);
}

static bool
show(void *context, const char *kind, const char *json)
{
	const struct watching *watching = context;
	cJSON *event = cJSON_Parse(json);

	if (watching->is_json)
		puts(json);
	else if (strcmp(kind, "figures") == 0)
		show_figures(event);
	else if (strcmp(kind, "state") == 0)
		show_text("state", daemon_client_text(event, "state"));
	else if (strcmp(kind, "phase") == 0)
		show_text("phase", daemon_client_text(event, "phase"));
	else if (strcmp(kind, "judged") == 0)
		printf("level %.0f is %s\n", number(event, "level"), daemon_client_text(event, "status"));
	else if (strcmp(kind, "finding") == 0)
		show_text("finding:", daemon_client_text(event, "text"));
	else if (strcmp(kind, "end") == 0)
		show_text("ended:", daemon_client_text(event, "status"));
	fflush(stdout);
	cJSON_Delete(event);
	return true;
}

/* The run as it stands; NULL: it cannot be asked, which was said. */
static cJSON *
ask(const struct daemon_client *client, const char *id, bool *has_ended, int *exit_code)
{
	char path[128];

	snprintf(path, sizeof(path), "/api/v1/runs/%.64s", id);
	cJSON *run = daemon_client_get(client, "GET", path, NULL, exit_code);

	*has_ended = strcmp(daemon_client_text(run, "state"), "ended") == 0;
	return run;
}

/* What the daemon makes of it: its exit code, and why. */
static int
tell_end(const cJSON *run, bool is_json)
{
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(run, "exit_code");

	if (!is_json)
		show_text(daemon_client_text(run, "status"), daemon_client_text(run, "reason"));
	return cJSON_IsNumber(code) ? code->valueint : EXIT_INCONCLUSIVE;
}

/* A stream may end before the run does: by a token that was changed, say. Who may still watch goes on where it ended,
 * and who may not is told so. */
int
watch_run(const struct daemon_client *client, const char *id, bool is_json)
{
	struct watching watching = {.is_json = is_json};
	struct daemon_watch watch = {.each = show, .context = &watching};
	const struct timespec pause = {.tv_sec = 1};
	int exit_code, watched = EXIT_PASSED;
	bool has_ended;
	char path[128];
	cJSON *run = ask(client, id, &has_ended, &exit_code);

	snprintf(path, sizeof(path), "/api/v1/runs/%.64s/events", id);
	while (run != NULL && !has_ended && watched == EXIT_PASSED) {
		cJSON_Delete(run);
		watched = daemon_client_watch(client, path, &watch);
		/* It may have ended between the two questions: then its row says all there is to say. */
		run = ask(client, id, &has_ended, &exit_code);
		if (run != NULL && !has_ended)
			(void)nanosleep(&pause, NULL);
	}
	if (run != NULL)
		exit_code = has_ended ? tell_end(run, is_json) : watched;
	cJSON_Delete(run);
	return exit_code;
}

static int
watch_command_run(int argc, char **argv)
{
	struct daemon_client client = {.command = &watch_command};
	const char *id = NULL;
	bool is_json = false;

	for (int i = 1; i < argc; i++) {
		int taken = daemon_client_take(&client, argc, argv, &i);

		if (taken < 0)
			return EXIT_USAGE;
		if (taken > 0)
			continue;
		if (strcmp(argv[i], "--help") == 0)
			return command_print_help(&watch_command);
		if (strcmp(argv[i], "--json") == 0)
			is_json = true;
		else if (argv[i][0] == '-' || id != NULL)
			return command_bad_usage(&watch_command, "'%s' is not expected here", argv[i]);
		else
			id = argv[i];
	}
	if (id == NULL)
		return command_bad_usage(&watch_command, "say which run; brunt jobs lists them");
	return watch_run(&client, id, is_json);
}
