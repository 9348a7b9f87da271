#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where a process stands in the cgroup hierarchies, v1 or v2. The directory is remembered, so that it can still be read
 * once the process is gone. `root` as in procfs.h. */
#define CGROUP_PATH_MAX 512  /* within a hierarchy */
#define CGROUP_FILE_MAX 1024 /* with its mount and a file's name */
#define CGROUP_TEXT_MAX 8192 /* /proc/PID/cgroup */

struct cgroup_place {
	char directory[CGROUP_FILE_MAX]; /* "": none that we can see */
	size_t mount_length;             /* how much of it is the hierarchy's root */
	bool is_v2;
	bool holds_us; /* brunt itself is in it, or below it */
	bool is_own;   /* neither the root's nor the one that brunt itself is in */
};

/* cgroups(7): "4:cpu,cpuacct:/path" per v1 hierarchy, "0::/path" for v2. */
struct cgroup_line {
	char controllers[128]; /* "": v2 */
	char path[CGROUP_PATH_MAX];
};

/* Each line of /proc/PID/cgroup in turn: `text` moves on. */
bool cgroup_next_line(const char **text, struct cgroup_line *line);
bool cgroup_line_has(const struct cgroup_line *line, const char *controller);

/* Whether this is the cgroup itself or one below it. */
bool cgroup_path_is_within(const char *path, const char *cgroup);

/* The two texts that a place is found by. */
struct cgroup_texts {
	const char *root;
	char target[CGROUP_TEXT_MAX], self[CGROUP_TEXT_MAX];
};

/* /proc/PID/cgroup as a text; false: there is no such process, or none that we may ask. */
bool cgroup_read_text(const char *root, long pid, char *into, size_t size);
bool cgroup_read_self(const char *root, char *into, size_t size); /* of brunt itself */
bool cgroup_read_texts(struct cgroup_texts *texts, const char *root, long pid);

/* Where the process stands in the hierarchy of a controller, "" for v2 alone; what no v1 hierarchy has is v2's.
 * `watched`: the cgroup that the process was found by, which may be one above its own; "": none. */
void cgroup_place_find(
	struct cgroup_place *place, const struct cgroup_texts *texts, const char *controller, const char *watched);

/* Its files. -1 or NAN: cannot be read, or holds nothing of the kind (also: the word "max"). */
long cgroup_read_file(const char *directory, const char *file, char *into, size_t size);
double cgroup_read_number(const char *directory, const char *file);
double cgroup_read_keyed(const char *directory, const char *file, const char *key); /* of a line "key 123" */
double cgroup_find_keyed(const char *text, const char *key);                        /* in such lines */
/* Makes a directory its parent's; false: it was the hierarchy's root. */
bool cgroup_go_up(const struct cgroup_place *place, char *directory);
