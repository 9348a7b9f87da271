#include "unit/plan/loading.h"

#include <stdlib.h>

#include "base/check.h"
#include "plan/scrape.h"

#define PROFILE                                                                                                        \
	"target: http://127.0.0.1:8080/api\n"                                                                          \
	"load: {steady: {rate: 50/s, for: 60s}}\n"

static const char usual[] = PROFILE "scrape:\n"
				    "  url: http://127.0.0.1:9100/metrics\n"
				    "  metrics:\n"
				    "    depth: {metric: app_queue_depth, labels: {queue: main}}\n"
				    "    batches: {metric: app_batch_seconds, quantile: 0.5}\n"
				    "    hits: {metric: app_cache_hits_total, rate: true, over: max}\n"
				    "    rss: 'process_resident_memory_bytes{ job = \"a\\\\\\\"b\" , zone=''x'', }'\n";

static void
test_an_endpoint_has_figures_with_names(void **state)
{
	(void)state;
	struct plan *plan = load(usual);
	const struct plan_scrape *scrape = &plan->scrape;
	const struct plan_pair *headers = scrape->endpoints[0].fetch.headers.items;

	assert_int_equal(scrape->endpoints_n, 1);
	assert_int_equal(scrape->endpoints[0].n, 4);
	assert_int_equal(scrape->endpoints[0].every_ns, 1000000000);
	assert_int_equal(scrape->endpoints[0].ceiling_bytes, 16 << 20);
	assert_string_equal(scrape->endpoints[0].fetch.place.path, "/metrics");
	assert_string_equal(headers[0].name, "Accept");
	assert_int_equal(scrape->n, 4);
	assert_string_equal(scrape->list[0].metric, "app_queue_depth");
	assert_int_equal(scrape->list[0].kind, SCRAPED_VALUE);
	assert_string_equal(scrape->list[0].matchers[0].name, "queue");
	assert_string_equal(scrape->list[0].matchers[0].value, "main");
	assert_int_equal(scrape->list[1].kind, SCRAPED_QUANTILE);
	assert_float_equal(scrape->list[1].quantile, 0.5, 0);
	assert_int_equal(scrape->list[2].kind, SCRAPED_RATE);
	assert_int_equal(scrape->list[2].over, OVER_MAX);
	assert_int_equal(scrape->list[3].matchers_n, 2);
	assert_string_equal(scrape->list[3].matchers[0].value, "a\\\"b");
	assert_string_equal(scrape->list[3].matchers[1].value, "x");
	plan_free(plan);
}

static void
test_several_endpoints_share_the_names(void **state)
{
	(void)state;
	struct plan *plan = load(PROFILE
		"scrape:\n"
		"  - {url: /metrics, every: 200ms, metrics: {a: x}}\n"
		"  - {url: \"http://h:9/m\", timeout: 500ms, headers: {X-A: b}, metrics: {b: 'x_bucket{c=\"d\"}'}}\n");
	const struct plan_scrape *scrape = &plan->scrape;

	assert_int_equal(scrape->endpoints_n, 2);
	assert_string_equal(scrape->endpoints[0].fetch.place.path, "/api/metrics");
	assert_int_equal(scrape->endpoints[0].fetch.timeout_ns, 200000000); /* never longer than every */
	assert_int_equal(scrape->endpoints[1].fetch.headers.n, 2);
	assert_ptr_equal(scrape->endpoints[1].list, &scrape->list[1]);
	assert_int_equal(scrape->list[1].index, 1);
	plan_free(plan);
}

