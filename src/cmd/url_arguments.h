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
		{"timeout", required_argument, NULL, OPTION_TIMEOUT}, {"slo", required_argument, NULL, OPTION_SLO},    \
	{                                                                                                              \
		"save", required_argument, NULL, OPTION_SAVE                                                           \
	}

/* What --help says of them. */
#define URL_FLAGS_HELP(timeout)                                                                                        \
	"  --method METHOD  of the request (GET; POST where it has a body)\n"                                          \
	"  --header LINE    of the request, e.g. 'Accept: text/html' (repeatable); may hold ${env:NAME}\n"             \
	"  --body TEXT      of the request; may hold ${uuid} and the like, as profiles do\n"                           \
	"  --body-file FILE of the request, byte for byte\n"                                                           \
	"  --timeout TIME   of a request (" timeout ")\n"                                                              \
	"  --slo EXPR       what must hold, e.g. 'p95 <= 200ms' or 'error_rate < 1%' (repeatable)\n"                   \
	"  --save FILE      write the profile that this is to a new file\n"

struct url_arguments {
	const struct command *command; /* whose usage mistakes are told with */
	struct written_profile profile;
	const char *save; /* NULL: nowhere */
	int given;        /* the first of these flags that was given; 0: none */
};

/* One of the flags above, its value in optarg. False: it is not right, and that was said. */
bool url_arguments_take(struct url_arguments *arguments, int flag);

/* Whether somebody means a URL: it need not be a good one. */
bool url_arguments_is_url(const char *text);

/* Writes the profile of the URL that run->profile.profile is, with this load in YAML, and runs it. */
int url_arguments_run(struct url_arguments *arguments, struct run_arguments *run, const char *load);
