#include "unit/plan/loading.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/check.h"

#define LOAD "load: {steady: {rate: 5/s, for: 1s}}\n"

static const struct plan_backend *
backend(const struct plan *plan, size_t i)
{
	return &((const struct plan_backend *)plan->target.backends.items)[i];
}

static void
test_one_url_is_one_backend(void **state)
{
	(void)state;
	struct plan *plan = load("target: http://h:81/api\n" LOAD);

	assert_int_equal(plan->target.backends.n, 1);
	assert_string_equal(backend(plan, 0)->url.authority, "h:81");
	assert_int_equal(backend(plan, 0)->weight, 1);
	plan_free(plan);
}

static void
test_urls_have_weights_and_the_first_stands_for_all(void **state)
{
	(void)state;
	struct plan *plan = load("target: {urls: [{url: \"http://a/api\", weight: 3}, \"http://b:81/api\"]}\n" LOAD);

	assert_int_equal(plan->target.backends.n, 2);
	assert_int_equal(backend(plan, 0)->weight, 3);
	assert_int_equal(backend(plan, 1)->weight, 1);
	assert_string_equal(backend(plan, 1)->url.authority, "b:81");
	assert_string_equal(plan->target.url.text, "http://a/api");
	assert_string_equal(plan->requests[0].path, "/api");
	plan_free(plan);
}

static void
test_addresses_to_connect_to_may_leave_the_port_to_the_url(void **state)
{
	(void)state;
	struct plan *plan = load(
		"target: {url: \"http://h:81\", connect_to: [\"10.0.0.1:8443\", 10.0.0.2, \"[::1]:82\", \"::2\", \"[::3]\"]}\n" LOAD);
	const struct plan_address *to = plan->target.connect_to.items;
	static const unsigned char v4[] = {10, 0, 0, 1};

	assert_int_equal(plan->target.connect_to.n, 5);
	assert_memory_equal(to[0].bytes, v4, sizeof(v4));
	assert_int_equal(to[0].port, 8443);
	assert_false(to[0].is_v6);
	assert_int_equal(to[1].port, 0);
	assert_int_equal(to[2].port, 82);
	assert_true(to[2].is_v6 && to[3].is_v6 && to[4].is_v6);
	assert_int_equal(to[2].bytes[15], 1);
	assert_int_equal(to[3].bytes[15], 2);
	assert_int_equal(to[3].port, 0);
	assert_int_equal(to[4].bytes[15], 3);
	plan_free(plan);
}

/* "10.0.0.1 …" of all of them, up to the room that there is. */
static const char *
sources_text(const struct plan *plan, char *into, size_t size)
{
	const struct plan_address *list = plan->target.sources.items;
	size_t used = 0;

	into[0] = '\0';
	for (size_t i = 0; i < plan->target.sources.n && used + 64 < size; i++) {
		char ip[64];

		assert_non_null(inet_ntop(list[i].is_v6 ? AF_INET6 : AF_INET, list[i].bytes, ip, sizeof(ip)));
		used += (size_t)snprintf(into + used, size - used, "%s%s", i > 0 ? " " : "", ip);
	}
	return into;
}

static void
test_blocks_of_sources_are_their_hosts(void **state)
{
	static const struct {
		const char *list, *wanted;
		size_t n;
	} cases[] = {
		{"127.0.0.2", "127.0.0.2", 1},
		{"[127.0.0.2, \"::1\"]", "127.0.0.2 ::1", 2},
		{"[10.1.0.0/30]", "10.1.0.1 10.1.0.2", 2},
		{"[10.1.0.0/31]", "10.1.0.0 10.1.0.1", 2},
		{"[10.1.0.7/32]", "10.1.0.7", 1},
		{"[\"fd00::/126\"]", "fd00::1 fd00::2 fd00::3", 3},
		{"[10.1.0.0/20]", NULL, 4094},
		{"[10.1.255.0/24, 127.0.0.9]", NULL, 255},
	};
	char text[512], profile[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(profile, sizeof(profile), "target: {url: http://h, source_addresses: %s}\n" LOAD,
			cases[i].list);
		struct plan *plan = load(profile);

		assert_int_equal(plan->target.sources.n, cases[i].n);
		if (cases[i].wanted != NULL)
			assert_string_equal(sources_text(plan, text, sizeof(text)), cases[i].wanted);
		plan_free(plan);
	}
}

