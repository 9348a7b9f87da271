#include "cmd/written_profile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/base64.h"
#include "plan/url.h"
#include "sampler/listen_port.h"

/* As YAML and JSON both read it between double quotes. */
static void
add_escaped(struct buf *into, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			buf_printf(into, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(into, "\\u%04x", c);
		else
			buf_add_char(into, (char)c);
	}
}

static void
add_quoted(struct buf *into, const char *text, size_t length)
{
	buf_add_char(into, '"');
	add_escaped(into, text, length);
	buf_add_char(into, '"');
}

/* Plain where that is the same. */
void
written_profile_add_value(struct buf *into, const char *text)
{
	static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ./%";

	if (*text >= '0' && *text <= '9' && text[strspn(text, plain)] == '\0')
		buf_add_text(into, text);
	else
		add_quoted(into, text, strlen(text));
}

/* Where the authority ends and what is asked for begins; a unix socket's path is no such thing. */
static const char *
path_of(const char *url)
{
	const char *authority = strstr(url, "://");

	if (authority == NULL || strncmp(url, "http+unix:", 10) == 0 || strncmp(authority + 3, "unix:", 5) == 0)
		return url + strlen(url);
	return authority + 3 + strcspn(authority + 3, "/?#");
}

static bool
is_of_this_machine(const struct plan_url *url)
{
	return url->unix_path == NULL && (strcmp(url->host, "localhost") == 0 || strcmp(url->host, "127.0.0.1") == 0 ||
						 strcmp(url->host, "::1") == 0);
}

/* A name that a results directory may have: "127.0.0.1-8080". */
static void
add_name(struct buf *into, const struct plan_url *url)
{
	if (url->unix_path != NULL) {
		buf_add_text(into, "unix");
		return;
	}
	for (const char *c = url->host; *c != '\0'; c++)
		buf_add_char(into, *c == ':' ? '-' : *c);
	buf_printf(into, "-%u", (unsigned)url->port);
}

/* How much of the URL is the target's. The fragment is the reader's own affair (RFC 3986 §3.5). */
static size_t
url_length(const struct written_profile *profile)
{
	return url_is_websocket(profile->url) ? strcspn(profile->url, "#")
					      : (size_t)(path_of(profile->url) - profile->url);
}

/* What a message over WebSocket is made of has no type. */
static bool
is_form(const struct written_profile *profile)
{
	return profile->is_form && !url_is_websocket(profile->url);
}

static bool
has_headers(const struct written_profile *profile)
{
	return profile->headers_n > 0 || is_form(profile) || profile->user != NULL;
}

static bool
has_header(const struct written_profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->headers_n; i++)
		if (strncasecmp(profile->headers[i], name, strlen(name)) == 0 &&
			profile->headers[i][strlen(name)] == ':')
			return true;
	return false;
}

/* What follows from other flags, where no --header says otherwise. */
static void
add_implied_headers(struct buf *into, const struct written_profile *profile)
{
	if (is_form(profile) && !has_header(profile, "Content-Type"))
		buf_add_text(into, "      \"Content-Type\": application/x-www-form-urlencoded\n");
	if (profile->user != NULL && !has_header(profile, "Authorization")) {
		char *encoded = base64_encode((const uint8_t *)profile->user, strlen(profile->user));

		buf_printf(into, "      \"Authorization\": \"Basic %s\"\n", encoded);
		free(encoded);
	}
}

static void
add_headers(struct buf *into, const struct written_profile *profile)
{
	if (has_headers(profile))
		buf_add_text(into, "    headers:\n");
	add_implied_headers(into, profile);
	for (size_t i = 0; i < profile->headers_n; i++) {
		const char *line = profile->headers[i], *value = strchr(line, ':');

		buf_add_text(into, "      ");
		add_quoted(into, line, value != NULL ? (size_t)(value - line) : strlen(line));
		buf_add_text(into, ": ");
		value = value != NULL ? value + 1 + strspn(value + 1, " \t") : "";
		add_quoted(into, value, strlen(value));
		buf_add_char(into, '\n');
	}
}

/* Of a WebSocket all that is asked for stands in the URL, and header fields are the connection's: both belong to the
 * target, where what is asked of HTTP belongs to the request. */
static void
add_target(struct buf *into, const struct written_profile *profile, const struct plan_url *url)
{
	uint64_t inodes[LISTEN_PORT_INODES_MAX];
	bool is_websocket = url_is_websocket(profile->url);

	buf_add_text(into, "target:\n  url: ");
	add_quoted(into, profile->url, url_length(profile));
	buf_add_text(into, "\n  timeout: ");
	written_profile_add_value(into, profile->timeout);
	buf_add_char(into, '\n');
	if (profile->is_insecure && plan_url_is_tls(url))
		buf_add_text(into, "  tls: {verify: false}\n");
	if (is_websocket && has_headers(profile)) {
		buf_add_text(into, "  websocket:\n");
		add_headers(into, profile);
	}
	if (is_of_this_machine(url) && listen_port_inodes(url->port, inodes, LISTEN_PORT_INODES_MAX) > 0)
		buf_printf(into, "  watch: {port: %u}\n", (unsigned)url->port);
}

