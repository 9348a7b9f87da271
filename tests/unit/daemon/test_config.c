#include "daemon/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"

#define TEN_BYTES "/345678901"

static struct config *
load(const char *text)
{
	struct error err = {0};
	struct config *config = config_load_text(text, strlen(text), "/etc/brunt/brunt.yaml", &err);

	if (config == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return config;
}

static void
expect_refused(const char *text, const char *where, const char *words)
{
	struct error err = {0};

	assert_null(config_load_text(text, strlen(text), "brunt.yaml", &err));
	assert_string_equal(err.where, where);
	if (strstr(err.message, words) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, words);
}

static const char *
text_at(const struct plan_list *list, size_t i)
{
	return ((const char *const *)list->items)[i];
}

static void
test_all_keys_are_taken(void **state)
{
	struct config *config = load("listen: [\"unix:/run/b.sock\", \"127.0.0.1:7007\"]\n"
				     "names: [brunt.example.com]\ntls: {cert: c.pem, key: /k.pem}\ntokens: tokens\n"
				     "data: /var/lib/brunt\nprofiles: profiles\nallow: [10.0.0.0/8, shop:80]\n"
				     "ceilings: {rate: 5k/s, users: 100, connections: 200, duration: 1h}\n"
				     "queue: {at_once: 2, length: 5}\nretention: {for: 720h, runs: 30, size: 10GiB}\n");

	(void)state;
	assert_int_equal(config->listen.n, 2);
	assert_string_equal(text_at(&config->listen, 0), "unix:/run/b.sock");
	assert_string_equal(config->tls.cert, "/etc/brunt/c.pem"); /* relative to the file that names it */
	assert_string_equal(config->tls.key, "/k.pem");
	assert_string_equal(config->tokens, "/etc/brunt/tokens");
	assert_string_equal(config->profiles, "/etc/brunt/profiles");
	assert_string_equal(config->data, "/var/lib/brunt");
	assert_string_equal(text_at(&config->allow, 1), "shop:80");
	assert_true(config->ceilings.rate_per_s == 5000);
	assert_int_equal(config->queue.at_once, 2);
	assert_int_equal(config->retention.bytes, UINT64_C(10) << 30);
	config_free(config);
}

static void
test_nothing_said_is_a_socket_of_ones_own(void **state)
{
	struct error err = {0};

	(void)state;
	setenv("RUNTIME_DIRECTORY", "/run/brunt", 1);
	setenv("STATE_DIRECTORY", "/var/lib/brunt:/var/lib/more", 1);
	struct config *config = config_load(NULL, &err);

	assert_non_null(config);
	assert_int_equal(config->listen.n, 1);
	assert_string_equal(text_at(&config->listen, 0), "unix:/run/brunt/brunt.sock");
	assert_string_equal(config->data, "/var/lib/brunt");
	assert_int_equal(config->queue.at_once, 4);
	assert_int_equal(config->allow.n, 0);
	config_free(config);
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("STATE_DIRECTORY");
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	setenv("XDG_STATE_HOME", "/var/me/state", 1);
	config = config_load(NULL, &err);
	assert_string_equal(text_at(&config->listen, 0), "unix:/run/user/7/brunt.sock");
	assert_string_equal(config->data, "/var/me/state/brunt");
	config_free(config);
}

static void
test_what_is_all_commented_out_says_nothing(void **state)
{
	static const char *const texts[] = {"", "\n", "# listen: unix:/run/b\n"};
	struct error err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct config *config = config_load_text(texts[i], strlen(texts[i]), "brunt.yaml", &err);

		assert_non_null(config);
		assert_int_equal(config->listen.n, 1);
		config_free(config);
	}
}

