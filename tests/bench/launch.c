/* bench_launch: runs one program on one core for a bounded time, and writes down what it cost.
 *
 * What the kernel counts as a process's largest memory includes what it was before exec: started from Python it would
 * be Python's. This program is small. It also knows to the microsecond when exec was called. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

static volatile pid_t child;

static void
on_signal(int signal)
{
	if (child > 0)
		kill(child, signal == SIGALRM ? SIGKILL : SIGTERM);
}

static _Noreturn void
become(uint64_t core, char **command)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (sched_setaffinity(0, sizeof(cores), &cores) == 0)
		execvp(command[0], command);
	fprintf(stderr, "bench_launch: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

static bool
write_report(const char *path, int status, int64_t started_ns, int64_t ended_ns, const struct rusage *used)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return false;
	fprintf(file,
		"{\"exit\":%d,\"signal\":%d,\"started_ns\":%lld,\"ended_ns\":%lld,\"user_us\":%lld,\"system_us\":%lld,"
		"\"max_rss_bytes\":%lld}\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		(long long)started_ns, (long long)ended_ns,
		(long long)used->ru_utime.tv_sec * 1000000 + used->ru_utime.tv_usec,
		(long long)used->ru_stime.tv_sec * 1000000 + used->ru_stime.tv_usec, (long long)used->ru_maxrss * 1024);
	return fclose(file) == 0;
}

static bool
install(int signal)
{
	struct sigaction action = {.sa_handler = on_signal};

	return sigaction(signal, &action, NULL) == 0;
}

int
main(int argc, char **argv)
{
	uint64_t core, limit_s;

	if (argc < 5 || !units_parse_count(argv[1], &core) || !units_parse_count(argv[2], &limit_s) ||
		core >= CPU_SETSIZE || limit_s == 0) {
		fprintf(stderr, "usage: bench_launch CORE SECONDS_AT_MOST REPORT_FILE COMMAND [ARGUMENT]...\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	CHECK(install(SIGTERM) && install(SIGINT) && install(SIGALRM));
	int64_t started_ns = clock_now_ns(&monotonic_clock);

	child = fork();
	if (child == 0)
		become(core, argv + 4);
	CHECK(child > 0);
	alarm((unsigned)limit_s);

	struct rusage used;
	int status;

	while (wait4(child, &status, 0, &used) < 0)
		CHECK_OP(errno, ==, EINTR);
	if (!write_report(argv[3], status, started_ns, clock_now_ns(&monotonic_clock), &used)) {
		fprintf(stderr, "bench_launch: cannot write %s: %s\n", argv[3], strerror(errno));
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
