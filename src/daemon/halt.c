#include "daemon/halt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"

#define FILE_CEILING ((size_t)4096)

/* The next line of the file, cut to its room. */
static void
take_line(const char **at, char *into, size_t size)
{
	size_t length = strcspn(*at, "\n"), n = 0;

	for (; n < length && n + 1 < size; n++)
		into[n] = (*at)[n];
	into[n] = '\0';
	*at += length + ((*at)[length] == '\n');
}

bool
halt_init(struct halt *halt, const char *path, struct error *err)
{
	char since[32];
	size_t length;

	*halt = (struct halt){0};
	if ((size_t)snprintf(halt->path, sizeof(halt->path), "%s", path) >= sizeof(halt->path))
		return error_set(err, "'%s' is too long for a path", path);
	if (access(path, F_OK) != 0)
		return errno == ENOENT || error_set(err, "'%s' cannot be looked for: %s", path, strerror(errno));
	halt->is_on = true;
	struct error ignored = {0};
	char *text = file_read(path, FILE_CEILING, &length, &ignored);
	const char *at = text;

	if (text == NULL)
		return true;
	take_line(&at, since, sizeof(since));
	take_line(&at, halt->who, sizeof(halt->who));
	take_line(&at, halt->why, sizeof(halt->why));
	halt->since_wall_ns = wall_of_text(since);
	free(text);
	return true;
}

/* In one line of the file, without half a character of UTF-8 at its end. */
static void
keep(char *into, size_t size, const char *text)
{
	size_t length = (size_t)snprintf(into, size, "%s", text);

	if (length >= size) {
		for (length = size - 1; length > 0 && (into[length - 1] & 0xc0) == 0x80; length--)
			;
		if (length > 0 && (into[length - 1] & 0x80) != 0)
			length--;
		into[length] = '\0';
	}
	for (char *c = into; *c != '\0'; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
}

bool
halt_set(struct halt *halt, const char *who, const char *why, int64_t wall_ns, struct error *err)
{
	char text[HALT_WHO_MAX + HALT_WHY_MAX + 64], since[32];

	halt->is_on = true;
	halt->since_wall_ns = wall_ns;
	keep(halt->who, sizeof(halt->who), who);
	keep(halt->why, sizeof(halt->why), why);
	int length = snprintf(
		text, sizeof(text), "%s\n%s\n%s\n", wall_text(wall_ns, since, sizeof(since)), halt->who, halt->why);

	CHECK_OP(length, <, (int)sizeof(text));
	return file_write_atomic(halt->path, text, (size_t)length, err);
}

bool
halt_lift(struct halt *halt, struct error *err)
{
	if (unlink(halt->path) != 0 && errno != ENOENT)
		return error_set(err, "'%s' cannot be removed: %s", halt->path, strerror(errno));
	halt->is_on = false;
	halt->since_wall_ns = 0;
	halt->who[0] = halt->why[0] = '\0';
	return true;
}