/* By what Prometheus' naming convention says of a metric. */
static void
test_expressions_name_what_is_scraped_in_its_unit(void **state)
{
	(void)state;
	char text[2048];

	snprintf(text, sizeof(text), "%s%s", usual,
		"slo: [scraped.depth.max < 50, scraped.batches.avg < 200ms, scraped.hits.min >= 10/s, scraped.rss.last < 1GiB]\n"
		"abort_when: scraped.depth.last > 1000\n"
		"break_when: [scraped.depth.avg > 100, p99 > 1s]\n");
	struct plan *plan = load(text);

	assert_int_equal(plan->slos_n, 4);
	assert_ptr_equal(plan->slos[0].expr.metric->scraped, &plan->scrape.list[0]);
	assert_int_equal(plan->slos[0].expr.stat, EXPR_PEAK);
	assert_float_equal(plan->slos[0].expr.value, 50, 0);
	assert_float_equal(plan->slos[1].expr.value, 200e6, 0);
	assert_float_equal(plan->slos[3].expr.value, 1073741824.0, 0);
	assert_float_equal(scraped_in_unit(&plan->scrape.list[1], 0.25), 250e6, 0);
	assert_float_equal(scraped_in_unit(&plan->scrape.list[3], 0.25), 0.25, 0);
	assert_int_equal(plan->abort_when[0].stat, EXPR_LAST);
	assert_int_equal(plan->break_when.also_n, 2);
	assert_int_equal(plan->break_when.also[1].request, -1);
	assert_float_equal(plan->break_when.error_rate, 0.1, 0); /* the rules stay as they are */
	plan_free(plan);
}

static void
test_thresholds_stand_beside_the_rules(void **state)
{
	(void)state;
	struct plan *plan = load(PROFILE "break_when: {error_rate: 20%, also: p99 > 1s}\n");

	assert_float_equal(plan->break_when.error_rate, 0.2, 1e-12);
	assert_int_equal(plan->break_when.also_n, 1);
	assert_string_equal(plan->break_when.also[0].text, "p99 > 1s");
	plan_free(plan);
}

static void
test_where_nothing_is_scraped_there_is_nothing(void **state)
{
	(void)state;
	struct plan *plan = load(PROFILE);

	assert_int_equal(plan->scrape.n + plan->scrape.endpoints_n, 0);
	plan_free(plan);
}

#define SCRAPE PROFILE "scrape: {url: /metrics, metrics: {depth: x}}\n"

