#include "cmd/daemon_client.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/arguments.h"

#ifdef BRUNT_SQLITE
#include "daemon/config.h"
#endif

#define SYSTEM_SOCKET "unix:/run/brunt/brunt.sock"
#define TOKEN_BYTES_MAX ((size_t)1024)
#define LINE_BYTES_MAX ((size_t)512 * 1024) /* of an event */

int
daemon_client_take(struct daemon_client *client, int argc, char **argv, int *i)
{
	const char **into = &client->server, *flag = argv[*i], *value = arguments_value("--server", argc, argv, i);

	if (value == NULL) {
		into = &client->token_file;
		value = arguments_value("--token-file", argc, argv, i);
	}
	if (value == NULL)
		return 0;
	*into = value;
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

static int
connect_unix(const char *path, struct error *err)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	error_set(err, "no daemon answers at unix:%s: %s; start one by brunt serve, or say --server", path,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
connect_tcp(const char *host, const char *port, struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *info = NULL;
	int failed = getaddrinfo(host, port, &hints, &info), fd = -1;

	for (struct addrinfo *at = info; failed == 0 && at != NULL && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
			int error = errno;

			close(fd);
			fd = -1;
			errno = error;
		}
	}
	if (info != NULL)
		freeaddrinfo(info);
	if (fd < 0)
		error_set(err, "no daemon answers at %s:%s: %s", host, port,
			failed != 0 ? gai_strerror(failed) : strerror(errno));
	return fd;
}

/* Connected; host gets what the Host header says. −1 with err set. */
static int
connect_to(const char *server, char *host, size_t size, struct error *err)
{
	char name[256];

	snprintf(host, size, "localhost");
	if (strncmp(server, "unix:", 5) == 0)
		return connect_unix(server + 5, err);
	if (strncmp(server, "http://", 7) != 0) {
		error_set(err, "--server: '%s' is neither unix:PATH nor http://HOST:PORT", server);
		return -1;
	}
	snprintf(host, size, "%.*s", (int)strcspn(server + 7, "/"), server + 7);
	snprintf(name, sizeof(name), "%s", host[0] == '[' ? host + 1 : host);
	char *colon = strrchr(name, ':');

	if (colon == NULL || colon == name) {
		error_set(err, "--server: '%s' says no port; write http://HOST:PORT", server);
		return -1;
	}
	*colon = '\0';
	if (colon[-1] == ']')
		colon[-1] = '\0';
	return connect_tcp(name, colon + 1, err);
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

static bool
send_all(int fd, const char *bytes, size_t length, struct error *err)
{
	while (length > 0) {
		ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, "the daemon does not listen: %s", strerror(errno));
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

/* HTTP/1.0: the answer ends with the connection, in one piece or as it comes. */
static bool
send_request(int fd, const struct daemon_client *client, const char *host, const char *method, const char *path,
	const char *type, const char *body, size_t length, struct error *err)
{
	struct buf head;

	buf_init(&head, (size_t)16 * 1024);
	buf_printf(&head, "%s %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n", method, path, host);
	bool is_sent = add_token(client, &head, err);

	if (body != NULL)
		buf_printf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, length);
	buf_add_text(&head, "\r\n");
	is_sent = is_sent && (!head.overflowed || error_set(err, "the request is too long")) &&
		  send_all(fd, head.bytes, head.length, err) && (body == NULL || send_all(fd, body, length, err));
	buf_fini(&head);
	return is_sent;
}

/* Connected and asked; −1 with err set. */
static int
begin(const struct daemon_client *client, const char *method, const char *path, const char *type, const char *body,
	size_t length, struct error *err)
{
	struct arena arena;
	char host[256];

	arena_init(&arena);
	int fd = connect_to(client->server != NULL ? client->server : usual_place(&arena), host, sizeof(host), err);

	arena_fini(&arena);
	if (fd >= 0 && !send_request(fd, client, host, method, path, type, body, length, err)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* More of the answer; false: that was all. */
static bool
read_more(int fd, struct buf *into)
{
	char piece[16384];
	ssize_t n;

	do
		n = recv(fd, piece, sizeof(piece), 0);
	while (n < 0 && errno == EINTR);
	return n > 0 && buf_add(into, piece, (size_t)n);
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
	int fd = begin(client, method, path, type, body, length, err);

	if (fd < 0)
		return -1;
	while (read_more(fd, answer))
		;
	close(fd);
	int status = answer->overflowed ? -1 : take_head(answer);

	if (status < 0)
		error_set(err, "the daemon's answer is none");
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
		log_error("%s", detail);
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

/* One event, "event: KIND" and "data: JSON" among its lines. */
static bool
tell_event(char *event, daemon_event_fn *each, void *context)
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
	}
	return json == NULL || each(context, kind, json);
}

/* What is whole of the events that came; false: enough. */
static bool
tell_events(struct buf *stream, daemon_event_fn *each, void *context)
{
	char *end;

	while (stream->length > 0 && (end = strstr(stream->bytes, "\n\n")) != NULL) {
		size_t n = (size_t)(end - stream->bytes) + 2;

		*end = '\0';
		if (!tell_event(stream->bytes, each, context))
			return false;
		stream->length -= n;
		memmove(stream->bytes, stream->bytes + n, stream->length + 1);
	}
	return true;
}

int
daemon_client_watch(const struct daemon_client *client, const char *path, daemon_event_fn *each, void *context)
{
	struct error err = {0};
	struct buf stream;
	int fd = begin(client, "GET", path, NULL, NULL, 0, &err), status = -1;

	if (fd < 0) {
		log_error("%s", err.message);
		return EXIT_INTERNAL;
	}
	buf_init(&stream, LINE_BYTES_MAX);
	while (read_more(fd, &stream)) {
		if (status < 0)
			status = take_head(&stream);
		if (status == 200 && !tell_events(&stream, each, context))
			break;
	}
	close(fd);
	if (status != 200)
		complain(&stream, status);
	buf_fini(&stream);
	return status == 200 ? EXIT_PASSED : EXIT_USAGE;
}
