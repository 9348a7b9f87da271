#include "cmd/daemon_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/arguments.h"
#include "cmd/daemon_link.h"

#ifdef BRUNT_SQLITE
#include "daemon/config.h"
#endif

#define SYSTEM_SOCKET "unix:/run/brunt/brunt.sock"
#define TOKEN_BYTES_MAX ((size_t)1024)
#define LINE_BYTES_MAX ((size_t)512 * 1024) /* of an event */

int
daemon_client_take(struct daemon_client *client, int argc, char **argv, int *i)
{
	const struct {
		const char *flag, **into;
	} flags[] = {
		{"--server", &client->server}, {"--token-file", &client->token_file}, {"--ca-file", &client->ca_file}};
	const char *flag = argv[*i], *value = NULL;
	size_t at = 0;

	while (at < ARRAY_LEN(flags) && (value = arguments_value(flags[at].flag, argc, argv, i)) == NULL)
		at++;
	if (value == NULL)
		return 0;
	*flags[at].into = value;
	if (value[0] != '\0')
		return 1;
	command_bad_usage(client->command, "%s wants a value", flag);
	return -1;
}

/* Where one listens that was not told where. */
static const char *
usual_place(struct arena *arena)
{
	const char *said = getenv("BRUNT_SERVER");

	if (said != NULL && said[0] != '\0')
		return said;
#ifdef BRUNT_SQLITE
	const char *own = config_default_socket(arena, config_default_data(arena));

	if (access(config_unix_path(own), F_OK) == 0)
		return own;
#else
	(void)arena;
#endif
	return SYSTEM_SOCKET;
}

static bool
add_token(const struct daemon_client *client, struct buf *head, struct error *err)
{
	const char *token = getenv("BRUNT_TOKEN");
	char *text = NULL;
	size_t length;

	if (client->token_file != NULL) {
		text = file_read(client->token_file, TOKEN_BYTES_MAX, &length, err);
		if (text == NULL)
			return false;
		text[strcspn(text, "\r\n")] = '\0';
		token = text;
	}
	if (token != NULL && token[0] != '\0')
		buf_printf(head, "Authorization: Bearer %s\r\n", token);
	free(text);
	return true;
}

struct request {
	const char *method, *path;
	const char *last_id;     /* of the event before those that are wanted; NULL or "": all are */
	const char *type, *body; /* NULL: none */
	size_t length;
};

/* HTTP/1.0: the answer ends with the connection, in one piece or as it comes. */
static bool
send_request(
	struct daemon_link *link, const struct daemon_client *client, const struct request *request, struct error *err)
{
	struct buf head;

	buf_init(&head, (size_t)16 * 1024);
	buf_printf(&head, "%s %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n", request->method, request->path,
		link->host);
	bool is_sent = add_token(client, &head, err);

	if (request->last_id != NULL && request->last_id[0] != '\0')
		buf_printf(&head, "Last-Event-ID: %s\r\n", request->last_id);
	if (request->body != NULL)
		buf_printf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n", request->type, request->length);
	buf_add_text(&head, "\r\n");
	is_sent = is_sent && (!head.overflowed || error_set(err, "the request is too long")) &&
		  daemon_link_send(link, head.bytes, head.length, err) &&
		  (request->body == NULL || daemon_link_send(link, request->body, request->length, err));
	buf_fini(&head);
	return is_sent;
}

/* Connected and asked; false with err set, and nothing to be closed. */
static bool
begin(struct daemon_link *link, const struct daemon_client *client, const struct request *request, struct error *err)
{
	const char *ca_file = client->ca_file != NULL ? client->ca_file : getenv("BRUNT_CA_FILE");
	struct arena arena;

	if (ca_file != NULL && ca_file[0] == '\0')
		ca_file = NULL;
	arena_init(&arena);
	bool is_open =
		daemon_link_open(link, client->server != NULL ? client->server : usual_place(&arena), ca_file, err);

	arena_fini(&arena);
	if (!is_open)
		return false;
	if (send_request(link, client, request, err))
		return true;
	daemon_link_close(link);
	return false;
}

/* The status line and the headers go; returns the status, −1: it is no answer. */
static int
take_head(struct buf *answer)
{
	const char *end = answer->length > 0 ? strstr(answer->bytes, "\r\n\r\n") : NULL;
	int status = -1;

	if (end == NULL || sscanf(answer->bytes, "HTTP/1.%*d %d", &status) != 1)
		return -1;
	size_t head = (size_t)(end - answer->bytes) + 4;

	answer->length -= head;
	memmove(answer->bytes, answer->bytes + head, answer->length + 1);
	return status;
}

