#include "daemon/orphan.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define LINE_BYTES 32768

/* "brunt\0run\0…\0--out\0DATA/runs/ID/results\0…" → ID, and the same of "brunt\0report\0…\0--out\0DATA/runs/ID/
 * results.partial\0". The arguments of a run that a job's run has started are other ones. */
static bool
take_id(const char *line, size_t length, const char *data, struct orphan *into)
{
	char before[4200];
	size_t n = (size_t)snprintf(before, sizeof(before), "%.4000s/runs/", data);

	for (const char *at = line, *end = line + length; at < end; at += strlen(at) + 1) {
		if (strcmp(at, "--out") != 0 || end - at <= (ptrdiff_t)sizeof("--out") ||
			strncmp(at + sizeof("--out"), before, n) != 0)
			continue;
		const char *name = at + sizeof("--out") + n;
		size_t m = strcspn(name, "/");

		into->is_finisher = strcmp(name + m, "/results.partial") == 0;
		if (m == 0 || m >= ORPHAN_ID_MAX || (!into->is_finisher && strcmp(name + m, "/results") != 0))
			return false;
		memcpy(into->id, name, m);
		into->id[m] = '\0';
		return true;
	}
	return false;
}

size_t
orphans_find(const char *data, struct orphan into[ORPHANS_MAX])
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	char path[300], line[LINE_BYTES];
	size_t n = 0;

	while (processes != NULL && n < ORPHANS_MAX && (entry = readdir(processes)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
		long length = file_read_small(path, line, sizeof(line)); /* a NUL behind it, too */

		if (length <= 0) /* it has ended, or is the kernel's */
			continue;
		into[n].pid = strtoll(entry->d_name, NULL, 10);
		n += take_id(line, (size_t)length, data, &into[n]);
	}
	if (processes != NULL)
		closedir(processes);
	return n;
}
