#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "daemon/audit_sync.h"

#define WAITS 500

struct waiting {
	struct audit_wait wait;
	struct world *world;
};

struct world {
	char dir[64];
	uv_loop_t loop;
	struct audit *audit;
	struct audit_syncs *syncs;
	struct waiting list[WAITS];
	size_t kept, lost;
};

static void
on_done(struct audit_wait *wait, bool is_kept)
{
	struct waiting *waiting = container_of(wait, struct waiting, wait);

	waiting->world->kept += is_kept;
	waiting->world->lost += !is_kept;
}

static int
set_up(void **state)
{
	struct world *world = must_alloc(sizeof(*world));
	struct error err = {0};
	char path[96];

	snprintf(world->dir, sizeof(world->dir), "/tmp/brunt-audit-sync-XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	snprintf(path, sizeof(path), "%s/audit.log", world->dir);
	world->audit = audit_open(path, &err);
	assert_non_null(world->audit);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	world->syncs = audit_syncs_new(&world->loop, world->audit);
	for (size_t i = 0; i < WAITS; i++)
		world->list[i] = (struct waiting){.wait = {.done = on_done}, .world = world};
	*state = world;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	audit_syncs_free(world->syncs);
	audit_close(world->audit);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	file_remove_tree(world->dir);
	free(world);
	return 0;
}

static void
test_many_share_one_sync(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < WAITS; i++)
		audit_syncs_wait(world->syncs, &world->list[i].wait);
	assert_int_equal(world->kept, 0); /* nobody before the loop turns */
	while (world->kept + world->lost < WAITS)
		uv_run(&world->loop, UV_RUN_ONCE);
	assert_int_equal(world->kept, WAITS);
	/* The first had one of its own; all who came while it lasted share the next. */
	assert_int_equal(audit_syncs_n(world->syncs), 2);
}

static void
test_who_comes_later_has_a_sync_of_his_own(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < 3; i++) {
		audit_syncs_wait(world->syncs, &world->list[i].wait);
		while (world->kept <= i)
			uv_run(&world->loop, UV_RUN_ONCE);
	}
	assert_int_equal(audit_syncs_n(world->syncs), 3);
}

static void
test_the_log_may_be_reopened_meanwhile(void **state)
{
	struct world *world = *state;
	struct error err = {0};

	audit_syncs_wait(world->syncs, &world->list[0].wait);
	assert_true(audit_reopen(world->audit, &err));
	audit_syncs_wait(world->syncs, &world->list[1].wait);
	audit_syncs_free(world->syncs);
	assert_int_equal(world->kept, 2);
	world->syncs = audit_syncs_new(&world->loop, world->audit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many_share_one_sync, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_who_comes_later_has_a_sync_of_his_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_log_may_be_reopened_meanwhile, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