int
daemon_client_ask(const struct daemon_client *client, const char *method, const char *path, const char *type,
	const char *body, size_t length, struct buf *answer, struct error *err)
{
	struct daemon_link link;

	if (!begin(&link, client,
		    &(struct request){.method = method, .path = path, .type = type, .body = body, .length = length},
		    err))
		return -1;
	while (daemon_link_read(&link, answer))
		;
	int status = answer->overflowed || link.is_cut ? -1 : take_head(answer);

	if (status < 0)
		error_set(err, link.is_cut ? "the daemon's answer was cut off" : "the daemon's answer is none");
	daemon_link_close(&link);
	return status;
}

const char *
daemon_client_text(const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static void
complain(const struct buf *answer, int status)
{
	cJSON *problem = answer->length > 0 ? cJSON_ParseWithLength(answer->bytes, answer->length) : NULL;
	const char *detail = daemon_client_text(problem, "detail");

	if (detail[0] != '\0')
		log_error("%s%s", detail, status == 401 ? " (here by --token-file FILE, or in BRUNT_TOKEN)" : "");
	else
		log_error("the daemon answered %d", status);
	cJSON_Delete(problem);
}

cJSON *
daemon_client_get(
	const struct daemon_client *client, const char *method, const char *path, const char *json, int *exit_code)
{
	struct error err = {0};
	struct buf answer;
	cJSON *parsed = NULL;

	buf_init(&answer, CLIENT_ANSWER_MAX);
	int status = daemon_client_ask(
		client, method, path, "application/json", json, json != NULL ? strlen(json) : 0, &answer, &err);

	*exit_code = status < 0 || status >= 500 ? EXIT_INTERNAL : EXIT_USAGE;
	if (status == 204)
		parsed = cJSON_CreateObject();
	else if (status >= 200 && status < 300)
		parsed = cJSON_ParseWithLength(answer.bytes, answer.length);
	else if (status > 0)
		complain(&answer, status);
	if (status < 0)
		log_error("%s", err.message);
	else if (parsed == NULL && status < 300)
		log_error("the daemon's answer is no JSON");
	buf_fini(&answer);
	return parsed;
}

/* One event, "id: NUMBER", "event: KIND" and "data: JSON" among its lines. */
static bool
tell_event(char *event, struct daemon_watch *watch)
{
	const char *kind = "message", *json = NULL;

	for (char *line = event, *next; line[0] != '\0'; line = next) {
		size_t n = strcspn(line, "\n");

		next = line + n + (line[n] != '\0');
		line[n] = '\0';
		if (strncmp(line, "event: ", 7) == 0)
			kind = line + 7;
		else if (strncmp(line, "data: ", 6) == 0)
			json = line + 6;
		else if (strncmp(line, "id: ", 4) == 0)
			snprintf(watch->last_id, sizeof(watch->last_id), "%s", line + 4);
	}
	return json == NULL || watch->each(watch->context, kind, json);
}

/* What is whole of the events that came; false: enough. */
static bool
tell_events(struct buf *stream, struct daemon_watch *watch)
{
	char *end;

	while (stream->length > 0 && (end = strstr(stream->bytes, "\n\n")) != NULL) {
		size_t n = (size_t)(end - stream->bytes) + 2;

		*end = '\0';
		if (!tell_event(stream->bytes, watch))
			return false;
		stream->length -= n;
		memmove(stream->bytes, stream->bytes + n, stream->length + 1);
	}
	return true;
}

int
daemon_client_watch(const struct daemon_client *client, const char *path, struct daemon_watch *watch)
{
	struct error err = {0};
	struct daemon_link link;
	struct buf stream;
	int status = -1;

	if (!begin(&link, client, &(struct request){.method = "GET", .path = path, .last_id = watch->last_id}, &err)) {
		log_error("%s", err.message);
		return EXIT_INTERNAL;
	}
	buf_init(&stream, LINE_BYTES_MAX);
	while (daemon_link_read(&link, &stream)) {
		if (status < 0)
			status = take_head(&stream);
		if (status == 200 && !tell_events(&stream, watch))
			break;
	}
	daemon_link_close(&link);
	if (status != 200 && status != 409)
		complain(&stream, status);
	buf_fini(&stream);
	return status == 200 || status == 409 ? EXIT_PASSED : EXIT_USAGE;
}
