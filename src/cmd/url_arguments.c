#include "cmd/url_arguments.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cmd/run.h"

#define PROFILE_TEXT_MAX ((size_t)256 * 1024)

static bool
add_slo(struct url_arguments *arguments, const char *slo)
{
	struct written_profile *profile = &arguments->profile;

	if (profile->slos_n < WRITTEN_SLOS_MAX) {
		profile->slos[profile->slos_n++] = slo;
		return true;
	}
	command_bad_usage(arguments->command, "--slo may be given %d times at most", WRITTEN_SLOS_MAX);
	return false;
}

static bool
add_header(struct url_arguments *arguments, const char *line)
{
	struct written_profile *profile = &arguments->profile;
	const char *colon = strchr(line, ':');

	if (colon == NULL || colon == line)
		command_bad_usage(
			arguments->command, "--header: '%.200s' is not a header; write 'Accept: text/html'", line);
	else if (profile->headers_n == WRITTEN_HEADERS_MAX)
		command_bad_usage(arguments->command, "--header may be given %d times at most", WRITTEN_HEADERS_MAX);
	else {
		profile->headers[profile->headers_n++] = line;
		return true;
	}
	return false;
}

static bool
is_one_body(const struct url_arguments *arguments)
{
	if (arguments->profile.body == NULL || arguments->profile.body_file == NULL)
		return true;
	command_bad_usage(arguments->command, "--body or --body-file: a request has one body");
	return false;
}

/* As curl has it: @ begins a file's name, and what nobody says the type of is a form. */
static bool
take_data(struct url_arguments *arguments, const char *data)
{
	struct written_profile *profile = &arguments->profile;

	if (profile->body != NULL || profile->body_file != NULL)
		command_bad_usage(arguments->command, "-d, --data: a request has one body; join the pieces with '&'");
	else if (strcmp(data, "@-") == 0)
		command_bad_usage(
			arguments->command, "-d @-: a body cannot come from stdin; write it into a file, -d @FILE");
	else {
		profile->is_form = true;
		*(data[0] == '@' ? &profile->body_file : &profile->body) = data[0] == '@' ? data + 1 : data;
		return true;
	}
	return false;
}

static bool
take_user(struct url_arguments *arguments, const char *user)
{
	if (strchr(user, ':') == NULL)
		command_bad_usage(arguments->command, "-u, --user: '%.60s' has no password; write USER:PASSWORD", user);
	else if (strstr(user, "${") != NULL)
		command_bad_usage(arguments->command,
			"-u, --user is encoded here, before ${...} is known; write -H 'Authorization: Basic ${env:NAME}'");
	else {
		arguments->profile.user = user;
		return true;
	}
	return false;
}

int
url_arguments_flag(int flag)
{
	switch (flag) {
	case 'X': return OPTION_METHOD;
	case 'H': return OPTION_HEADER;
	case 'd': return OPTION_DATA;
	case 'u': return OPTION_USER;
	case 'k': return OPTION_INSECURE;
	default: return flag;
	}
}

bool
url_arguments_take(struct url_arguments *arguments, int flag)
{
	struct written_profile *profile = &arguments->profile;

	if (arguments->given == 0)
		arguments->given = flag;
	switch (flag) {
	case OPTION_METHOD: profile->method = optarg; break;
	case OPTION_HEADER: return add_header(arguments, optarg);
	case OPTION_BODY: profile->body = optarg; return is_one_body(arguments);
	case OPTION_BODY_FILE: profile->body_file = optarg; return is_one_body(arguments);
	case OPTION_DATA: return take_data(arguments, optarg);
	case OPTION_USER: return take_user(arguments, optarg);
	case OPTION_INSECURE: profile->is_insecure = true; break;
	case OPTION_TIMEOUT: profile->timeout = optarg; break;
	case OPTION_SLO: return add_slo(arguments, optarg);
	case OPTION_SAVE: arguments->save = optarg; break;
	default: CHECK(false);
	}
	return true;
}

bool
url_arguments_is_url(const char *text)
{
	return strstr(text, "://") != NULL;
}

/* What cannot be run is not saved either: the next try is to find the name free. */
static int
run_written(struct url_arguments *arguments, struct run_arguments *run, const struct buf *text)
{
	struct plan_suite *none; /* what is written from flags names no other profiles */
	struct plan_experiment *experiment = run_arguments_load(run, &none);
	struct error err = {0};
	int exit_code = EXIT_USAGE;

	if (experiment == NULL)
		return EXIT_USAGE;
	if (arguments->save == NULL || written_profile_save(text, arguments->save, &err))
		exit_code = run_arguments_go(run, experiment);
	else
		fprintf(stderr, "brunt: %s\n", err.message);
	experiment_free(experiment);
	return exit_code;
}

int
url_arguments_run(struct url_arguments *arguments, struct run_arguments *run, const char *load)
{
	char path[64];
	struct error err = {0};
	struct buf text;
	int exit_code = EXIT_USAGE;

	arguments->profile.command = arguments->command->name;
	arguments->profile.url = run->profile.profile;
	arguments->profile.load = load;
	buf_init(&text, PROFILE_TEXT_MAX);
	if (written_profile_add(&arguments->profile, &text, &err) &&
		written_profile_keep(&text, path, sizeof(path), &err)) {
		run->profile.profile = path;
		run->is_written = true;
		exit_code = run_written(arguments, run, &text);
	} else
		fprintf(stderr, "brunt: %s\n", err.message);
	buf_fini(&text);
	return exit_code;
}
