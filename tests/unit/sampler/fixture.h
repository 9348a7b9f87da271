/* /proc and /sys/fs/cgroup made of files, on a virtual clock. Include after cmocka.h. */
#pragma once

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "sampler/proc.h"
#include "sampler/procfs.h"

static char root[64];
static struct clock clock_;

static inline void
put(const char *text, const char *format, ...)
{
	char path[512], directory[512];
	struct error err = {0};
	va_list args;
	int length = snprintf(path, sizeof(path), "%s", root);

	va_start(args, format);
	vsnprintf(path + length, sizeof(path) - (size_t)length, format, args);
	va_end(args);
	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = '\0';
	assert_true(file_make_dirs(directory, &err));
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static inline int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status, (void)kind, (void)walk;
	return remove(path);
}

static inline void
remove_process(long pid)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/proc/%ld", root, pid);
	assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* ticks are of 10 ms, as everywhere on Linux. */
static inline void
put_stat(long pid, long parent, long ticks, long children_ticks, const char *extra)
{
	char text[256];

	snprintf(text, sizeof(text), "%ld (we (ird) name) %s %ld 1 1 0 -1 0 0 0 0 0 %ld 0 %ld 0 20 0 1 0 5000 0 0 0\n",
		pid, extra, parent, ticks, children_ticks);
	put(text, "/proc/%ld/stat", pid);
}

static inline void
put_thread(long pid, long tid, int64_t run_ns, int64_t wait_ns)
{
	char text[128];

	snprintf(text, sizeof(text), "%lld %lld 7\n", (long long)run_ns, (long long)wait_ns);
	put(text, "/proc/%ld/task/%ld/schedstat", pid, tid);
}

static inline void
put_process(long pid, long parent, long ticks)
{
	put_stat(pid, parent, ticks, 0, "S");
	put("Name:\tx\nRssAnon:\t  1024 kB\nRssShmem:\t  512 kB\nCpus_allowed:\t00000000,0000000f\n",
		"/proc/%ld/status", pid);
	put("Limit   Soft\nMax open files            256                 4096                 files     \n",
		"/proc/%ld/limits", pid);
	put("", "/proc/%ld/fd/0", pid);
	put("", "/proc/%ld/fd/1", pid);
	put_thread(pid, pid, ticks * 10 * NS_PER_MS, 0);
}

static inline int
setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/brunt-sampler-XXXXXX");
	assert_non_null(mkdtemp(root));
	clock_init_virtual(&clock_, NS_PER_S);
	put("MemTotal:       16384 kB\nMemFree: 1 kB\n", "/proc/meminfo");
	put("0::/brunt\n", "/proc/self/cgroup");
	put("", "/sys/fs/cgroup/cgroup.controllers");
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline struct sampler *
open_pid(long pid)
{
	struct sampler_config config = {.pid = pid};
	struct error err = {0};
	struct sampler *sampler = proc_open_at(&config, root, &clock_, &err);

	assert_string_equal(err.message, "");
	assert_non_null(sampler);
	return sampler;
}

static inline struct reading
read_after(struct sampler *sampler, int64_t dt_ns, bool expect_there)
{
	struct reading reading;

	clock_set_ns(&clock_, clock_now_ns(&clock_) + dt_ns);
	assert_int_equal(sampler->ops->read(sampler, &reading), expect_there);
	return reading;
}

static inline void
near(double value, double wanted)
{
	if (!(fabs(value - wanted) <= 1e-6 * fabs(wanted)))
		fail_msg("%.9g is not %.9g", value, wanted);
}