/* What is asked for there, in the words of requests[]. */
static void
add_method(struct buf *into, const struct written_profile *profile)
{
	static const char *const keys[] = {"get", "post", "put", "delete", "patch", "head", "options"};
	bool has_body = profile->body != NULL || profile->body_file != NULL;
	const char *method = profile->method != NULL ? profile->method : has_body ? "post" : "get";

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcasecmp(method, keys[i]) == 0) {
			buf_printf(into, "    %s: ", keys[i]);
			return;
		}
	buf_add_text(into, "    method: ");
	add_quoted(into, method, strlen(method));
	buf_add_text(into, "\n    path: ");
}

/* Not the fragment: that is the reader's own affair (RFC 3986 §3.5). */
static void
add_path(struct buf *into, const struct written_profile *profile)
{
	const char *path = path_of(profile->url);

	buf_add_text(into, *path == '/' ? "\"" : "\"/");
	add_escaped(into, path, strcspn(path, "#"));
	buf_add_text(into, "\"\n");
}

/* A file is named from the root on: relative ones are so to the profile, which may lie elsewhere. */
static bool
add_body(struct buf *into, const struct written_profile *profile, struct error *err)
{
	char path[PATH_MAX];

	if (profile->body != NULL) {
		buf_add_text(into, "    body: ");
		add_quoted(into, profile->body, strlen(profile->body));
		buf_add_char(into, '\n');
	} else if (profile->body_file != NULL) {
		if (realpath(profile->body_file, path) == NULL)
			return error_set(err, "--body-file: cannot read '%s': %s", profile->body_file, strerror(errno));
		buf_add_text(into, "    body_file: ");
		add_quoted(into, path, strlen(path));
		buf_add_char(into, '\n');
	}
	return true;
}

static bool
add_requests(struct buf *into, const struct written_profile *profile, struct error *err)
{
	bool has_message = profile->body != NULL || profile->body_file != NULL;

	if (!url_is_websocket(profile->url)) {
		buf_add_text(into, "requests:\n  - name: root\n");
		add_method(into, profile);
		add_path(into, profile);
		add_headers(into, profile);
		return add_body(into, profile, err);
	}
	if (profile->method != NULL)
		return error_set(err,
			"--method: over WebSocket a request is a message and has none; write the message, --body TEXT");
	if (has_message) /* else the one that a profile without requests has */
		buf_add_text(into, "requests:\n  - name: root\n");
	return !has_message || add_body(into, profile, err);
}

static void
add_slos(struct buf *into, const struct written_profile *profile)
{
	if (profile->slos_n == 0)
		return;
	buf_add_text(into, "slo:\n");
	for (size_t i = 0; i < profile->slos_n; i++) {
		buf_add_text(into, "  - ");
		add_quoted(into, profile->slos[i], strlen(profile->slos[i]));
		buf_add_char(into, '\n');
	}
}

bool
written_profile_add(const struct written_profile *profile, struct buf *into, struct error *err)
{
	bool is_websocket = url_is_websocket(profile->url);
	struct plan_url url = {0};
	struct arena arena;

	arena_init(&arena);
	const char *text = arena_strndup(&arena, profile->url, url_length(profile));
	bool is_good = (is_websocket ? url_parse_websocket : url_parse)(&arena, text, &url, err);

	if (is_good) {
		buf_printf(into,
			"# Written by brunt %s; `brunt run` takes it as it is, and `brunt help profile` says what else there is.\n",
			profile->command);
		buf_printf(into, "name: %s-", profile->command);
		add_name(into, &url);
		buf_add_char(into, '\n');
		add_target(into, profile, &url);
		buf_printf(into, "load: %s\n", profile->load);
		is_good = add_requests(into, profile, err);
		add_slos(into, profile);
	}
	arena_fini(&arena);
	if (into->overflowed)
		return error_set(err,
			"the profile would be larger than %zu bytes; put the body into a file, --body-file",
			into->ceiling);
	return is_good;
}

bool
written_profile_keep(const struct buf *text, char *path, size_t size, struct error *err)
{
	int fd = memfd_create("profile", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text->bytes, text->length) != (ssize_t)text->length)
		return error_set(err, "the profile cannot be kept: %s", strerror(errno));
	snprintf(path, size, "/proc/%ld/fd/%d", (long)getpid(), fd);
	return true;
}

bool
written_profile_save(const struct buf *text, const char *path, struct error *err)
{
	FILE *file = fopen(path, "wxe");

	if (file == NULL)
		return error_set(err, "--save: cannot write '%s': %s", path, strerror(errno));
	bool is_written = fwrite(text->bytes, 1, text->length, file) == text->length;

	if (fclose(file) != 0 || !is_written)
		return error_set(err, "--save: cannot write '%s': %s", path, strerror(errno));
	return true;
}
