#include "report/system.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <uv.h>
#include <zlib.h>

#include "base/file.h"

/* /proc/cpuinfo of a machine with many cores is long; its first entry is all that is wanted. */
#define CPUINFO_READ_MAX 8192

static void
read_cpu_model(char *into, size_t size)
{
	char text[CPUINFO_READ_MAX];
	const char *line = file_read_small("/proc/cpuinfo", text, sizeof(text)) > 0 ? strstr(text, "model name") : NULL;
	const char *value = line ? strchr(line, ':') : NULL;

	if (value == NULL)
		return;
	value += strspn(value, ": \t");
	snprintf(into, size, "%.*s", (int)strcspn(value, "\n"), value);
}

void
system_info_read(struct system_info *info)
{
	struct utsname name;
	char governor[64];

	memset(info, 0, sizeof(*info));
	if (uname(&name) == 0) {
		snprintf(info->hostname, sizeof(info->hostname), "%s", name.nodename);
		snprintf(info->kernel, sizeof(info->kernel), "%s %s", name.sysname, name.release);
		snprintf(info->architecture, sizeof(info->architecture), "%.63s", name.machine);
	}
	read_cpu_model(info->cpu_model, sizeof(info->cpu_model));
	if (file_read_small("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor, sizeof(governor)) > 0)
		snprintf(info->governor, sizeof(info->governor), "%.*s", (int)strcspn(governor, "\n"), governor);
	info->cores = sysconf(_SC_NPROCESSORS_ONLN);
	long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);

	info->memory_bytes = pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 0;
#ifdef __clang__
	snprintf(info->compiler, sizeof(info->compiler), "clang %s", __clang_version__);
#else
	snprintf(info->compiler, sizeof(info->compiler), "gcc %s", __VERSION__);
#endif
	snprintf(info->libuv, sizeof(info->libuv), "%s", uv_version_string());
	snprintf(info->cjson, sizeof(info->cjson), "%s", cJSON_Version());
	snprintf(info->zlib, sizeof(info->zlib), "%s", zlibVersion());
}
