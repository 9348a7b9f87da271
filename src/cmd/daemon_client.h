#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "cmd/command.h"

/* Asks a daemon, for the commands that are its clients (jobs, submit, stop, watch): one request, one answer, over its
 * unix socket, TCP or TLS. */

#define CLIENT_ANSWER_MAX ((size_t)16 * 1024 * 1024)

struct daemon_client {
	const struct command *command; /* whose usage mistakes are told with */
	const char *server;     /* "unix:PATH", "https://HOST:PORT"; NULL: $BRUNT_SERVER, else where one usually is */
	const char *token_file; /* NULL: $BRUNT_TOKEN, if it is there */
	const char *ca_file;    /* NULL: $BRUNT_CA_FILE, else whom the system trusts */
};

/* Takes --server, --token-file and --ca-file. 1: it was one of them; 0: it is another argument; −1: its value is
 * missing, and that was said. */
int daemon_client_take(struct daemon_client *client, int argc, char **argv, int *i);
#define DAEMON_CLIENT_HELP                                                                                              \
	"  --server WHERE   unix:PATH, https://HOST:PORT or http://HOST:PORT ($BRUNT_SERVER; else the socket where a\n" \
	"                   daemon of this user, or of the system, listens)\n"                                          \
	"  --token-file F   what to show a daemon that is asked over TCP ($BRUNT_TOKEN)\n"                              \
	"  --ca-file F      who may sign its certificate, in PEM form ($BRUNT_CA_FILE; else whom the system trusts)\n"

/* The answer's body into `answer`, and its status; −1 with err set: there was none. body NULL: none; type: of it. */
int daemon_client_ask(const struct daemon_client *client, const char *method, const char *path, const char *type,
	const char *body, size_t length, struct buf *answer, struct error *err);

/* The same, parsed, where the status is 2xx; else what the daemon, or the attempt to reach it, says goes to stderr, and
 * *exit_code is set. The caller frees it by cJSON_Delete; a 204 is an empty object. */
cJSON *daemon_client_get(
	const struct daemon_client *client, const char *method, const char *path, const char *json, int *exit_code);

/* Server-sent events as they come, those behind last_id, which follows them; false from the callback ends it. Returns
 * an exit code: EXIT_PASSED where the stream came to its end, or was ended, or there is nothing to watch any more. */
struct daemon_watch {
	bool (*each)(void *context, const char *kind, const char *json);
	void *context;
	char last_id[24]; /* "": all */
};
int daemon_client_watch(const struct daemon_client *client, const char *path, struct daemon_watch *watch);

/* Of a member; "" where it is no text. */
const char *daemon_client_text(const cJSON *in, const char *name);
