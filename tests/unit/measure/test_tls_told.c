#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "measure/interval.h"
#include "measure/json.h"
#include "measure/recorder.h"
#include "measure/tls_told.h"

#define TEXT_CEILING ((size_t)64 * 1024)

/* As the event stream carries it to another process. */
static struct tls_told
sent(const struct tls_told *told)
{
	struct tls_told got = {0};
	struct error err = {0};
	struct json_reader r = {.err = &err};
	struct buf text;

	buf_init(&text, TEXT_CEILING);
	json_open(&text, NULL, '{');
	tls_told_encode(&text, told);
	json_close(&text, '}');
	cJSON *tree = json_parse(&r, text.bytes, text.length, TEXT_CEILING);

	tls_told_read(&r, tree, &got);
	assert_string_equal(err.message, "");
	cJSON_Delete(tree);
	buf_fini(&text);
	return got;
}

static void
test_it_travels_whole(void **state)
{
	struct tls_told told = {.full = 3, .resumed = 4, .spoken = "TLSv1.3, X, h2"}, nothing = {0}, got;

	(void)state;
	tls_told_words(&told, FAILURE_TLS_UNTRUSTED, "self-signed certificate");
	tls_told_words(&told, FAILURE_TLS_ALERT, "alert: \"internal error\"");
	got = sent(&told);
	assert_memory_equal(&got, &told, sizeof(told));
	got = sent(&nothing);
	assert_memory_equal(&got, &nothing, sizeof(nothing));
}

static void
test_the_first_words_stay(void **state)
{
	struct tls_told first = {.full = 1, .spoken = "first"}, second = {.full = 2, .resumed = 5, .spoken = "second"};

	(void)state;
	tls_told_words(&first, FAILURE_TLS_NAME, "a");
	tls_told_words(&first, FAILURE_TLS_NAME, "b");
	tls_told_words(&second, FAILURE_TLS_NAME, "c");
	tls_told_words(&second, FAILURE_TLS_RECORD, "d");
	tls_told_merge(&first, &second);
	assert_int_equal(first.full, 3);
	assert_int_equal(first.resumed, 5);
	assert_string_equal(first.spoken, "first");
	assert_string_equal(first.words[FAILURE_TLS_NAME], "a");
	assert_string_equal(first.words[FAILURE_TLS_RECORD], "d");
}

static void
test_a_handshake_counts_into_the_level_that_runs(void **state)
{
	struct recorder *r = recorder_new(&(struct recorder_config){.requests_n = 1, .open_levels_max = 4});

	(void)state;
	recorder_add_handshake(r, 5, false, "outside"); /* of any window */
	recorder_in_flight(r, 3, 0, 0);
	recorder_add_handshake(r, 7, false, "inside");
	recorder_add_handshake(r, 9, true, "inside");
	recorder_add_words(r, FAILURE_TLS_EXPIRED, "certificate has expired");
	struct interval *interval = recorder_take_interval(r, 10);

	assert_int_equal(interval->tls.full, 2);
	assert_int_equal(interval->tls.resumed, 1);
	assert_string_equal(interval->tls.spoken, "outside");
	assert_string_equal(interval->tls.words[FAILURE_TLS_EXPIRED], "certificate has expired");
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (interval->levels[i].is_used)
			assert_int_equal(interval->levels[i].all.histograms[METRIC_TLS_HANDSHAKE].total,
				interval->levels[i].level == 3 ? 2 : 0);
	recorder_give_interval(r, interval);
	interval = recorder_take_interval(r, 20);
	assert_int_equal(interval->tls.full + interval->tls.resumed, 0);
	recorder_give_interval(r, interval);
	recorder_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_travels_whole),
		cmocka_unit_test(test_the_first_words_stay),
		cmocka_unit_test(test_a_handshake_counts_into_the_level_that_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
