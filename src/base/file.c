#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"

#define COPY_PIECE 65536

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

/* What is to stand in a file: bytes, or another file's. */
struct source {
	const char *bytes;
	size_t length;
	int fd; /* -1: the bytes */
	const char *path;
	bool cannot_be_read;
};

static bool
copy_all(struct source *source, int to)
{
	char piece[COPY_PIECE];
	ssize_t n;

	while ((n = read(source->fd, piece, sizeof(piece))) != 0)
		if (n > 0 ? !write_all(to, piece, (size_t)n) : errno != EINTR) {
			source->cannot_be_read = n < 0;
			return false;
		}
	return true;
}

static bool
fill(int fd, struct source *source)
{
	return source->fd >= 0 ? copy_all(source, fd) : write_all(fd, source->bytes, source->length);
}

/* Written beside the path first. */
static bool
put(const char *path, struct source *source, struct error *err)
{
	char beside[PATH_MAX];

	if ((size_t)snprintf(beside, sizeof(beside), "%s.tmp.%ld", path, (long)getpid()) >= sizeof(beside))
		return error_set(err, "the path '%s' is too long", path);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return error_set(err, "cannot write '%s': %s", beside, strerror(errno));
	bool is_written = fill(fd, source) && fsync(fd) == 0;
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
		if (source->cannot_be_read)
			return error_set(err, "cannot read '%s': %s", source->path, strerror(error));
		return error_set(err, "cannot write '%s': %s", path, strerror(error));
	}
	if (!sync_directory_of(path))
		return error_set(err, "'%s' is written but not durable: %s", path, strerror(errno));
	return true;
}

bool
file_hash(const char *path, uint64_t *hash)
{
	unsigned char piece[COPY_PIECE];
	struct stat status;
	int fd = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n;

	if (fd < 0)
		return false;
	*hash = UINT64_C(0xcbf29ce484222325);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		for (ssize_t i = 0; i < n; i++)
			*hash = (*hash ^ piece[i]) * UINT64_C(0x100000001b3);
	close(fd);
	return n == 0;
}

bool
file_write_atomic(const char *path, const void *bytes, size_t length, struct error *err)
{
	return put(path, &(struct source){.bytes = bytes, .length = length, .fd = -1}, err);
}

bool
file_copy_atomic(const char *from, const char *path, struct error *err)
{
	struct source source = {.fd = open(from, O_RDONLY | O_CLOEXEC), .path = from};

	if (source.fd < 0)
		return error_set(err, "cannot read '%s': %s", from, strerror(errno));
	bool is_copied = put(path, &source, err);

	close(source.fd);
	return is_copied;
}

static int
remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

bool
file_remove_tree(const char *path)
{
	return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0;
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
