#pragma once

#include "cluster/bus.h"
#include "cmd/command.h"

struct transport;
struct plan;

/* The flags that say where nats-server is and who we are: of `brunt run` and `brunt agent`. */
enum {
	OPTION_NATS = 0x400,
	OPTION_NATS_CREDS,
	OPTION_NATS_USER,
	OPTION_NATS_PASSWORD,
	OPTION_NATS_TOKEN,
	OPTION_NATS_CA,
	OPTION_NATS_CERT,
	OPTION_NATS_KEY,
	OPTIONS_OF_NATS_END
};

#define NATS_FLAGS                                                                                                     \
	{"nats", required_argument, NULL, OPTION_NATS}, {"nats-creds", required_argument, NULL, OPTION_NATS_CREDS},    \
		{"nats-user", required_argument, NULL, OPTION_NATS_USER},                                              \
		{"nats-password-file", required_argument, NULL, OPTION_NATS_PASSWORD},                                 \
		{"nats-token-file", required_argument, NULL, OPTION_NATS_TOKEN},                                       \
		{"nats-ca", required_argument, NULL, OPTION_NATS_CA},                                                  \
		{"nats-cert", required_argument, NULL, OPTION_NATS_CERT},                                              \
	{                                                                                                              \
		"nats-key", required_argument, NULL, OPTION_NATS_KEY                                                   \
	}

#define NATS_FLAGS_HELP                                                                                                \
	"  --nats-creds FILE          credentials of a NATS user, as nsc writes them\n"                                \
	"  --nats-user NAME           or a user,\n"                                                                    \
	"  --nats-password-file FILE  whose password is the first line of FILE\n"                                      \
	"  --nats-token-file FILE     or a token\n"                                                                    \
	"  --nats-ca FILE             speak TLS, with a server whose certificate one of these signed\n"                \
	"  --nats-cert FILE, --nats-key FILE  and show it this one\n"

/* A flag of the table above, its value in optarg. False: it is none of them. */
bool nats_arguments_take(struct bus_options *options, int flag);
/* The same for commands whose flags stand among their operands: 1: it was one of them; 0: it is another argument; −1:
 * its value is missing, and that was said. */
int nats_arguments_take_at(struct bus_options *options, const struct command *command, int argc, char **argv, int *i);
/* They go together; false: it was said what does not. */
bool nats_arguments_check(const struct bus_options *options, const struct command *command);
/* False: this build has no NATS, which was said. */
bool nats_arguments_can(const struct command *command);
