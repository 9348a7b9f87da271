#include "target/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

#define BUFFER_BYTES ((size_t)64 << 10)
#define NUMBER_MAX_BYTES 21 /* a separator and 20 digits */

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

/* Room for one piece. */
static char *
room_for(struct truth *t, size_t bytes)
{
	CHECK_OP(bytes, <=, BUFFER_BYTES);
	if (t->length + bytes > BUFFER_BYTES)
		truth_flush(t);
	return t->bytes + t->length;
}

/* Digits by hand: printf would be the dearest thing that happens to a request. */
static char *
add_number(char *to, uint64_t value)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (count > 0)
		*to++ = digits[--count];
	return to;
}

void
truth_put_number(struct truth *t, char before, uint64_t value)
{
	char *to = room_for(t, NUMBER_MAX_BYTES);

	*to = before;
	t->length = (size_t)(add_number(to + 1, value) - t->bytes);
}

void
truth_put_word(struct truth *t, const char *word)
{
	size_t length = strlen(word);
	char *to = room_for(t, length + 2); /* its NUL is overwritten by what follows */

	*to = ' ';
	memcpy(to + 1, word, length + 1);
	t->length += length + 1;
}

void
truth_put_end(struct truth *t)
{
	*room_for(t, 1) = '\n';
	t->length++;
}

void
truth_put_line(struct truth *t, const struct truth_line *line)
{
	char *to = room_for(t, NUMBER_MAX_BYTES);

	t->length = (size_t)(add_number(to, (uint64_t)line->arrival_ns) - t->bytes);
	truth_put_number(t, ' ', (uint64_t)line->done_ns);
	truth_put_number(t, ' ', (uint64_t)line->status);
	truth_put_number(t, ' ', line->connection);
	truth_put_number(t, ' ', (uint64_t)line->modelled_ns);
}

void
truth_add(struct truth *t, const struct truth_line *line)
{
	if (t->fd < 0)
		return;
	truth_put_line(t, line);
	truth_put_end(t);
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
