#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/check.h"
#include "fleet/scheduler.h"

/* An environment: names and values in turn, ended by NULL. */
static const char *const *environment;

static char *
look_up(const char *name)
{
	for (size_t i = 0; environment[i] != NULL; i += 2)
		if (strcmp(environment[i], name) == 0)
			return (char *)(uintptr_t)environment[i + 1];
	return NULL;
}

struct row {
	const char *variables[13];
	const char *text;
	uint32_t total;
	uint32_t shard, shards; /* shards 0: refused … */
	const char *says;       /* … with this in the sentence */
};

static void
check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t shard = 99, shards = 99;
		struct error err = {0};

		environment = rows[i].variables;
		bool is_found = scheduler_shard(rows[i].text, rows[i].total, look_up, &shard, &shards, &err);

		assert_int_equal(is_found, rows[i].shards > 0);
		assert_int_equal(is_found, !error_is_set(&err));
		if (is_found) {
			assert_int_equal(shard, rows[i].shard);
			assert_int_equal(shards, rows[i].shards);
		} else if (strstr(err.message, rows[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", err.message, rows[i].says);
	}
}

static void
test_a_shard_is_said_or_taken_from_the_scheduler(void **state)
{
	static const struct row rows[] = {
		{{NULL}, "2/3", 0, 2, 3, NULL},
		{{NULL}, "0/1024", 1024, 0, 1024, NULL},
		{{"SLURM_PROCID", "1", "SLURM_NTASKS", "4", NULL}, "env", 0, 1, 4, NULL},
		{{"SLURM_ARRAY_TASK_ID", "7", "SLURM_ARRAY_TASK_COUNT", "3", "SLURM_ARRAY_TASK_MIN", "5",
			 "SLURM_ARRAY_TASK_STEP", "2", NULL},
			"env", 0, 1, 3, NULL},
		{{"JOB_COMPLETION_INDEX", "4", NULL}, "env", 5, 4, 5, NULL},
		{{"OMPI_COMM_WORLD_RANK", "0", "OMPI_COMM_WORLD_SIZE", "2", NULL}, "env", 2, 0, 2, NULL},
		/* An array's batch script is itself the only task of its job. */
		{{"SLURM_PROCID", "0", "SLURM_NTASKS", "1", "SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_COUNT", "3",
			 NULL},
			"env", 0, 2, 3, NULL},
		{{"SLURM_PROCID", "0", "SLURM_ARRAY_TASK_ID", "2", "SLURM_ARRAY_TASK_COUNT", "3", NULL}, "env", 3, 2, 3,
			NULL},
		/* Two that agree are one. */
		{{"SLURM_PROCID", "1", "SLURM_NTASKS", "2", "OMPI_COMM_WORLD_RANK", "1", "OMPI_COMM_WORLD_SIZE", "2",
			 NULL},
			"env", 0, 1, 2, NULL},
		{{"SLURM_PROCID", "0", "SLURM_NTASKS", "3", "OMPI_COMM_WORLD_RANK", "2", "OMPI_COMM_WORLD_SIZE", "6",
			 NULL},
			"openmpi", 0, 2, 6, NULL},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

/* A shard that is sent twice, and another that is sent by nobody, would look like a load of the right size. */
static void
test_what_is_not_said_or_said_twice_is_refused(void **state)
{
	static const struct row rows[] = {
		{{NULL}, "3/3", 0, 0, 0, "no shard 3 of 3"},
		{{NULL}, "1", 0, 0, 0, "is not I/N"},
		{{NULL}, "-1/3", 0, 0, 0, "is not I/N"},
		{{NULL}, "1/3x", 0, 0, 0, "is not I/N"},
		{{NULL}, "0/0", 0, 0, 0, "1 to 1024"},
		{{NULL}, "0/1025", 0, 0, 0, "1 to 1024"},
		{{NULL}, "1/3", 4, 0, 0, "which of them is right"},
		{{NULL}, "env", 0, 0, 0, "no scheduler says"},
		{{NULL}, "slurm", 0, 0, 0, "SLURM_PROCID is not set"},
		{{"SLURM_PROCID", "1", NULL}, "env", 0, 0, 0, "SLURM_NTASKS"},
		{{"SLURM_PROCID", "x", "SLURM_NTASKS", "2", NULL}, "env", 0, 0, 0, "SLURM_PROCID is 'x'"},
		{{"SLURM_PROCID", "5", "SLURM_NTASKS", "2", NULL}, "env", 0, 0, 0, "no shard 5 of 2"},
		{{"SLURM_PROCID", "1", "SLURM_NTASKS", "2", NULL}, "env", 3, 0, 0, "which of them is right"},
		{{"SLURM_ARRAY_TASK_ID", "6", "SLURM_ARRAY_TASK_COUNT", "3", "SLURM_ARRAY_TASK_MIN", "5",
			 "SLURM_ARRAY_TASK_STEP", "2", NULL},
			"env", 0, 0, 0, "lies beside"},
		{{"JOB_COMPLETION_INDEX", "1", NULL}, "env", 0, 0, 0, "add --shards N"},
		{{"SLURM_PROCID", "1", "SLURM_NTASKS", "3", "OMPI_COMM_WORLD_RANK", "1", "OMPI_COMM_WORLD_SIZE", "2",
			 NULL},
			"env", 0, 0, 0, "write --shard slurm, --shard openmpi"},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_shard_is_said_or_taken_from_the_scheduler),
		cmocka_unit_test(test_what_is_not_said_or_said_twice_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
