#include "sampler/cgroup_watch.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "plan/names.h"
#include "sampler/cgroup_name.h"
#include "sampler/procfs.h"

#define MOUNT "/sys/fs/cgroup"
#define NAMES_SHOWN 8
#define CONTAINER_DIGITS_SHOWN 12 /* as docker ps does */

struct search {
	const struct plan_watch *watch;
	const char *root;
	char wanted[CGROUP_PATH_MAX]; /* the path, the unit with its type, or how the container's id begins */
	bool may_name_hierarchy;      /* "/memory/web": the first part of the path may be where it is mounted */
	struct proc_roots *roots;
	char second[CGROUP_PATH_MAX]; /* another cgroup of that name; "": none */
	bool is_full;
};

bool
cgroup_watch_is_meant(const struct plan_watch *watch)
{
	return watch->cgroup != NULL || watch->unit != NULL || watch->container != NULL;
}

/* A path is wanted as /proc/PID/cgroup writes it. */
static void
set_wanted(struct search *search)
{
	const struct plan_watch *watch = search->watch;
	char *wanted = search->wanted;
	const char *path = watch->cgroup;

	if (watch->container != NULL)
		snprintf(wanted, CGROUP_PATH_MAX, "%s", watch->container);
	else if (watch->unit != NULL)
		snprintf(wanted, CGROUP_PATH_MAX, "%s%s", watch->unit,
			cgroup_part_has_unit_type(watch->unit, strlen(watch->unit)) ? "" : ".service");
	else {
		search->may_name_hierarchy = cgroup_path_is_within(path, MOUNT);
		path += search->may_name_hierarchy ? strlen(MOUNT) : 0;
		snprintf(wanted, CGROUP_PATH_MAX, "%s%s", *path == '/' ? "" : "/", path);
		for (size_t end = strlen(wanted); end > 0 && wanted[end - 1] == '/'; end--)
			wanted[end - 1] = '\0';
	}
}

/* "/web" of "/memory/web" in "4:memory:/web", and of "/unified/web" in "0::/web"; NULL: the path names no such
 * hierarchy. */
static const char *
below_mount(const char *wanted, const struct cgroup_line *line)
{
	const char *below = cgroup_part_end(wanted + 1);
	char first[CGROUP_PATH_MAX];

	snprintf(first, sizeof(first), "%.*s", (int)(below - wanted - 1), wanted + 1);
	const char *list = line->controllers;

	if (strncmp(list, "name=", strlen("name=")) == 0)
		list += strlen("name=");
	bool is_named = line->controllers[0] == '\0' ? strcmp(first, "unified") == 0
						     : strcmp(first, list) == 0 || cgroup_line_has(line, first);

	return is_named && *below != '\0' ? below : NULL;
}

static size_t
match_path(const struct search *search, const struct cgroup_line *line)
{
	const char *below = search->may_name_hierarchy ? below_mount(search->wanted, line) : NULL;

	if (below != NULL && cgroup_path_is_within(line->path, below))
		return strlen(below);
	return cgroup_path_is_within(line->path, search->wanted) ? strlen(search->wanted) : 0;
}

static bool
match_part(const struct search *search, const char *part, size_t length)
{
	const char *name = cgroup_part_unit(part);

	if (search->watch->unit != NULL)
		length -= (size_t)(name - part);
	else
		length = cgroup_part_container(part, length, &name);
	size_t wanted = strlen(search->wanted);

	return (search->watch->unit != NULL ? wanted == length : wanted <= length) &&
	       strncmp(name, search->wanted, wanted) == 0;
}

/* How much of a path is the cgroup that is wanted; 0: it is not in it. */
static size_t
match_line(const struct search *search, const struct cgroup_line *line)
{
	if (search->watch->cgroup != NULL)
		return match_path(search, line);
	for (const char *part = line->path, *end; *part != '\0'; part = end) {
		part += *part == '/';
		end = cgroup_part_end(part);
		if (match_part(search, part, (size_t)(end - part)))
			return (size_t)(end - line->path);
	}
	return 0;
}

static void
add_process(struct search *search, long pid, const struct cgroup_line *line, size_t length)
{
	struct proc_roots *roots = search->roots;
	struct proc_stat stat;
	char cgroup[CGROUP_PATH_MAX];

	if (!procfs_read_stat(search->root, pid, &stat) || procfs_stat_is_dead(&stat))
		return;
	snprintf(cgroup, sizeof(cgroup), "%.*s", (int)length, line->path);
	if (roots->cgroup[0] == '\0')
		memcpy(roots->cgroup, cgroup, sizeof(cgroup));
	if (strcmp(roots->cgroup, cgroup) != 0)
		memcpy(search->second, cgroup, sizeof(cgroup));
	else if (roots->n == PROC_ROOTS_MAX)
		search->is_full = true;
	else
		roots->pids[roots->n++] = pid;
}

/* The first line of /proc/PID/cgroup that is in the wanted cgroup. */
static size_t
match_text(const struct search *search, const char *text, struct cgroup_line *line)
{
	size_t length = 0;

	while (length == 0 && cgroup_next_line(&text, line))
		length = match_line(search, line);
	return length;
}

