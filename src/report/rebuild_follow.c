#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "report/rebuild_parts.h"

struct rebuild_follow {
	char *path;
	FILE *file; /* NULL: it was not there so far. A directory that is renamed keeps its files. */
	struct rebuilt into;
	struct rebuild_events events;
	struct rebuilding r;
	size_t lines;
};

struct rebuild_follow *
rebuild_follow_new(const char *path, const struct plan *plan)
{
	struct rebuild_follow *follow = must_alloc(sizeof(*follow));

	*follow = (struct rebuild_follow){.path = must_strdup(path)};
	follow->into.summary = summary_new(plan);
	follow->r = (struct rebuilding){.plan = plan,
		.events = &follow->events,
		.into = &follow->into,
		.interval = interval_new((uint32_t)plan->requests_n, REBUILD_LEVELS_MAX)};
	return follow;
}

/* A line that is being written is read when it is whole. */
static bool
read_new_lines(struct rebuild_follow *follow, struct error *err)
{
	char *line = NULL;
	size_t size = 0;
	bool is_good = true;

	for (;;) {
		off_t from = ftello(follow->file);
		ssize_t length = getline(&line, &size, follow->file);

		if (length <= 0 || line[length - 1] != '\n') {
			is_good = fseeko(follow->file, from, SEEK_SET) == 0; /* forgets the end of the file, too */
			break;
		}
		if (!rebuild_line(&follow->r, follow->path, line, (size_t)length - 1, ++follow->lines, err)) {
			is_good = false;
			break;
		}
	}
	free(line);
	return is_good;
}

bool
rebuild_follow_look(struct rebuild_follow *follow, struct error *err)
{
	if (follow->file == NULL)
		follow->file = fopen(follow->path, "re");
	if (follow->file == NULL)
		return errno == ENOENT || error_set(err, "cannot read '%s': %m", follow->path);
	return read_new_lines(follow, err);
}

const struct summary *
rebuild_follow_summary(const struct rebuild_follow *follow)
{
	return follow->lines > 0 ? follow->into.summary : NULL;
}

void
rebuild_follow_free(struct rebuild_follow *follow)
{
	if (follow == NULL)
		return;
	if (follow->file != NULL)
		fclose(follow->file);
	summary_free(follow->into.summary);
	interval_free(follow->r.interval);
	free(follow->path);
	free(follow);
}