static void
test_mistakes_have_their_place_and_the_nearest_key(void **state)
{
	(void)state;
	expect_refused("lisen: 127.0.0.1:1\n", "brunt.yaml:1:1", "did you mean 'listen'?");
	expect_refused("data: /d\nceilings: {rates: 5/s}\n", "brunt.yaml:2:12", "did you mean 'rate'?");
	expect_refused("queue: {at_once: 0}\n", "brunt.yaml:1:18", "at_once");
	expect_refused("data: a\ndata: b\n", "brunt.yaml:2:1", "data");
	expect_refused("retention: {for: 30 days}\n", "brunt.yaml:1:18", "time");
	expect_refused("- a\n", "brunt.yaml:1:1", "map");
	expect_refused("listen: unix:/" TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES TEN_BYTES
			       TEN_BYTES TEN_BYTES "/x/y.sock\n",
		"brunt.yaml:1:9", "at most");
}

static void
test_tcp_wants_tokens_and_strangers_tls(void **state)
{
	(void)state;
	expect_refused("listen: 127.0.0.1:7007\n", "brunt.yaml:1:9", "token");
	expect_refused("tokens: t\nlisten: [127.0.0.1:7007, 0.0.0.0:7007]\n", "brunt.yaml:2:26", "TLS");
	expect_refused("tokens: t\ntls: {cert: c}\n", "brunt.yaml:2:6", "both");
	expect_refused("listen: 7007\ntokens: t\n", "brunt.yaml:1:9", "no address");
	expect_refused("listen: \"unix:\"\n", "brunt.yaml:1:9", "names no socket");
	config_free(load("tokens: t\nlisten: \"[::1]:7007\"\n"));
	config_free(load("tokens: t\nlisten: 0.0.0.0:7007\ntls: {cert: c, key: k}\n"));
}

static void
test_schedules_are_looked_at_with_their_place(void **state)
{
	struct config *config = load(
		"schedules:\n  nightly: {profile: p, cron: 0 2 * * *}\n  often: {profile: p, every: 6h, missed: once}\n");

	(void)state;
	assert_int_equal(config->watch.schedules.n, 2);
	config_free(config);
	expect_refused("schedules:\n  nightly: {profile: p, cron: 61 2 * * *}\n", "brunt.yaml:2:12", "minute");
	expect_refused("schedules:\n  nightly: {cron: 0 2 * * *}\n", "brunt.yaml:2:12", "'profile' is missing");
	expect_refused("schedules: [a]\n", "brunt.yaml:1:12", "map");
}

static void
test_texts_may_refer_to_the_environment(void **state)
{
	(void)state;
	setenv("BRUNT_TEST_DATA", "/srv/brunt", 1);
	struct config *config = load("data: ${env:BRUNT_TEST_DATA}/state\n");

	assert_string_equal(config->data, "/srv/brunt/state");
	config_free(config);
	unsetenv("BRUNT_TEST_DATA");
	expect_refused("data: ${env:BRUNT_TEST_DATA}\n", "brunt.yaml:1:7", "is not set");
}

static void
test_help_names_every_key(void **state)
{
	static const char *const keys[] = {"listen", "names", "tls.", "cert", "tokens", "data", "profiles", "allow",
		"ceilings", "connections", "queue", "at_once", "retention"};
	struct buf text;

	(void)state;
	buf_init(&text, (size_t)64 * 1024);
	config_help(&text);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (i != 2 && strstr(text.bytes, keys[i]) == NULL)
			fail_msg("help does not name %s", keys[i]);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys_are_taken),
		cmocka_unit_test(test_nothing_said_is_a_socket_of_ones_own),
		cmocka_unit_test(test_what_is_all_commented_out_says_nothing),
		cmocka_unit_test(test_mistakes_have_their_place_and_the_nearest_key),
		cmocka_unit_test(test_tcp_wants_tokens_and_strangers_tls),
		cmocka_unit_test(test_schedules_are_looked_at_with_their_place),
		cmocka_unit_test(test_texts_may_refer_to_the_environment),
		cmocka_unit_test(test_help_names_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