static bool
match_process(long pid, void *context)
{
	struct search *search = context;
	char text[CGROUP_TEXT_MAX];
	struct cgroup_line line;

	if (!cgroup_read_text(search->root, pid, text, sizeof(text)))
		return true;
	size_t length = match_text(search, text, &line);

	if (length > 0)
		add_process(search, pid, &line, length);
	return !search->is_full;
}

static bool
holds_us(const struct search *search)
{
	char text[CGROUP_TEXT_MAX];
	struct cgroup_line line;

	return cgroup_read_self(search->root, text, sizeof(text)) && match_text(search, text, &line) > 0;
}

/* What might have been meant instead: names as a profile would write them. */
struct others {
	const struct search *search;
	struct names names; /* malloc'ed */
};

static void
keep_name(struct names *names, const char *name, size_t length)
{
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->names[i]) == length && strncmp(names->names[i], name, length) == 0)
			return;
	if (length > 0 && names->n < NAMES_CEILING) {
		char *copy = must_alloc(length + 1);

		memcpy(copy, name, length);
		names_add(names, copy);
	}
}

static void
keep_parts(struct others *others, const char *path)
{
	for (const char *part = path, *end; *part != '\0'; part = end) {
		const char *name;

		part += *part == '/';
		end = cgroup_part_end(part);
		size_t length = (size_t)(end - part);

		if (others->search->watch->container != NULL) {
			if (cgroup_part_container(part, length, &name) > 0)
				keep_name(&others->names, name, CONTAINER_DIGITS_SHOWN);
		} else if (cgroup_part_has_unit_type(part, length)) {
			name = cgroup_part_unit(part);
			keep_name(&others->names, name, (size_t)(end - name));
		}
	}
}

static bool
keep_names_of(long pid, void *context)
{
	struct others *others = context;
	char text[CGROUP_TEXT_MAX];
	const char *rest = text;
	struct cgroup_line line;

	if (!cgroup_read_text(others->search->root, pid, text, sizeof(text)))
		return true;
	while (cgroup_next_line(&rest, &line))
		if (others->search->watch->cgroup == NULL)
			keep_parts(others, line.path);
		else if (strcmp(line.path, "/") != 0)
			keep_name(&others->names, line.path, strlen(line.path));
	return others->names.n < NAMES_CEILING;
}

/* "; did you mean 'nginx.service'?", else a few of those that there are. */
static void
say_others(const struct search *search, struct buf *into)
{
	struct others others = {.search = search};

	procfs_each_number(search->root, "/proc", keep_names_of, &others);
	const struct names *names = &others.names;
	const char *nearest = names_nearest(names, search->wanted);

	if (nearest != NULL)
		buf_printf(into, "; did you mean '%s'?", nearest);
	for (size_t i = 0; nearest == NULL && i < names->n && i < NAMES_SHOWN; i++)
		buf_printf(into, "%s%s", i == 0 ? "; there are " : ", ", names->names[i]);
	if (nearest == NULL && names->n > NAMES_SHOWN)
		buf_add_text(into, " and others");
	for (size_t i = 0; i < names->n; i++)
		free((char *)(uintptr_t)names->names[i]);
}

static bool
has_directory(const struct search *search)
{
	static const char *const hierarchies[] = {"", "/unified", "/memory", "/cpu", "/cpu,cpuacct", "/systemd"};
	char path[CGROUP_FILE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(hierarchies); i++) {
		snprintf(path, sizeof(path), "%s" MOUNT "%s%s/cgroup.procs", search->root, hierarchies[i],
			search->wanted);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static bool
say_not_found(const struct search *search, struct error *err)
{
	const struct plan_watch *watch = search->watch;
	struct buf others;

	if (watch->cgroup != NULL && has_directory(search))
		return error_set(err, "no process is in the cgroup '%s'", search->wanted);
	buf_init(&others, sizeof(err->message) / 2);
	buf_add_text(&others, "");
	say_others(search, &others);
	error_set(err, "%s '%s'%s%s",
		watch->container != NULL ? "no container is running whose id begins with"
		: watch->unit != NULL    ? "no process belongs to the unit"
					 : "there is no cgroup",
		search->wanted,
		watch->container != NULL ? " (docker ps shows ids)"
		: watch->unit != NULL    ? " (systemctl status tells whether it is running)"
					 : "",
		others.bytes);
	buf_fini(&others);
	return false;
}

bool
cgroup_watch_find(const struct plan_watch *watch, const char *root, struct proc_roots *roots, struct error *err)
{
	struct search search = {.watch = watch, .root = root, .roots = roots};

	roots->n = 0;
	roots->cgroup[0] = '\0';
	set_wanted(&search);
	if (holds_us(&search))
		return error_set(err,
			"brunt itself is in '%s', and what it uses would count as the target's; start it elsewhere",
			search.wanted);
	procfs_each_number(root, "/proc", match_process, &search);
	if (search.second[0] != '\0')
		return error_set(err,
			"'%s' is the name of two cgroups, %s and %s; write 'watch: {cgroup: %s}' for one of them",
			search.wanted, roots->cgroup, search.second, roots->cgroup);
	if (search.is_full)
		return error_set(err, "'%s' holds more than %d processes; watch a cgroup below it", search.wanted,
			PROC_ROOTS_MAX);
	return roots->n > 0 || say_not_found(&search, err);
}
