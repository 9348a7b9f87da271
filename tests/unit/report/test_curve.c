/* What levels say together, and windows of a steady load, as people and programs read it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/report/document.h"
#include "unit/report/fixture.h"
#include "unit/report/page.h"

struct said {
	struct plan plan;
	struct summary *summary;
	struct verdict verdict;
	char *page, *document;
};

static void
say(struct said *said, void (*change)(struct verdict *verdict))
{
	said->plan = fixture_plan();
	said->summary = fixture_summary(&said->plan, 0);
	said->verdict = fixture_verdict();
	change(&said->verdict);
	struct report report = fixture_report(&said->plan, said->summary, &said->verdict);

	said->page = rendered(&report, 140, false);
	said->document = written(&report);
	assert_fits(said->page, 140);
}

static void
said_fini(struct said *said)
{
	summary_free(said->summary);
	free(said->page);
	free(said->document);
}

#define assert_says(text, part)                                                                                        \
	do {                                                                                                           \
		if (strstr(text, part) == NULL)                                                                        \
			fail_msg("nothing says '%s' in:\n%s", part, text);                                             \
	} while (0)

static void
have_nothing(struct verdict *verdict)
{
	snprintf(verdict->curve.knee.why_not, sizeof(verdict->curve.knee.why_not), "it takes 5 levels");
	snprintf(verdict->curve.usl.why_not, sizeof(verdict->curve.usl.why_not), "the law does not fit");
	snprintf(verdict->curve.memory.why_not, sizeof(verdict->curve.memory.why_not), "nobody watched");
}

static void
test_what_does_not_fit_is_left_out_and_said_so(void **state)
{
	struct said said;

	(void)state;
	say(&said, have_nothing);
	assert_says(said.page, "knee        none: it takes 5 levels");
	assert_says(said.page, "scalability not shown: the law does not fit");
	assert_null(strstr(said.page, "per request/s"));
	assert_says(said.document, "\"usl\":\tnull");
	assert_says(said.document, "\"no_usl\":\t\"the law does not fit\"");
	assert_says(said.document, "\"knee\":\tnull");
	said_fini(&said);
}

static void
have_no_peak(struct verdict *verdict)
{
	struct usl *usl = &verdict->curve.usl;

	usl->kappa = 0;
	usl->peak_load = usl->peak_per_s = usl->kappa_se = NAN;
	usl->limit_per_s = 655;
	snprintf(usl->no_peak, sizeof(usl->no_peak), "kappa is 0");
}

static void
test_a_law_without_a_peak_tends_to_a_limit(void **state)
{
	struct said said;

	(void)state;
	say(&said, have_no_peak);
	assert_says(said.page, "tends to 655/s");
	assert_says(said.document, "\"peak_per_s\":\tnull");
	assert_says(said.document, "\"no_peak\":\t\"kappa is 0\"");
	said_fini(&said);
}

static void
contradict(struct verdict *verdict)
{
	verdict->curve.is_known = false;
	verdict->curve.little_checked = 1;
	verdict->curve.little_off = 1;
	verdict->curve.worst = (struct little){true, 12.5, 2.01, 2.1, 0.1, false};
}

/* Also where the load had no levels, and both figures with it. */
static void
test_accounts_that_contradict_each_other_are_said(void **state)
{
	struct said said;

	(void)state;
	say(&said, contradict);
	assert_says(said.document, "\"off\":\t1");
	assert_says(said.page, "12.5 were in flight on average, but rate × time (Little's law) makes 2.01 to 2.1");
	said_fini(&said);
}

static void
leak(struct verdict *verdict)
{
	const struct drift flat = {.windows = 60,
		.window_s = 5,
		.first = 5e6,
		.last = 5.1e6,
		.change = 0.02,
		.change_ci = {-0.01, 0.05},
		.p = 0.4};

	verdict->sustained = (struct sustained){.is_known = true,
		.from_ns = 150 * NS_PER_S,
		.to_ns = 600 * NS_PER_S,
		.p50 = flat,
		.p95 = flat,
		.achieved = {.windows = 60,
			.window_s = 5,
			.first = 50,
			.last = 45,
			.change = -0.1,
			.change_ci = {-0.12, -0.08},
			.p = 1e-5,
			.is_trend = true},
		.memory = {.windows = 60,
			.window_s = 5,
			.first = 100 * 1048576.0,
			.last = 101 * 1048576.0,
			.per_h = 8 * 1048576.0,
			.per_h_ci = {7 * 1048576.0, INFINITY},
			.change = 0.01,
			.change_ci = {0.008, INFINITY},
			.p = 1e-4,
			.is_trend = true},
		.memory_course = MEMORY_LEAK};
}

static void
test_drift_and_leaks_are_told_with_their_intervals(void **state)
{
	struct said said;

	(void)state;
	say(&said, leak);
	assert_says(said.page, "Over time");
	assert_says(
		said.page, "P95         5.00ms → 5.10ms, +2% (95% -1% to +5%): no trend"); /* P99: too few requests */
	assert_says(said.page, "achieved    50/s → 45/s, -10% (95% -12% to -8%): a trend");
	assert_says(said.page,
		"leak        it grows, and does not slow down: +8.00 MiB/h (95% +7.00 MiB/h to unbounded), +8%/h");
	assert_says(said.document, "\"p99_ns\":\tnull");
	assert_says(said.document, "\"course\":\t\"leak\"");
	assert_says(said.document, "\"growth_per_h\":\t0.08");
	said_fini(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_does_not_fit_is_left_out_and_said_so),
		cmocka_unit_test(test_a_law_without_a_peak_tends_to_a_limit),
		cmocka_unit_test(test_accounts_that_contradict_each_other_are_said),
		cmocka_unit_test(test_drift_and_leaks_are_told_with_their_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
