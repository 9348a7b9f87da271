#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"

static bool
read_all(int fd, struct buf *into)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		if (!buf_add(into, chunk, (size_t)n)) {
			errno = EFBIG;
			return false;
		}
	return n == 0;
}

char *
file_read(const char *path, size_t ceiling, size_t *length, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text;

	if (fd < 0) {
		error_set(err, "cannot read '%s': %s", path, strerror(errno));
		return NULL;
	}
	buf_init(&text, ceiling);
	bool is_read = read_all(fd, &text);
	int error = errno;

	close(fd);
	if (!is_read) {
		buf_fini(&text);
		if (error == EFBIG)
			error_set(err, "'%s' is larger than %zu bytes", path, ceiling);
		else
			error_set(err, "cannot read '%s': %s", path, strerror(error));
		return NULL;
	}
	if (length != NULL)
		*length = text.length;
	return buf_steal(&text);
}

static bool
write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

/* A rename is durable only once its directory is. */
static bool
sync_directory_of(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool is_synced = fsync(fd) == 0 || errno == EINVAL; /* EINVAL: a file system that cannot sync directories */

	close(fd);
	return is_synced;
}

bool
file_write_atomic(const char *path, const void *bytes, size_t length, struct error *err)
{
	char beside[PATH_MAX];

	if ((size_t)snprintf(beside, sizeof(beside), "%s.tmp.%ld", path, (long)getpid()) >= sizeof(beside))
		return error_set(err, "the path '%s' is too long", path);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return error_set(err, "cannot write '%s': %s", beside, strerror(errno));
	bool is_written = write_all(fd, bytes, length) && fsync(fd) == 0;
	int error = errno;

	if (close(fd) != 0 && is_written) {
		is_written = false;
		error = errno;
	}
	if (is_written && rename(beside, path) != 0) {
		is_written = false;
		error = errno;
	}
	if (!is_written) {
		unlink(beside);
		return error_set(err, "cannot write '%s': %s", path, strerror(error));
	}
	if (!sync_directory_of(path))
		return error_set(err, "'%s' is written but not durable: %s", path, strerror(errno));
	return true;
}

bool
file_make_dirs(const char *path, struct error *err)
{
	char partial[PATH_MAX];

	if ((size_t)snprintf(partial, sizeof(partial), "%s", path) >= sizeof(partial))
		return error_set(err, "the path '%s' is too long", path);
	for (char *p = partial + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(partial, 0777) != 0 && errno != EEXIST)
			return error_set(err, "cannot make the directory '%s': %s", partial, strerror(errno));
		*p = '/';
	}
	struct stat status;

	if (mkdir(partial, 0777) != 0 && errno != EEXIST)
		return error_set(err, "cannot make the directory '%s': %s", partial, strerror(errno));
	if (stat(partial, &status) != 0 || !S_ISDIR(status.st_mode))
		return error_set(err, "'%s' is not a directory", partial);
	return true;
}

long
file_read_small(const char *path, char *into, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	size_t length = 0;
	ssize_t n;

	while (length + 1 < size && (n = read(fd, into + length, size - 1 - length)) > 0)
		length += (size_t)n;
	into[length] = '\0';
	close(fd);
	return (long)length;
}

bool
file_is_empty_dir(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	bool is_empty = directory != NULL;

	while (is_empty && (entry = readdir(directory)) != NULL)
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (directory != NULL)
		closedir(directory);
	return is_empty;
}
