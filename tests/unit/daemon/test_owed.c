#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "daemon/owed.h"

#define T0 (INT64_C(1790000000) * NS_PER_S)

static char dir[] = "/tmp/brunt-owed-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	return mkdtemp(dir) == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	return !file_remove_tree(dir);
}

static struct ledger *
open_it(void)
{
	struct error err = {0};
	struct ledger *ledger = ledger_open(dir, &err);

	if (ledger == NULL)
		fail_msg("%s", err.message);
	return ledger;
}

static struct notice
notice_of(uint64_t number, enum alert_news news)
{
	struct notice notice = {.news = news,
		.alert = {.number = number,
			.severity = ALERT_CRITICAL,
			.course = {.since_ns = T0, .fired_ns = T0 + NS_PER_S},
			.value = 1.5,
			.threshold = NAN,
			.ended_ns = news == ALERT_RECOVERED ? T0 + 9 * NS_PER_S : 0}};

	snprintf(notice.alert.rule, sizeof(notice.alert.rule), "slow");
	snprintf(notice.alert.name, sizeof(notice.alert.name), "checkout");
	snprintf(notice.alert.text, sizeof(notice.alert.text), "\"p95\" is \xc3\xbc");
	return notice;
}

struct heard {
	char said[512];
	struct notice last;
	const char *unknown; /* a sink that is no more */
};

static bool
hear(void *context, const char *sink, const struct notice *notice)
{
	struct heard *heard = context;
	size_t n = strlen(heard->said);

	snprintf(heard->said + n, sizeof(heard->said) - n, "%d%s %s;", (int)notice->alert.number,
		notice->news == ALERT_RECOVERED ? "r" : "f", sink);
	heard->last = *notice;
	return heard->unknown == NULL || strcmp(sink, heard->unknown) != 0;
}

static void
assert_owed(struct ledger *ledger, struct heard *heard, const char *wanted)
{
	struct error err = {0};

	heard->said[0] = '\0';
	assert_true(owed_list(ledger, hear, heard, &err));
	assert_string_equal(heard->said, wanted);
}

static void
put(struct ledger *ledger, uint64_t number, enum alert_news news, const char *sink)
{
	const struct notice notice = notice_of(number, news);
	struct error err = {0};

	assert_true(owed_put(ledger, &notice, sink, &err));
}

static void
test_what_is_owed_comes_back_in_order_until_it_is_settled(void **state)
{
	struct ledger *ledger = open_it();
	struct heard heard = {.unknown = NULL};
	struct error err = {0};

	(void)state;
	put(ledger, 10, ALERT_FIRED, "ops");
	put(ledger, 9, ALERT_RECOVERED, "a-b");
	put(ledger, 9, ALERT_FIRED, "a-b");
	assert_owed(ledger, &heard, "9f a-b;9r a-b;10f ops;");
	ledger_close(ledger);
	ledger = open_it();
	assert_true(owed_settle(ledger, "a-b", 9, ALERT_FIRED, &err));
	assert_true(owed_settle(ledger, "ops", 10, ALERT_RECOVERED, &err)); /* there is none */
	assert_owed(ledger, &heard, "9r a-b;10f ops;");
	ledger_close(ledger);
}

static void
test_a_notice_is_what_it_was(void **state)
{
	struct ledger *ledger = open_it();
	struct heard heard = {.unknown = NULL};
	const struct alert *alert = &heard.last.alert;

	(void)state;
	put(ledger, 7, ALERT_RECOVERED, "ops");
	assert_owed(ledger, &heard, "7r ops;");
	assert_string_equal(alert->rule, "slow");
	assert_string_equal(alert->name, "checkout");
	assert_string_equal(alert->run, "");
	assert_string_equal(alert->text, "\"p95\" is \xc3\xbc");
	assert_int_equal(alert->severity, ALERT_CRITICAL);
	assert_true(alert->value == 1.5 && isnan(alert->threshold));
	assert_true(alert->course.since_ns == T0 && alert->course.fired_ns == T0 + NS_PER_S);
	assert_true(alert->ended_ns == T0 + 9 * NS_PER_S);
	ledger_close(ledger);
}

static void
test_what_nobody_wants_any_more_is_forgotten(void **state)
{
	struct ledger *ledger = open_it();
	struct heard heard = {.unknown = "gone"};
	struct error err = {0};

	(void)state;
	put(ledger, 1, ALERT_FIRED, "gone");
	put(ledger, 2, ALERT_FIRED, "ops");
	assert_true(ledger_put_note(ledger, "notice", "nonsense", "{", &err));
	assert_owed(ledger, &heard, "1f gone;2f ops;");
	assert_owed(ledger, &heard, "2f ops;");
	ledger_close(ledger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_is_owed_comes_back_in_order_until_it_is_settled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_notice_is_what_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_nobody_wants_any_more_is_forgotten, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
