#include "sampler/energy.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"

#define OUTPUT_MAX 64 /* a number is no longer */
#define REAP_STEP_MS 1

struct energy_sampler {
	struct sampler base;
	const struct plan_energy *plan;
	const struct clock *clock;
	double before_joules; /* as of the last reading; NAN: none */
	int64_t before_ns;
	struct error why_not;
};

struct run {
	pid_t pid;
	int out;
	int64_t deadline_ns;
	char output[OUTPUT_MAX];
	size_t length;
	bool is_overdue;
};

/* Its errors go nowhere: said once a second they would drown everything else. */
static int
spawn(const char *command, int out, pid_t *pid)
{
	static char shell[] = "sh", flag[] = "-c";
	char *arguments[] = {shell, flag, must_strdup(command), NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	int error = posix_spawn(pid, "/bin/sh", &files, &attributes, arguments, environ);

	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	free(arguments[2]);
	return error;
}

static bool
run_start(struct run *run, const struct plan_energy *plan, struct error *err)
{
	int ends[2];

	*run = (struct run){.deadline_ns = clock_now_ns(&monotonic_clock) + plan->timeout_ns};
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(err, "no pipe for it: %s", strerror(errno));
	int error = spawn(plan->command, ends[1], &run->pid);

	close(ends[1]);
	run->out = ends[0];
	if (error == 0)
		return true;
	close(run->out);
	return error_set(err, "it cannot be started: %s", strerror(error));
}

static int64_t
left_ns(const struct run *run)
{
	int64_t left = run->deadline_ns - clock_now_ns(&monotonic_clock);

	return left > 0 ? left : 0;
}

/* All that it prints; what has no room is read and dropped, so that it never waits for us. */
static void
run_read(struct run *run)
{
	struct pollfd out = {.fd = run->out, .events = POLLIN};
	char bytes[256];

	while (poll(&out, 1, (int)((left_ns(run) + NS_PER_MS - 1) / NS_PER_MS)) > 0) {
		ssize_t n = read(run->out, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		for (ssize_t i = 0; i < n && run->length + 1 < sizeof(run->output); i++)
			run->output[run->length++] = bytes[i];
	}
	run->is_overdue = true;
}

static bool
has_ended(const struct run *run)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

/* Whatever of its group is left is killed, in time or not; before it is reaped, as long as its number is its own.
 * Returns the wait status. */
static int
run_reap(struct run *run)
{
	int status = 0;

	close(run->out);
	while (!run->is_overdue && !has_ended(run)) {
		run->is_overdue = left_ns(run) == 0;
		(void)poll(NULL, 0, REAP_STEP_MS); /* in the thread pool, where a wait is no loop's */
	}
	(void)kill(-run->pid, SIGKILL); /* gone already: that is what was wanted */
	(void)waitpid(run->pid, &status, 0);
	return status;
}

static bool
parse(const struct run *run, const struct plan_energy *plan, double *value, struct error *err)
{
	size_t line = strcspn(run->output, "\r\n");
	char *end;

	*value = strtod(run->output, &end);
	if (end == run->output || end[strspn(end, " \t\r\n")] != '\0' || !isfinite(*value) || *value < 0)
		return error_set(err, "it printed '%.*s', which is no number of %s", (int)(line > 40 ? 40 : line),
			run->output, plan->prints == ENERGY_WATTS ? "watts" : "joules");
	return true;
}

static bool
ask(const struct plan_energy *plan, double *value, struct error *err)
{
	struct run run;
	char limit[32];

	if (!run_start(&run, plan, err))
		return false;
	run_read(&run);
	int status = run_reap(&run);

	if (run.is_overdue)
		return error_set(
			err, "it took longer than %s", units_time_text(plan->timeout_ns, limit, sizeof(limit)));
	if (WIFSIGNALED(status))
		return error_set(err, "it was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return error_set(err, "it ended with exit status %d", WEXITSTATUS(status));
	return parse(&run, plan, value, err);
}

/* What was used since the reading before, by the time that passed. */
static double
watts_since(struct energy_sampler *s, double joules, int64_t now_ns)
{
	double used = joules - s->before_joules, passed_s = ns_to_s(now_ns - s->before_ns);

	s->before_joules = joules;
	s->before_ns = now_ns;
	return used >= 0 && passed_s > 0 ? used / passed_s : NAN;
}

static bool
energy_read(struct sampler *sampler, struct reading *reading)
{
	struct energy_sampler *s = container_of(sampler, struct energy_sampler, base);
	double value;

	for (int i = 0; i < GAUGE_COUNT; i++)
		reading->values[i] = NAN;
	s->why_not = (struct error){0};
	if (!ask(s->plan, &value, &s->why_not)) {
		s->before_joules = NAN;
		return false;
	}
	reading->values[GAUGE_POWER_TOLD] =
		s->plan->prints == ENERGY_WATTS ? value : watts_since(s, value, clock_now_ns(s->clock));
	return true;
}

static void
energy_close(struct sampler *sampler)
{
	free(container_of(sampler, struct energy_sampler, base));
}

struct sampler *
energy_open_at(const struct sampler_config *config, const struct clock *clock, struct error *err)
{
	if (config->energy == NULL || config->energy->command == NULL) {
		error_set(err, "no command says what the target draws");
		return NULL;
	}
	struct energy_sampler *s = must_alloc(sizeof(*s));

	*s = (struct energy_sampler){
		.base.ops = &energy_sampler, .plan = config->energy, .clock = clock, .before_joules = NAN};
	return &s->base;
}

static struct sampler *
energy_open(const struct sampler_config *config, struct error *err)
{
	return energy_open_at(config, &monotonic_clock, err);
}

const char *
energy_why_not(const struct sampler *sampler)
{
	return container_of(sampler, const struct energy_sampler, base)->why_not.message;
}

const struct sampler_ops energy_sampler = {
	.name = "energy",
	.help = "what a command says that the target draws, in joules or watts",
	.open = energy_open,
	.read = energy_read,
	.close = energy_close,
};
