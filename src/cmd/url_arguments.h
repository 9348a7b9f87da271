#pragma once

#include "cmd/run_arguments.h"
#include "cmd/written_profile.h"

/* What every command that is content with a URL takes: what is asked for there, what must hold, and where the profile
 * that is written of it is kept. */

enum {
	OPTION_METHOD = OPTIONS_OF_RUN_END,
	OPTION_HEADER,
	OPTION_BODY,
	OPTION_BODY_FILE,
	OPTION_DATA,
	OPTION_USER,
	OPTION_INSECURE,
	OPTION_TIMEOUT,
	OPTION_SLO,
	OPTION_SAVE,
	OPTIONS_OF_URL_END /* a command's own flags begin here */
};

/* Rows of such a command's flags, beside RUN_FLAGS. */
#define URL_FLAGS                                                                                                      \
	{"method", required_argument, NULL, OPTION_METHOD}, {"header", required_argument, NULL, OPTION_HEADER},        \
		{"body", required_argument, NULL, OPTION_BODY},                                                        \
		{"body-file", required_argument, NULL, OPTION_BODY_FILE},                                              \
		{"data", required_argument, NULL, OPTION_DATA}, {"user", required_argument, NULL, OPTION_USER},        \
		{"insecure", no_argument, NULL, OPTION_INSECURE},                                                      \
		{"timeout", required_argument, NULL, OPTION_TIMEOUT}, {"slo", required_argument, NULL, OPTION_SLO},    \
	{                                                                                                              \
		"save", required_argument, NULL, OPTION_SAVE                                                           \
	}

/* Those of one letter, as getopt(3) wants them: the ones that curl has made a habit. */
#define URL_LETTERS "X:H:d:u:k"

/* What --help says of them. */
#define URL_FLAGS_HELP(timeout)                                                                                          \
	"  -X, --method METHOD  of the request (GET; POST where it has a body)\n"                                        \
	"  -H, --header LINE  of the request, e.g. 'Accept: text/html' (repeatable); may hold ${env:NAME}\n"             \
	"  --body TEXT      of the request; may hold ${uuid} and the like, as profiles do\n"                             \
	"  --body-file FILE of the request, byte for byte\n"                                                             \
	"  -d, --data DATA  either of them as curl takes it: TEXT or @FILE; a form, unless -H says of what type it is\n" \
	"  -u, --user USER:PASSWORD  of the request; results show it, encoded: -H 'Authorization: Basic ${env:NAME}'\n"  \
	"                   is not shown\n"                                                                              \
	"  -k, --insecure   do not look at the server's certificate\n"                                                   \
	"  --timeout TIME   of a request (" timeout ")\n"                                                                \
	"  --slo EXPR       what must hold, e.g. 'p95 <= 200ms' or 'error_rate < 1%' (repeatable)\n"                     \
	"  --save FILE      write the profile that this is to a new file\n"

struct url_arguments {
	const struct command *command; /* whose usage mistakes are told with */
	struct written_profile profile;
	const char *save; /* NULL: nowhere */
	int given;        /* the first of these flags that was given; 0: none */
};

/* The flag that this one is: itself, unless it is a letter. */
int url_arguments_flag(int flag);

/* One of the flags above, its value in optarg. False: it is not right, and that was said. */
bool url_arguments_take(struct url_arguments *arguments, int flag);

/* Whether somebody means a URL: it need not be a good one. */
bool url_arguments_is_url(const char *text);

/* Writes the profile of the URL that run->profile.profile is, with this load in YAML, and runs it. */
int url_arguments_run(struct url_arguments *arguments, struct run_arguments *run, const char *load);
