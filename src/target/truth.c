#include "target/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

#define BUFFER_BYTES ((size_t)64 << 10)
#define LINE_MAX_BYTES 120

bool
truth_open(struct truth *t, const char *path, struct error *err)
{
	*t = (struct truth){.fd = -1};
	if (path == NULL)
		return true;
	t->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (t->fd < 0)
		return error_set(err, "cannot write the truth log '%s': %s", path, strerror(errno));
	t->bytes = must_alloc(BUFFER_BYTES);
	return true;
}

bool
truth_flush(struct truth *t)
{
	size_t at = 0;

	while (at < t->length && !t->has_failed) {
		ssize_t n = write(t->fd, t->bytes + at, t->length - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_error("the truth log is incomplete: %s", strerror(errno));
			t->has_failed = true;
		} else {
			at += (size_t)n;
		}
	}
	t->length = 0;
	return !t->has_failed;
}

/* Digits by hand: printf would be the dearest thing that happens to a request. */
static char *
add_number(char *to, uint64_t value, char after)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (count > 0)
		*to++ = digits[--count];
	*to++ = after;
	return to;
}

void
truth_add(struct truth *t, const struct truth_line *line)
{
	if (t->fd < 0)
		return;
	if (t->length + LINE_MAX_BYTES > BUFFER_BYTES)
		truth_flush(t);
	char *start = t->bytes + t->length, *to = start;

	to = add_number(to, (uint64_t)line->arrival_ns, ' ');
	to = add_number(to, (uint64_t)line->done_ns, ' ');
	to = add_number(to, (uint64_t)line->status, ' ');
	to = add_number(to, line->connection, ' ');
	to = add_number(to, (uint64_t)line->modelled_ns, '\n');
	CHECK_OP(to - start, <=, LINE_MAX_BYTES);
	t->length += (size_t)(to - start);
}

void
truth_close(struct truth *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	free(t->bytes);
	t->bytes = NULL;
}
