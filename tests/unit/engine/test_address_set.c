#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/address_set.h"

/* 10.0.0.1 … as `hosts` says, each a digit. */
static struct addresses
addresses_of(const char *hosts)
{
	struct addresses addresses = {0};

	for (; *hosts != '\0'; hosts++) {
		struct plan_address plan = {.bytes = {10, 0, 0, (unsigned char)(*hosts - '0')}};

		addresses.list[addresses.n++] = address_of_plan(&plan, 80);
	}
	return addresses;
}

static bool
list(struct address_set *set, const char *hosts)
{
	struct addresses addresses = addresses_of(hosts);

	return address_set_list(set, &addresses);
}

/* The last byte of the address that is next; 0: none is. */
static int
pick(struct address_set *set)
{
	size_t slot = address_set_pick(set);
	char text[ADDRESS_TEXT_MAX];

	if (slot == SIZE_MAX)
		return 0;
	return address_text(&set->slots[slot].address, text, sizeof(text))[7] - '0';
}

static void
test_every_address_has_its_turn(void **state)
{
	struct address_set set = {0};

	(void)state;
	assert_true(list(&set, "123"));
	for (int i = 0; i < 9; i++)
		assert_int_equal(pick(&set), i % 3 + 1);
}

static void
test_the_same_addresses_in_another_order_are_no_change(void **state)
{
	struct address_set set = {0};

	(void)state;
	list(&set, "123");
	assert_false(list(&set, "312"));
	assert_true(list(&set, "12"));
	assert_true(list(&set, "14"));
	assert_false(list(&set, "41"));
}

static void
test_what_is_gone_has_no_turn_and_keeps_its_slot_while_in_use(void **state)
{
	struct address_set set = {0};

	(void)state;
	list(&set, "12");
	set.slots[0].open_n = 1;
	list(&set, "23");
	assert_int_equal(set.n, 3); /* 1 is in use: 3 has a slot of its own */
	for (int i = 0; i < 4; i++)
		assert_int_not_equal(pick(&set), 1);
	set.slots[0].open_n = 0;
	list(&set, "234");
	assert_int_equal(set.n, 3); /* 4 has the one of 1 */
}

static void
test_an_address_that_comes_beside_a_load_has_its_turn(void **state)
{
	struct address_set set = {0};
	bool is_used[4] = {false};

	(void)state;
	list(&set, "12");
	assert_int_equal(pick(&set), 1);
	assert_true(list(&set, "123"));
	for (int i = 0; i < 3; i++)
		is_used[pick(&set)] = true;
	assert_true(is_used[1] && is_used[2] && is_used[3]);
}

static void
test_the_dead_are_passed_over_until_they_are_revived_or_come_back(void **state)
{
	struct address_set set = {0};

	(void)state;
	list(&set, "12");
	set.slots[0].is_dead = true;
	assert_int_equal(pick(&set), 2);
	assert_int_equal(pick(&set), 2);
	set.slots[1].is_dead = true;
	assert_true(address_set_is_dead(&set));
	assert_int_equal(pick(&set), 0);
	address_set_revive(&set);
	assert_false(address_set_is_dead(&set));
	set.slots[0].is_dead = true;
	list(&set, "2");
	list(&set, "12");
	assert_false(set.slots[0].is_dead);
}

static void
test_more_addresses_than_slots_are_left_out(void **state)
{
	struct address_set set = {0};

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		struct addresses addresses = {0};

		for (unsigned i = 0; i < ADDRESSES_MAX; i++) {
			struct plan_address plan = {.bytes = {10, (unsigned char)round, 0, (unsigned char)i}};

			addresses.list[addresses.n++] = address_of_plan(&plan, 80);
		}
		address_set_list(&set, &addresses);
		for (size_t i = 0; i < set.n; i++)
			set.slots[i].open_n = 1;
	}
	assert_int_equal(set.n, ADDRESS_SLOTS_MAX);
	assert_true(address_set_is_dead(&set)); /* of the last round none had a slot */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_address_has_its_turn),
		cmocka_unit_test(test_the_same_addresses_in_another_order_are_no_change),
		cmocka_unit_test(test_what_is_gone_has_no_turn_and_keeps_its_slot_while_in_use),
		cmocka_unit_test(test_an_address_that_comes_beside_a_load_has_its_turn),
		cmocka_unit_test(test_the_dead_are_passed_over_until_they_are_revived_or_come_back),
		cmocka_unit_test(test_more_addresses_than_slots_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