static void
test_prefetch_is_all_or_a_number(void **state)
{
	static const struct {
		const char *value;
		uint64_t wanted;
	} cases[] = {{"true", 50}, {"false", 0}, {"7", 7}, {"50", 50}, {"0", 0}};
	char profile[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(profile, sizeof(profile), "target: {url: http://h, connections: 50, prefetch: %s}\n" LOAD,
			cases[i].value);
		struct plan *plan = load(profile);

		assert_int_equal(plan->target.prefetch, cases[i].wanted);
		plan_free(plan);
	}
}

static void
test_a_proxy_has_credentials_and_is_asked_for_a_tunnel(void **state)
{
	(void)state;
	struct plan *plan = load("target: {url: \"http://h\", proxy: \"http://anna:a%3ab@p:3128\"}\n" LOAD);

	assert_string_equal(plan->target.proxy.url.host, "p");
	assert_int_equal(plan->target.proxy.url.port, 3128);
	assert_string_equal(plan->target.proxy.authorization, "Basic YW5uYTphOmI="); /* anna:a:b */
	assert_null(backend(plan, 0)->tunnel);
	plan_free(plan);
	plan = load("target: {url: \"http://[::1]\", proxy: {url: \"http://p\", tunnel: true}}\n" LOAD);
	assert_string_equal(backend(plan, 0)->tunnel, "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
	plan_free(plan);
	plan = load("target: {urls: [https://a, https://b:8], proxy: http://x:y@p}\n" LOAD);
	assert_string_equal(backend(plan, 1)->tunnel,
		"CONNECT b:8 HTTP/1.1\r\nHost: b:8\r\nProxy-Authorization: Basic eDp5\r\n\r\n");
	plan_free(plan);
}

static const struct {
	const char *name, *text, *sentence;
} mistakes[] = {
	/* clang-format off: a table reads best in rows */
	{"nothing", "target: {timeout: 1s}\n" LOAD,
		"x.yaml:1:9: target: 'url' is missing: where requests go, such as http://127.0.0.1:8080"},
	{"both", "target: {url: http://h, urls: [http://a]}\n" LOAD,
		"x.yaml:1:31: urls: there is 'url' too; write one of them"},
	{"no list", "target: {urls: http://a}\n" LOAD,
		"x.yaml:1:16: urls: write a list of 1 to 32 URLs, such as [{url: \"http://a:80\", weight: 3}, \"http://b:80\"]"},
	{"twice", "target: {urls: [http://a, http://a]}\n" LOAD,
		"x.yaml:1:27: urls: 'http://a' is there twice; give it a weight"},
	{"other paths", "target: {urls: [http://a/x, http://b/y]}\n" LOAD,
		"x.yaml:1:29: urls: 'http://b/y' has another path than 'http://a/x', and requests are the same for all of them; write the path into the requests"},
	{"a weight of 0", "target: {urls: [{url: http://a, weight: 0}]}\n" LOAD,
		"x.yaml:1:41: weight: '0' is too little; the least is 1"},
	{"too few connections", "target: {urls: [http://a, http://b], connections: 1}\n" LOAD,
		"x.yaml:1:16: urls: of 1 connections not each of the 2 has one"},
	{"a name to connect to", "target: {url: http://h, connect_to: a:80}\n" LOAD,
		"x.yaml:1:37: connect_to: 'a:80' is not an address such as 10.0.0.1:8443 or [::1]:8443; names are looked up in target.url alone"},
	{"a port of 0", "target: {url: http://h, connect_to: \"1.2.3.4:0\"}\n" LOAD,
		"x.yaml:1:37: connect_to: '1.2.3.4:0' is not an address such as 10.0.0.1:8443 or [::1]:8443; names are looked up in target.url alone"},
	{"brackets around IPv4", "target: {url: http://h, connect_to: \"[1.2.3.4]:80\"}\n" LOAD,
		"x.yaml:1:37: connect_to: '[1.2.3.4]:80' is not an address such as 10.0.0.1:8443 or [::1]:8443; names are looked up in target.url alone"},
	{"an open bracket", "target: {url: http://h, connect_to: \"[::1\"}\n" LOAD,
		"x.yaml:1:37: connect_to: '[::1' is not an address such as 10.0.0.1:8443 or [::1]:8443; names are looked up in target.url alone"},
	{"one way for many", "target: {urls: [http://a, http://b], connect_to: 10.0.0.1}\n" LOAD,
		"x.yaml:1:50: connect_to: these would be the addresses of each of 'urls'; write one URL"},
	{"another way to a file", "target: {url: \"http://unix:/run/x\", connect_to: 10.0.0.1}\n" LOAD,
		"x.yaml:1:49: connect_to: a unix socket has no other address"},
	{"a proxy over TLS", "target: {url: http://h, proxy: \"https://p\"}\n" LOAD,
		"x.yaml:1:32: proxy: write http://HOST:PORT; brunt speaks to proxies in the clear"},
	{"a proxy with a path", "target: {url: http://h, proxy: \"http://p/x\"}\n" LOAD,
		"x.yaml:1:32: proxy: write its host and port alone: http://HOST:PORT"},
	{"a user without a password", "target: {url: http://h, proxy: \"http://u@p\"}\n" LOAD,
		"x.yaml:1:32: proxy: before '@' stand the user and the password: http://USER:PASSWORD@HOST:PORT"},
	{"a proxy and another way", "target: {url: http://h, proxy: \"http://p\", connect_to: 10.0.0.1}\n" LOAD,
		"x.yaml:1:32: proxy: with 'connect_to' there are two ways to go; write one of them"},
	{"a proxy to a file", "target: {url: \"http://unix:/run/x\", proxy: \"http://p\"}\n" LOAD,
		"x.yaml:1:44: proxy: no proxy leads to a unix socket"},
	{"a source that is none", "target: {url: http://h, source_addresses: eth0}\n" LOAD,
		"x.yaml:1:43: source_addresses: 'eth0' is not an address such as 127.0.0.2, nor a block such as 127.0.1.0/24"},
	{"a prefix too long", "target: {url: http://h, source_addresses: [10.0.0.0/33]}\n" LOAD,
		"x.yaml:1:44: source_addresses: '10.0.0.0/33' is not an address such as 127.0.0.2, nor a block such as 127.0.1.0/24"},
	{"the middle of a block", "target: {url: http://h, source_addresses: [10.0.0.5/24]}\n" LOAD,
		"x.yaml:1:44: source_addresses: '10.0.0.5/24' is not where its block begins; write the block's first address, or this address alone, without '/24'"},
	{"too large a block", "target: {url: http://h, source_addresses: [\"10.0.0.0/8\"]}\n" LOAD,
		"x.yaml:1:44: source_addresses: with '10.0.0.0/8' they are more than 4096"},
	{"all addresses that there are", "target: {url: http://h, source_addresses: [\"fd00::/8\"]}\n" LOAD,
		"x.yaml:1:44: source_addresses: with 'fd00::/8' they are more than 4096"},
	{"too many blocks", "target: {url: http://h, source_addresses: [10.0.0.0/20, 10.1.0.0/29]}\n" LOAD,
		"x.yaml:1:57: source_addresses: with '10.1.0.0/29' they are more than 4096"},
	{"no sources", "target: {url: http://h, source_addresses: []}\n" LOAD,
		"x.yaml:1:43: source_addresses: write a list such as [127.0.0.2, 127.0.1.0/24]"},
	{"a prefetch of words", "target: {url: http://h, prefetch: some}\n" LOAD,
		"x.yaml:1:35: prefetch: 'some' is not true, false or a number of connections"},
	{"more than there may be", "target: {url: http://h, connections: 5, prefetch: 6}\n" LOAD,
		"x.yaml:1:51: prefetch: '6' are more than the 5 that target.connections allows"},
	{"lookups all the time", "target: {url: http://h, dns_refresh: 100ms}\n" LOAD,
		"x.yaml:1:38: dns_refresh: '100ms' is shorter than 1s; 0 looks names up once, before the run"},
	/* clang-format on */
};

static void
test_every_mistake_gets_its_sentence(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		char said[2048];
		const char *got = refusal_of(mistakes[i].text, NULL, said, sizeof(said));

		if (strcmp(got, mistakes[i].sentence) == 0)
			continue;
		print_error("%s:\n  said   %s\n  wanted %s\n", mistakes[i].name, got, mistakes[i].sentence);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_url_is_one_backend),
		cmocka_unit_test(test_urls_have_weights_and_the_first_stands_for_all),
		cmocka_unit_test(test_addresses_to_connect_to_may_leave_the_port_to_the_url),
		cmocka_unit_test(test_blocks_of_sources_are_their_hosts),
		cmocka_unit_test(test_prefetch_is_all_or_a_number),
		cmocka_unit_test(test_a_proxy_has_credentials_and_is_asked_for_a_tunnel),
		cmocka_unit_test(test_every_mistake_gets_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
