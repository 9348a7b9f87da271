#include "cmd/written_profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/url.h"
#include "sampler/listen_port.h"

#define PATH_TEXT_MAX ((size_t)16 * 1024)

/* Quoted as YAML and JSON both read it. */
static void
add_quoted(struct buf *into, const char *text, size_t length)
{
	buf_add_char(into, '"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			buf_printf(into, "\\%c", c);
		else if (c < 0x20)
			buf_printf(into, "\\u%04x", c);
		else
			buf_add_char(into, (char)c);
	}
	buf_add_char(into, '"');
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

static void
add_target(struct buf *into, const struct written_profile *profile, const struct plan_url *url)
{
	uint64_t inodes[LISTEN_PORT_INODES_MAX];

	buf_add_text(into, "target:\n  url: ");
	add_quoted(into, profile->url, (size_t)(path_of(profile->url) - profile->url));
	buf_printf(into, "\n  timeout: %s\n", profile->timeout);
	if (is_of_this_machine(url) && listen_port_inodes(url->port, inodes, LISTEN_PORT_INODES_MAX) > 0)
		buf_printf(into, "  watch: {port: %u}\n", (unsigned)url->port);
}

static void
add_requests(struct buf *into, const struct written_profile *profile)
{
	const char *path = path_of(profile->url);
	struct buf whole;

	buf_init(&whole, PATH_TEXT_MAX);
	buf_printf(&whole, "%s%.*s", *path == '/' ? "" : "/", (int)strcspn(path, "#"), path);
	buf_add_text(into, "requests:\n  - name: root\n    get: ");
	add_quoted(into, whole.bytes, whole.length);
	buf_fini(&whole);
	buf_add_char(into, '\n');
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
	size_t length = (size_t)(path_of(profile->url) - profile->url);
	struct plan_url url = {0};
	struct arena arena;

	arena_init(&arena);
	bool is_url = url_parse(&arena, arena_strndup(&arena, profile->url, length), &url, err);

	if (is_url) {
		buf_printf(into,
			"# Written by brunt %s; `brunt run` takes it as it is, and `brunt help profile` says what else there is.\n",
			profile->command);
		buf_printf(into, "name: %s-", profile->command);
		add_name(into, &url);
		buf_add_char(into, '\n');
		add_target(into, profile, &url);
		buf_printf(into, "load: %s\n", profile->load);
		add_requests(into, profile);
		add_slos(into, profile);
	}
	arena_fini(&arena);
	return is_url;
}

/* In memory: the processes that --workers starts read it there, too. */
static bool
keep_in_memory(const struct buf *text, char *path, size_t size, struct error *err)
{
	int fd = memfd_create("profile", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text->bytes, text->length) != (ssize_t)text->length)
		return error_set(err, "the profile cannot be kept: %s", strerror(errno));
	snprintf(path, size, "/proc/%ld/fd/%d", (long)getpid(), fd);
	return true;
}

bool
written_profile_save(const struct buf *text, const char *save, char *path, size_t size, struct error *err)
{
	FILE *file;

	if (save == NULL)
		return keep_in_memory(text, path, size, err);
	file = fopen(save, "wxe");
	if (file == NULL)
		return error_set(err, "--save: cannot write '%s': %s", save, strerror(errno));
	bool is_written = fwrite(text->bytes, 1, text->length, file) == text->length;

	if (fclose(file) != 0 || !is_written)
		return error_set(err, "--save: cannot write '%s': %s", save, strerror(errno));
	snprintf(path, size, "%s", save);
	return true;
}
