#include "report/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool
journal_init(struct journal *journal, int directory_fd, const char *name)
{
	*journal = (struct journal){.fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
	snprintf(journal->name, sizeof(journal->name), "%s", name);
	pthread_mutex_init(&journal->mutex, NULL);
	return journal->fd >= 0;
}

void
journal_fini(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
	pthread_mutex_destroy(&journal->mutex);
}

static int
write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

bool
journal_add_fails(struct journal *journal, const char *bytes, size_t length)
{
	bool is_first = false;

	pthread_mutex_lock(&journal->mutex);
	if (journal->error == 0) {
		journal->error = write_all(journal->fd, bytes, length);
		if (journal->error == 0)
			journal->length += (long long)length;
		else {
			is_first = true;
			if (ftruncate(journal->fd, journal->length) != 0)
				(void)errno; /* the torn line stays: readers end at it */
		}
	}
	pthread_mutex_unlock(&journal->mutex);
	return is_first;
}

/* After a failed fsync the kernel may have dropped the pages: it is not tried again and called good. */
bool
journal_sync(struct journal *journal)
{
	pthread_mutex_lock(&journal->mutex);
	if (journal->error == 0 && fsync(journal->fd) != 0 && errno != EINVAL)
		journal->error = errno;
	bool is_whole = journal->error == 0;

	pthread_mutex_unlock(&journal->mutex);
	return is_whole;
}
