#include "daemon/sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "daemon/folder.h"
#include "daemon/ledger.h"

/* "…/job.json.tmp.4711", and there is no process 4711. A number that is another's by now keeps it for the next time. */
static bool
is_half(const char *path)
{
	static const char mark[] = ".tmp.";
	const char *at = NULL;
	char *end;

	for (const char *next = path; (next = strstr(next, mark)) != NULL; next++)
		at = next + sizeof(mark) - 1;
	if (at == NULL || !isdigit((unsigned char)*at))
		return false;
	errno = 0;
	long pid = strtol(at, &end, 10);

	return *end == '\0' && errno == 0 && pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static bool
remove_half(void *context, const char *path, uint64_t bytes)
{
	const char *directory = context;
	char whole[4200];

	(void)bytes;
	if (is_half(path) && snprintf(whole, sizeof(whole), "%s/%s", directory, path) < (int)sizeof(whole))
		(void)unlink(whole); /* gone already: that is what was wanted */
	return true;
}

void
sweep_half_files(const char *directory)
{
	(void)folder_walk(directory, remove_half, (void *)(uintptr_t)directory);
}

/* "20261122T020000Z-1a2b3c": what else lies there is not ours to remove. */
static bool
is_id(const char *name)
{
	static const char shape[] = "ddddddddTddddddZ-xxxxxx";

	for (size_t i = 0; i < sizeof(shape); i++) {
		unsigned char c = (unsigned char)name[i];
		bool fits = shape[i] == 'd' ? isdigit(c) : shape[i] == 'x' ? isxdigit(c) : c == (unsigned char)shape[i];

		if (!fits)
			return false;
	}
	return true;
}

static bool
see(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	(void)run;
	(void)figures;
	(void)n;
	*(bool *)context = true;
	return false;
}

static bool
is_there(const char *directory, const char *name)
{
	char path[4300];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

static void
sweep_run(const char *runs, const char *id, struct ledger *ledger)
{
	const struct ledger_filter filter = {.id = id, .limit = 1};
	struct error err = {0};
	bool is_known = false;
	char directory[4200];

	snprintf(directory, sizeof(directory), "%.3900s/%.255s", runs, id);
	if (!ledger_list_runs(ledger, &filter, see, &is_known, &err) || is_known || is_there(directory, "results") ||
		is_there(directory, "results.partial"))
		return;
	log_info("%s was not taken before the daemon ended; it is removed", id);
	(void)file_remove_tree(directory); /* else the next start will */
}

/* Those that lie in it, and none below: runs look after their own. */
static void
sweep_files_in(const char *data)
{
	DIR *directory = opendir(data);
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
		remove_half((void *)(uintptr_t)data, entry->d_name, 0);
	if (directory != NULL)
		closedir(directory);
}

void
sweep_data(const char *data, struct ledger *ledger)
{
	char path[4100];
	const struct dirent *entry;

	sweep_files_in(data);
	snprintf(path, sizeof(path), "%.4000s/baselines", data);
	sweep_half_files(path);
	snprintf(path, sizeof(path), "%.4000s/runs", data);
	DIR *directory = opendir(path);

	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (is_id(entry->d_name))
			sweep_run(path, entry->d_name, ledger);
	if (directory != NULL)
		closedir(directory);
}