static const struct mistake {
	const char *name, *text, *sentence;
} mistakes[] = {
	/* clang-format off */
	{"no metrics", PROFILE "scrape: /metrics\n", "x.yaml:3:9: scrape: write a map such as {url: \"http://127.0.0.1:9100/metrics\", metrics: {depth: app_queue_depth}}, or a list of them"},
	{"metrics left out", PROFILE "scrape: {url: /metrics}\n", "x.yaml:3:9: scrape: 'metrics' is missing: what is wanted of it: NAME: METRIC, or NAME: {metric: ...}; expressions call it scraped.NAME.max, .avg, .min or .last"},
	{"metrics that are a list", PROFILE "scrape: {url: /m, metrics: [x]}\n", "x.yaml:3:28: metrics: write a map of names to metrics such as {depth: app_queue_depth}"},
	{"a name with a dot", PROFILE "scrape: {url: /m, metrics: {a.b: x}}\n", "x.yaml:3:34: scrape: 'a.b' is not a name; write 1 to 64 letters, digits, '_' or '-'"},
	{"the same name twice", PROFILE "scrape: [{url: /m, metrics: {a: x}}, {url: /n, metrics: {a: y}}]\n", "x.yaml:3:61: scrape: there is a figure 'a' already"},
	{"no metric", PROFILE "scrape: {url: /m, metrics: {a: \"queue-depth\"}}\n", "x.yaml:3:32: metric: 'queue-depth' is no metric; write its name, such as app_queue_depth, or app_queue_depth{queue=\"main\"}"},
	{"a function", PROFILE "scrape: {url: /m, metrics: {a: rate(x)}}\n", "x.yaml:3:32: metric: 'rate(x)': write the metric alone, and beside it 'rate: true', 'quantile: 0.5' or 'over: max'"},
	{"a regular expression", PROFILE "scrape: {url: /m, metrics: {a: 'x{b=~\"c\"}'}}\n", "x.yaml:3:32: metric: 'x{b=~\"c\"}': a label is compared by = alone; series that match are added up, or become one as 'over' says"},
	{"a value without quotes", PROFILE "scrape: {url: /m, metrics: {a: 'x{b=c}'}}\n", "x.yaml:3:32: metric: 'x{b=c}': the value of the label 'b' stands in quotes"},
	{"braces that are open", PROFILE "scrape: {url: /m, metrics: {a: 'x{b=\"c\"'}}\n", "x.yaml:3:32: metric: 'x{b=\"c\"': the braces are not closed"},
	{"a label twice", PROFILE "scrape: {url: /m, metrics: {a: {metric: 'x{b=\"c\"}', labels: {b: d}}}}\n", "x.yaml:3:61: labels: the label 'b' is there twice"},
	{"a rate of a quantile", PROFILE "scrape: {url: /m, metrics: {a: {metric: x, quantile: 0.5, rate: true}}}\n", "x.yaml:3:65: rate: a quantile is of what was observed between two scrapes already; leave rate out"},
	{"a quantile of 0", PROFILE "scrape: {url: /m, metrics: {a: {metric: x, quantile: 0}}}\n", "x.yaml:3:54: quantile: '0' is none; write more than 0 and at most 1, such as 0.95"},
	{"a quantile of some buckets", PROFILE "scrape: {url: /m, metrics: {a: {metric: 'x{le=\"1\"}', quantile: 0.5}}}\n", "x.yaml:3:32: scrape: a quantile is made of all buckets; leave the label 'le' out"},
	{"a timeout too long", PROFILE "scrape: {url: /m, every: 1s, timeout: 2s, metrics: {a: x}}\n", "x.yaml:3:39: timeout: '2s' is longer than the time between two scrapes"},
	{"an unknown key", PROFILE "scrape: {url: /m, metric: {a: x}}\n", "x.yaml:3:19: unknown key 'metric'; did you mean 'metrics'? Valid here: url, every, timeout, max_bytes, headers, metrics"},
	{"what nobody scrapes", PROFILE "slo: [scraped.depth.max < 50]\n", "x.yaml:3:7: 'scraped.depth.max': nothing is scraped; add 'scrape' with its url and metrics"},
	{"a slip in the name", SCRAPE "slo: [scraped.dpth.max < 50]\n", "x.yaml:4:7: 'scraped.dpth.max': nothing of that name is scraped; did you mean 'depth'? Valid here: depth"},
	{"which value", SCRAPE "slo: [scraped.depth < 50]\n", "x.yaml:4:7: 'scraped.depth' does not say which value of scraped.depth; write scraped.depth.avg, .max, .min or .last"},
	{"a percentile", SCRAPE "slo: [scraped.depth.p95 < 50]\n", "x.yaml:4:7: 'scraped.depth.p95' does not say which value of scraped.depth; write scraped.depth.avg, .max, .min or .last"},
	{"a break that only the whole run has", PROFILE "break_when: {also: max_sustainable_rate < 5/s}\n", "x.yaml:3:20: max_sustainable_rate is known only when the run is over; put it under 'slo'"},
	{"a brake that nobody watches", PROFILE "break_when: [cpu.avg > 70%]\n", "x.yaml:3:14: break_when: cpu is the target's, and nobody watches it; add target.watch, such as {port: 8080}, or target.command"},
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
		cmocka_unit_test(test_an_endpoint_has_figures_with_names),
		cmocka_unit_test(test_several_endpoints_share_the_names),
		cmocka_unit_test(test_expressions_name_what_is_scraped_in_its_unit),
		cmocka_unit_test(test_thresholds_stand_beside_the_rules),
		cmocka_unit_test(test_where_nothing_is_scraped_there_is_nothing),
		cmocka_unit_test(test_every_mistake_gets_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
