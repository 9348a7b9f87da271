#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "net/allow.h"

static struct allow *
list(const char *text)
{
	struct error err = {0};
	struct allow *allow = allow_parse(text, strlen(text), "allow", &err);

	if (allow == NULL)
		fail_msg("%s", err.message);
	return allow;
}

static struct address
address(const char *host, unsigned port)
{
	struct address to = {.length = sizeof(to.v4)};

	if (inet_pton(AF_INET, host, &to.v4.sin_addr) == 1) {
		to.v4.sin_family = AF_INET;
		to.v4.sin_port = htons((uint16_t)port);
		return to;
	}
	to.length = sizeof(to.v6);
	to.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	assert_int_equal(inet_pton(AF_INET6, host, &to.v6.sin6_addr), 1);
	return to;
}

static bool
has(const struct allow *allow, const char *host, unsigned port)
{
	struct address to = address(host, port);

	return allow_has_address(allow, NULL, &to);
}

static bool
has_named(const struct allow *allow, const char *name, const char *host, unsigned port)
{
	struct address to = address(host, port);

	return allow_has_address(allow, name, &to);
}

static void
test_blocks_addresses_and_ports(void **state)
{
	struct allow *allow =
		list("10.0.0.0/8, 192.0.2.7:8080\n2001:db8::/32 [2001:db9::1]:443 # a comment, 1.2.3.4\n\n");

	(void)state;
	assert_true(has(allow, "10.0.0.0", 1) && has(allow, "10.255.255.255", 65535));
	assert_false(has(allow, "11.0.0.0", 1) || has(allow, "9.255.255.255", 1));
	assert_true(has(allow, "192.0.2.7", 8080));
	assert_false(has(allow, "192.0.2.7", 8081) || has(allow, "192.0.2.6", 8080));
	assert_true(has(allow, "2001:db8:ffff::1", 1) && has(allow, "2001:db9::1", 443));
	assert_false(has(allow, "2001:db9::1", 80) || has(allow, "2001:db9::2", 443) || has(allow, "1.2.3.4", 80));
	allow_free(allow);
}

static void
test_every_prefix_length_cuts_where_it_says(void **state)
{
	char text[64];

	(void)state;
	for (unsigned bits = 0; bits <= 32; bits++) {
		uint32_t block = bits == 0 ? 0 : 0xaaaaaaaau & ~(uint32_t)(0xffffffffull >> bits);
		struct in_addr first = {htonl(block)};

		snprintf(text, sizeof(text), "%s/%u", inet_ntoa(first), bits);
		struct allow *allow = list(text);
		struct address to = address("0.0.0.0", 80);

		for (unsigned flipped = 0; flipped < 32; flipped++) {
			to.v4.sin_addr.s_addr = htonl(block ^ (0x80000000u >> flipped));
			assert_int_equal(allow_has_address(allow, NULL, &to), flipped >= bits);
		}
		allow_free(allow);
	}
}

static void
test_a_mapped_address_is_the_one_that_it_stands_for(void **state)
{
	struct allow *allow = list("127.0.0.0/8"), *six = list("::/0");

	(void)state;
	assert_true(has(allow, "::ffff:127.0.0.1", 80));
	assert_false(has(allow, "::ffff:10.0.0.1", 80) || has(allow, "::1", 80));
	assert_true(has(six, "2001:db8::1", 80));
	allow_free(allow);
	allow_free(six);
}

/* The author of a profile decides what his name stands for; the operator, where it may lead. */
static void
test_a_name_does_not_lead_to_places_that_only_harm(void **state)
{
	static const char *const harmful[] = {"127.0.0.1", "0.0.0.0", "169.254.169.254", "100.100.100.200",
		"168.63.129.16", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1",
		"::ffff:127.0.0.1", "::ffff:169.254.169.254"};
	struct allow *allow = list("shop.example.com"), *both = list("shop.example.com, 127.0.0.1");

	(void)state;
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++)
		if (has_named(allow, "shop.example.com", harmful[i], 80))
			fail_msg("a name leads to %s", harmful[i]);
	assert_true(has_named(allow, "shop.example.com", "192.0.2.1", 80));
	assert_true(has_named(allow, "shop.example.com", "10.0.0.1", 80)); /* a name of the operator's own network */
	assert_true(has_named(both, "shop.example.com", "127.0.0.1", 80));
	allow_free(allow);
	allow_free(both);
}

