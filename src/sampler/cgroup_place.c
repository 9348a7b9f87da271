#include "sampler/cgroup_place.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

long
cgroup_read_file(const char *directory, const char *file, char *into, size_t size)
{
	char path[CGROUP_FILE_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	return file_read_small(path, into, size);
}

double
cgroup_find_keyed(const char *text, const char *key)
{
	size_t length = strlen(key);
	double value;

	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return sscanf(line + length, "%lf", &value) == 1 ? value : NAN;
	return NAN;
}

double
cgroup_read_keyed(const char *directory, const char *file, const char *key)
{
	char text[CGROUP_TEXT_MAX];

	return cgroup_read_file(directory, file, text, sizeof(text)) > 0 ? cgroup_find_keyed(text, key) : NAN;
}

double
cgroup_read_number(const char *directory, const char *file)
{
	char text[64];
	double value;

	return cgroup_read_file(directory, file, text, sizeof(text)) > 0 && sscanf(text, "%lf", &value) == 1 ? value
													     : NAN;
}

bool
cgroup_next_line(const char **text, struct cgroup_line *line)
{
	const char *list = strchr(*text, ':'), *path = list != NULL ? strchr(list + 1, ':') : NULL;

	if (path == NULL)
		return false;
	list++;
	snprintf(line->controllers, sizeof(line->controllers), "%.*s", (int)(path - list), list);
	path++;
	snprintf(line->path, sizeof(line->path), "%.*s", (int)strcspn(path, "\n"), path);
	*text = path + strcspn(path, "\n");
	*text += **text == '\n';
	return true;
}

bool
cgroup_line_has(const struct cgroup_line *line, const char *controller)
{
	size_t length = strlen(controller);

	if (length == 0)
		return line->controllers[0] == '\0';
	for (const char *p = line->controllers; *p != '\0'; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == length && strncmp(p, controller, length) == 0)
			return true;
	return false;
}

static bool
find_line(const char *text, const char *controller, struct cgroup_line *line)
{
	while (cgroup_next_line(&text, line))
		if (cgroup_line_has(line, controller))
			return true;
	*line = (struct cgroup_line){0};
	return false;
}

bool
cgroup_path_is_within(const char *path, const char *cgroup)
{
	size_t length = strlen(cgroup);

	return strncmp(path, cgroup, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

bool
cgroup_read_text(const char *root, long pid, char *into, size_t size)
{
	char path[CGROUP_FILE_MAX];

	snprintf(path, sizeof(path), "%s/proc/%ld/cgroup", root, pid);
	return file_read_small(path, into, size) > 0;
}

bool
cgroup_read_self(const char *root, char *into, size_t size)
{
	char path[CGROUP_FILE_MAX];

	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	return file_read_small(path, into, size) > 0;
}

bool
cgroup_read_texts(struct cgroup_texts *texts, const char *root, long pid)
{
	texts->root = root;
	if (!cgroup_read_self(root, texts->self, sizeof(texts->self)))
		texts->self[0] = '\0';
	return cgroup_read_text(root, pid, texts->target, sizeof(texts->target));
}

/* Within a container that has no cgroup namespace the path is the host's, but what is mounted is our own cgroup: then
 * what follows our own path is the path below the mount. */
static void
set_directory(struct cgroup_place *place, const char *mount, const char *path, const char *self_path)
{
	if (strcmp(path, "/") == 0)
		path = "";
	place->mount_length = strlen(mount);
	snprintf(place->directory, sizeof(place->directory), "%s%s", mount, path);
	if (access(place->directory, R_OK) == 0)
		return;
	if (*self_path != '\0' && cgroup_path_is_within(path, self_path))
		snprintf(place->directory, sizeof(place->directory), "%s%s", mount, path + strlen(self_path));
	if (access(place->directory, R_OK) != 0)
		place->directory[0] = '\0';
}

static bool
find_mount(const char *root, const char *controllers, const char *controller, char *mount, size_t size)
{
	const char *const names[] = {controllers, controller};

	for (size_t i = 0; i < 2; i++) {
		snprintf(mount, size, "%s/sys/fs/cgroup/%s", root, names[i]);
		if (access(mount, R_OK) == 0)
			return true;
	}
	return false;
}

static bool
find_mount_v2(const char *root, char *mount, size_t size)
{
	char marker[CGROUP_FILE_MAX];
	static const char *const names[] = {"", "/unified"};

	for (size_t i = 0; i < 2; i++) {
		snprintf(mount, size, "%s/sys/fs/cgroup%s", root, names[i]);
		snprintf(marker, sizeof(marker), "%s/sys/fs/cgroup%s/cgroup.controllers", root, names[i]);
		if (access(marker, R_OK) == 0)
			return true;
	}
	return false;
}

void
cgroup_place_find(
	struct cgroup_place *place, const struct cgroup_texts *texts, const char *controller, const char *watched)
{
	struct cgroup_line line, self;
	char mount[CGROUP_FILE_MAX - CGROUP_PATH_MAX];

	*place = (struct cgroup_place){0};
	place->is_v2 = *controller == '\0' || !find_line(texts->target, controller, &line);
	if (place->is_v2) {
		if (!find_line(texts->target, "", &line) || !find_mount_v2(texts->root, mount, sizeof(mount)))
			return;
	} else if (!find_mount(texts->root, line.controllers, controller, mount, sizeof(mount)))
		return;
	find_line(texts->self, place->is_v2 ? "" : controller, &self);
	if (*watched != '\0' && cgroup_path_is_within(line.path, watched))
		line.path[strlen(watched)] = '\0';
	place->holds_us =
		strcmp(line.path, "/") != 0 && self.path[0] != '\0' && cgroup_path_is_within(self.path, line.path);
	place->is_own = strcmp(line.path, "/") != 0 && strcmp(line.path, self.path) != 0;
	set_directory(place, mount, line.path, self.path);
}

bool
cgroup_go_up(const struct cgroup_place *place, char *directory)
{
	char *slash = strrchr(directory, '/');

	if (slash == NULL || strlen(directory) <= place->mount_length)
		return false;
	*slash = '\0';
	return true;
}
