#include "plan/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "plan/parse.h"
#include "plan/plan.h"

const char *
files_resolve(struct arena *arena, const struct plan_node *node, const char *path)
{
	const char *slash = node->line > 0 ? strrchr(node->file, '/') : NULL;

	if (path[0] == '/' || slash == NULL)
		return path;
	return arena_printf(arena, "%.*s/%s", (int)(slash - node->file), node->file, path);
}

/* A file or a pipe; devices and directories are mistakes that would hang or fill the memory. */
static bool
is_readable(const struct plan_node *node, const char *path, const char *resolved, struct error *err)
{
	struct stat status;

	if (node->is_tainted)
		path = node->source;
	if (stat(resolved, &status) != 0 || (!S_ISDIR(status.st_mode) && access(resolved, R_OK) != 0))
		return plan_error(node, err, "cannot read '%s': %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
		return plan_error(node, err, "'%s' is not a file", path);
	return true;
}

bool
files_read(struct arena *arena, const struct plan_node *node, const char *path, size_t ceiling, const char **bytes,
	size_t *length, struct error *err)
{
	const char *resolved = files_resolve(arena, node, path);

	if (!is_readable(node, path, resolved, err))
		return false;
	char *read = file_read(resolved, ceiling, length, err);

	if (read == NULL)
		return error_place(err, node->file, node->line, node->column);
	*bytes = arena_strndup(arena, read, *length);
	free(read);
	return true;
}

bool
plan_parse_path(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	if (node->kind != NODE_SCALAR)
		return plan_error(node, err, "%s: write the path of a file", node->key);
	const char *resolved = files_resolve(context->arena, node, node->text);

	*(const char **)into = resolved;
	return is_readable(node, node->text, resolved, err);
}

static void
note_input(struct plan_context *context, const char *shown, const char *path)
{
	struct plan_file **end = &context->files;

	for (; *end != NULL; end = &(*end)->next)
		if (strcmp((*end)->path, path) == 0)
			return;
	*end = arena_alloc(context->arena, sizeof(**end));
	**end = (struct plan_file){.shown = arena_strdup(context->arena, shown), .path = path};
}

bool
plan_parse_input(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	if (!plan_parse_path(context, node, into, err))
		return false;
	note_input(context, node->source, *(const char **)into);
	return true;
}