static void
test_names_are_compared_as_the_dns_does(void **state)
{
	struct allow *allow = list("Shop.Example.com:443, *.test.example.com");

	(void)state;
	assert_true(has_named(allow, "shop.EXAMPLE.com.", "192.0.2.1", 443));
	assert_false(has_named(allow, "shop.example.com", "192.0.2.1", 80));
	assert_false(has_named(allow, "www.shop.example.com", "192.0.2.1", 443));
	assert_false(has_named(allow, "evilshop.example.com", "192.0.2.1", 443));
	assert_true(has_named(allow, "a.b.test.example.com", "192.0.2.1", 80));
	assert_false(has_named(allow, "test.example.com", "192.0.2.1", 80));
	assert_false(has_named(allow, "atest.example.com", "192.0.2.1", 80));
	assert_false(has_named(allow, "evil-test.example.com", "192.0.2.1", 80));
	assert_false(has_named(allow, ".test.example.com", "192.0.2.1", 80));
	/* An address that the author wrote himself is no name's. */
	struct address to = address("192.0.2.1", 443);

	assert_false(allow_has_address(allow, NULL, &to));
	allow_free(allow);
}

static void
test_localhost_is_loopback_and_nothing_else(void **state)
{
	struct allow *allow = list("localhost:8080");

	(void)state;
	assert_true(has_named(allow, "localhost", "127.0.0.1", 8080) && has_named(allow, "localhost", "::1", 8080));
	assert_false(
		has_named(allow, "localhost", "127.0.0.1", 80) || has_named(allow, "localhost", "192.0.2.1", 8080));
	assert_false(has(allow, "127.0.0.1", 8080));
	allow_free(allow);
}

static void
test_what_a_proxy_looks_up_must_be_listed_as_it_is_written(void **state)
{
	struct allow *allow = list("10.0.0.0/8, shop.example.com:443, [2001:db8::1]:80");

	(void)state;
	assert_true(allow_has_name(allow, "10.1.1.1", 80) && allow_has_name(allow, "shop.example.com", 443));
	assert_true(allow_has_name(allow, "2001:db8:0::1", 80));
	assert_false(allow_has_name(allow, "shop.example.com", 80) || allow_has_name(allow, "11.1.1.1", 80));
	/* Addresses to inet_aton, names to us: nobody's. */
	assert_false(allow_has_name(allow, "10.1", 80) || allow_has_name(allow, "0x0a000001", 80));
	allow_free(allow);
}

static void
test_sockets_are_listed_by_their_paths(void **state)
{
	struct address to = {
		.length = sizeof(to.unix_path), .unix_path = {.sun_family = AF_UNIX, .sun_path = "/run/x.sock"}};
	struct allow *allow = list("unix:/run/x.sock"), *all = list("0.0.0.0/0, ::/0");

	(void)state;
	assert_true(allow_has_address(allow, NULL, &to) && allow_has_address(allow, "localhost", &to));
	assert_false(allow_has_address(all, "localhost", &to));
	snprintf(to.unix_path.sun_path, sizeof(to.unix_path.sun_path), "/run/docker.sock");
	assert_false(allow_has_address(allow, NULL, &to));
	allow_free(allow);
	allow_free(all);
}

static void
test_an_empty_list_allows_nothing_and_the_default_loopback(void **state)
{
	struct allow *empty = list(" \n# nothing\n"), *usual = list(ALLOW_DEFAULT);

	(void)state;
	assert_false(has(empty, "127.0.0.1", 80));
	assert_true(has(usual, "127.0.0.1", 80) && has(usual, "127.8.8.8", 1) && has(usual, "::1", 80));
	assert_true(has_named(usual, "localhost", "127.0.0.1", 80));
	assert_false(has(usual, "10.0.0.1", 80) || has(usual, "::", 80) || has(usual, "0.0.0.0", 80));
	allow_free(empty);
	allow_free(usual);
}

