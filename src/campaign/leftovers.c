#include "campaign/leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

struct leftover {
	char name[STORE_NAME_MAX + 1]; /* what it was to become, or was */
	pid_t pid;
	bool is_old;
};

/* ".NAME.PID" or ".NAME.PID.old", and nothing else. */
static bool
parse(const char *entry, struct leftover *left)
{
	size_t length = strlen(entry), end = length;
	struct error ignored = {0};

	left->is_old = length > 4 && strcmp(entry + length - 4, ".old") == 0;
	if (left->is_old)
		end = length -= 4;
	while (end > 0 && isdigit((unsigned char)entry[end - 1]))
		end--;
	if (entry[0] != '.' || end < 3 || end == length || length - end > 9 || entry[end - 1] != '.' ||
		end - 2 > STORE_NAME_MAX)
		return false;
	left->pid = (pid_t)strtol(entry + end, NULL, 10);
	snprintf(left->name, sizeof(left->name), "%.*s", (int)(end - 2), entry + 1);
	return left->pid > 0 && store_check_name(left->name, &ignored);
}

/* Our own number is another's that is gone: we have not begun. */
static bool
is_gone(pid_t pid)
{
	return pid == getpid() || (kill(pid, 0) != 0 && errno == ESRCH);
}

/* dir: where it lies. */
static void
clear_one(const char *dir, const char *entry, const struct leftover *left)
{
	char path[PATH_MAX], place[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry) >= sizeof(path) ||
		(size_t)snprintf(place, sizeof(place), "%s/%s", dir, left->name) >= sizeof(place))
		return;
	if (left->is_old && access(place, F_OK) != 0 && rename(path, place) == 0)
		log_warn("'%s' is back: the save that was to replace it was killed", place);
	else if (!file_remove_tree(path))
		log_warn("cannot remove what a killed save left in '%s': %s", path, strerror(errno));
}

static bool
is_directory(int dir_fd, const char *entry)
{
	struct stat status;

	return fstatat(dir_fd, entry, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

static void
clear_dir(const char *dir)
{
	DIR *open = opendir(dir);
	const struct dirent *entry;
	struct leftover left;

	while (open != NULL && (entry = readdir(open)) != NULL)
		if (parse(entry->d_name, &left) && is_directory(dirfd(open), entry->d_name) && is_gone(left.pid))
			clear_one(dir, entry->d_name, &left);
	if (open != NULL)
		closedir(open);
}

void
leftovers_clear(const struct store *store)
{
	struct store_list names;
	char path[PATH_MAX];

	clear_dir(store->dir);
	store_names(store, &names);
	for (size_t i = 0; i < names.n; i++)
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", store->dir, names.texts[i]) < sizeof(path))
			clear_dir(path);
	store_list_fini(&names);
}
