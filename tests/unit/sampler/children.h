/* Children to be looked at, which end with the test. Include after cmocka.h. */
#pragma once

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "sampler/proc.h"

static inline void
nap(int64_t ns)
{
	struct timespec t = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	nanosleep(&t, NULL);
}

/* A child that says it is ready by a byte and ends with this test, whatever happens. */
static inline pid_t
start_child(void (*work)(int ready, void *context), void *context)
{
	int ends[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(30);
		work(ends[1], context);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return pid;
}

static inline void
end_child(pid_t pid, struct rusage *usage)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(wait4(pid, &status, 0, usage), pid);
}

static inline void
say_ready(int ready)
{
	if (write(ready, "r", 1) != 1)
		_exit(1);
}

static inline void
burn(int ready, void *context)
{
	(void)context;
	say_ready(ready);
	for (volatile unsigned long i = 0;; i++)
		;
}

static inline void
idle(int ready, void *context)
{
	(void)context;
	say_ready(ready);
	for (;;)
		pause();
}

static inline struct sampler *
open_pid(pid_t pid)
{
	struct sampler_config config = {.pid = pid};
	struct error err = {0};
	struct sampler *s = proc_sampler.open(&config, &err);

	assert_string_equal(err.message, "");
	return s;
}

static inline void
in_range(double value, double low, double high)
{
	if (!(value >= low && value <= high))
		fail_msg("%.9g is not in %.9g..%.9g", value, low, high);
}