static void
test_mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *text, *where, *said;
	} wrong[] = {
		{"10.0.0.0/33", "allow:1:1", "at most 32 bits"},
		{"::1/129", "allow:1:1", "at most 32 bits of IPv4 or 128"},
		{"127.0.0.1\n 10.1.2.3/8", "allow:2:2", "write 10.0.0.0/8"},
		{"2001:db8::1/32", "allow:1:1", "write 2001:db8::/32"},
		{"a.example.com, 10.0.0.1:0", "allow:1:16", "'0' is no port"},
		{"10.0.0.1:65536", "allow:1:1", "no port"},
		{"10.0.0.1:80x", "allow:1:1", "neither an address nor a name"},
		{"http://10.0.0.1", "allow:1:1", "neither an address nor a name"},
		{"127.1", "allow:1:1", "neither an address nor a name"},
		{"2130706433", "allow:1:1", "neither an address nor a name"},
		{"*.", "allow:1:1", "neither"},
		{"*", "allow:1:1", "neither"},
		{"a..b", "allow:1:1", "neither"},
		{"[::1", "allow:1:1", "neither"},
		{"[::1]x", "allow:1:1", "neither"},
		{"shop.example.com/8", "allow:1:1", "neither"},
		{"unix:run/x.sock", "allow:1:1", "begins with /"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = {0};

		assert_null(allow_parse(wrong[i].text, strlen(wrong[i].text), "allow", &err));
		if (strcmp(err.where, wrong[i].where) != 0 || strstr(err.message, wrong[i].said) == NULL)
			fail_msg("%s: %s: %s", wrong[i].text, err.where, err.message);
	}
	struct error err = {0};

	assert_null(allow_parse("127.0.0.1\0::/0", 15, "allow", &err));
	assert_null(allow_load("@/nowhere/at/all", &(struct error){0}));
}

static void
test_a_list_is_bounded(void **state)
{
	struct error err = {0};
	struct buf text;

	(void)state;
	buf_init(&text, ALLOW_TEXT_MAX);
	for (int i = 0; i < ALLOW_ENTRIES_MAX; i++)
		buf_printf(&text, "10.0.%d.%d\n", i / 256, i % 256);
	struct allow *allow = list(text.bytes);

	assert_true(has(allow, "10.0.3.255", 80));
	allow_free(allow);
	buf_add_text(&text, "10.1.0.0\n");
	assert_null(allow_parse(text.bytes, text.length, "allow", &err));
	assert_non_null(strstr(err.message, "more than 1024"));
	buf_fini(&text);
}

static void
test_what_is_certain_of_a_url_is_told_before_anything_is_looked_up(void **state)
{
	struct allow *allow = list(ALLOW_DEFAULT);
	struct plan_url url = {.text = "http://10.0.0.1", .host = "10.0.0.1", .port = 80};
	struct plan_url name = {.text = "http://a.test", .host = "a.test", .port = 80};
	struct plan_url path = {.text = "http+unix:///run/x", .host = "localhost", .unix_path = "/run/x", .port = 80};
	struct error err = {0};

	(void)state;
	assert_false(allow_check_url(allow, &url, &err));
	assert_string_equal(err.message, "'http://10.0.0.1': 10.0.0.1, port 80, is not in the operator's allowlist");
	assert_true(allow_check_url(allow, &name, &err)); /* who knows what it stands for */
	err = (struct error){0};
	assert_false(allow_check_url(allow, &path, &err));
	struct addresses found = {.list = {address("127.0.0.1", 80), address("10.0.0.1", 80)}, .n = 2};

	err = (struct error){0};
	assert_false(allow_check_addresses(allow, &name, true, &found, &err));
	assert_string_equal(err.message, "'http://a.test': 10.0.0.1:80 is not in the operator's allowlist");
	allow_free(allow);
	allow = list("a.test");
	err = (struct error){0};
	assert_false(allow_check_addresses(allow, &name, true, &found, &err));
	assert_non_null(strstr(err.message, "has the name, but not 127.0.0.1:80"));
	allow_free(allow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_addresses_and_ports),
		cmocka_unit_test(test_every_prefix_length_cuts_where_it_says),
		cmocka_unit_test(test_a_mapped_address_is_the_one_that_it_stands_for),
		cmocka_unit_test(test_a_name_does_not_lead_to_places_that_only_harm),
		cmocka_unit_test(test_names_are_compared_as_the_dns_does),
		cmocka_unit_test(test_localhost_is_loopback_and_nothing_else),
		cmocka_unit_test(test_what_a_proxy_looks_up_must_be_listed_as_it_is_written),
		cmocka_unit_test(test_sockets_are_listed_by_their_paths),
		cmocka_unit_test(test_an_empty_list_allows_nothing_and_the_default_loopback),
		cmocka_unit_test(test_mistakes_are_told_with_their_place),
		cmocka_unit_test(test_a_list_is_bounded),
		cmocka_unit_test(test_what_is_certain_of_a_url_is_told_before_anything_is_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
