#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/judge/arms.h"

/* write_arms SEED RUNS_A RUNS_B: two simulated arms, every request of theirs, and what judge/ finds in them, as lines
 * of text, for test_compare.py. */

static const struct world server = {
	.seconds = 20,
	.per_second = 60,
	.median_ns = 10e6,
	.spread = 0.4,
	.wander = 0.05,
	.runs = 0.05,
	.errors = 0.01,
	.tail_share = 0.02,
	.tail_index = 2.5,
};

int
main(int argc, char **argv)
{
	struct plan plan = arms_plan(4000);
	struct world slower = server;

	CHECK_OP(argc, ==, 4);
	struct dice dice = {.seed = strtoull(argv[1], NULL, 10)};

	arms_told = stdout;
	slower.median_ns *= 1.1;
	slower.errors *= 1.5;
	struct arm *a = simulate_arm(&dice, "a", &plan, &server, strtoul(argv[2], NULL, 10));
	struct arm *b = simulate_arm(&dice, "b", &plan, &slower, strtoul(argv[3], NULL, 10));
	struct comparison *comparison = compare_arms(a, b, &plan);

	for (size_t i = 0; i < comparison->rows_n; i++) {
		const struct comparison_row *row = &comparison->rows[i];

		printf("row %s %.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", row->name, row->baseline, row->current,
			row->ci[0], row->ci[1], row->ci_rel[0], row->ci_rel[1], row->p);
	}
	compare_free(comparison);
	arm_free(a);
	arm_free(b);
	return 0;
}
