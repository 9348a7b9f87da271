#include "daemon/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
	folder_file_fn *each;
	void *context;
	size_t n;
	bool is_over;
};

static bool
is_shown(const char *name)
{
	for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++)
		if (*p < ' ' || *p == 0x7f)
			return false;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static void walk_directory(struct walk *walk, int fd, const char *path, int depth);

static void
walk_entry(struct walk *walk, int parent, const char *path, const char *name, int depth)
{
	char below[PATH_MAX];
	struct stat status;

	if (!is_shown(name) || fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		snprintf(below, sizeof(below), "%s%s%s", path, path[0] != '\0' ? "/" : "", name) >= (int)sizeof(below))
		return;
	if (S_ISDIR(status.st_mode) && depth < FOLDER_DEPTH_MAX) {
		int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0)
			walk_directory(walk, fd, below, depth + 1);
	} else if (S_ISREG(status.st_mode))
		walk->is_over =
			++walk->n > FOLDER_FILES_MAX || !walk->each(walk->context, below, (uint64_t)status.st_size);
}

/* Takes the descriptor. */
static void
walk_directory(struct walk *walk, int fd, const char *path, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		close(fd);
		return;
	}
	while (!walk->is_over && (entry = readdir(dir)) != NULL)
		walk_entry(walk, dirfd(dir), path, entry->d_name, depth);
	closedir(dir);
}

bool
folder_walk(const char *directory, folder_file_fn *each, void *context)
{
	struct walk walk = {.each = each, .context = context};
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	walk_directory(&walk, fd, "", 1);
	return true;
}

static bool
add_bytes(void *context, const char *path, uint64_t bytes)
{
	(void)path;
	*(uint64_t *)context += bytes;
	return true;
}

uint64_t
folder_bytes(const char *directory)
{
	uint64_t bytes = 0;

	folder_walk(directory, add_bytes, &bytes);
	return bytes;
}

/* The part before the next slash; false: it is no name of a file. */
static bool
take_part(const char **path, char part[NAME_MAX + 1])
{
	size_t n = strcspn(*path, "/");

	if (n == 0 || n > NAME_MAX)
		return false;
	memcpy(part, *path, n);
	part[n] = '\0';
	*path += n;
	return is_shown(part);
}

int
folder_open(const char *directory, const char *path, uint64_t *bytes)
{
	char part[NAME_MAX + 1];
	struct stat status;
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0) {
		bool is_name = take_part(&path, part), is_last = *path == '\0';
		/* Not blocking: it may be a fifo. */
		int below =
			is_name ? openat(fd, part,
					  O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (is_last ? 0 : O_DIRECTORY))
				: -1;

		close(fd);
		fd = below;
		if (is_last)
			break;
		path++;
	}
	if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
		close(fd);
		return -1;
	}
	if (fd >= 0)
		*bytes = (uint64_t)status.st_size;
	return fd;
}
