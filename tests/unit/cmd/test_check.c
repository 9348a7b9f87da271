#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "cmd/command.h"

/* What `brunt check` prints about a profile, and what it refuses. */

extern const struct command check_command;

static char directory[] = "/tmp/brunt-check-XXXXXX", profile[64], printed[64];

static int
set_up(void **state)
{
	(void)state;
	setenv("NO_UTF8", "1", 1);
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(profile, sizeof(profile), "%s/x.yaml", directory);
	snprintf(printed, sizeof(printed), "%s/out", directory);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(profile);
	unlink(printed);
	return rmdir(directory);
}

/* Runs the command with this descriptor in a file, and gives what it wrote there. */
static const char *
check(const char *text, int fd, int *exit_code)
{
	static char said[32768];
	char *argv[] = {(char[]){"check"}, profile, NULL};
	FILE *file = fopen(profile, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	fflush(NULL);
	int kept = dup(fd);

	file = fopen(printed, "w+");
	assert_non_null(file);
	assert_true(kept >= 0 && dup2(fileno(file), fd) == fd);
	*exit_code = check_command.run(2, argv);
	fflush(NULL);
	assert_int_equal(dup2(kept, fd), fd);
	close(kept);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
	return said;
}

static void
assert_says(const char *text, const char *const *lines)
{
	int exit_code;
	const char *said = check(text, STDOUT_FILENO, &exit_code);

	assert_int_equal(exit_code, EXIT_PASSED);
	for (; *lines != NULL; lines++)
		if (strstr(said, *lines) == NULL)
			fail_msg("'%s' is not in:\n%s", *lines, said);
}

static void
assert_refuses(const char *text, const char *word)
{
	int exit_code;
	const char *said = check(text, STDERR_FILENO, &exit_code);

	assert_int_equal(exit_code, EXIT_USAGE);
	if (strstr(said, word) == NULL || strstr(said, profile) == NULL)
		fail_msg("'%s' or the profile is not in: %s", word, said);
}

#define TARGET "target: {url: \"http://127.0.0.1:1\", timeout: 2s, connections: 100}\n"

static void
test_levels_of_steps_are_a_table(void **state)
{
	(void)state;
	assert_says(TARGET "load: {steps: {from: 50/s, by: 20/s, every: 10s, to: 100/s}, warmup: 5s}\n",
		(const char *const[]){
			"default: steps, open loop, uniform spacing, 45.0s\n",
			"  level         start     length           rate       requests\n"
			"  warm-up          0s      5.00s           50/s            250\n"
			"  0             5.00s      10.0s           50/s            500\n"
			"  1             15.0s      10.0s           70/s            700\n"
			"  2             25.0s      10.0s           90/s            900\n"
			"  3             35.0s      10.0s          100/s          1,000\n",
			"  requests         3,350\n"
			"  peak rate        100/s\n"
			"  peak in flight   100 where every request takes the timeout of 2.00s\n"
			"  connections      up to 100\n",
			NULL,
		});
}

static void
test_a_search_says_how_it_climbs_and_how_long_it_may_take(void **state)
{
	(void)state;
	assert_says(TARGET "load: {search: {from: 50/s, max: 300/s, every: 5s, width: 10%, limit: 20m}}\n",
		(const char *const[]){
			"default: search, open loop, uniform spacing, at most 20m00s\n",
			"  climbs           50/s, 100/s, 200/s, 300/s until one breaks\n",
			"until it is at most 10% wide\n",
			"  peak rate        up to 300/s\n",
			NULL,
		});
}

static void
test_counted_poisson_arrivals_are_told_exactly(void **state)
{
	(void)state;
	assert_says(TARGET "load: {steady: {rate: 50/s, count: 300}, spacing: poisson, warmup: {requests: 100}}\n",
		(const char *const[]){
			"open loop, poisson spacing",
			"           50/s            100\n  0 ",
			"           50/s            300\n",
			NULL,
		});
}

static void
test_gamma_arrivals_are_told(void **state)
{
	(void)state;
	assert_says(TARGET "load: {steady: {rate: 50/s, for: 2s}, spacing: gamma:0.5}\n",
		(const char *const[]){"open loop, gamma spacing", "  requests         about 100\n", NULL});
}

/* The same requests as the run will send, and so the same each time. */
static void
test_data_and_the_first_requests_are_shown(void **state)
{
	char rows[80], text[512];

	(void)state;
	snprintf(rows, sizeof(rows), "%s/rows.csv", directory);
	FILE *file = fopen(rows, "w");

	assert_non_null(file);
	fputs("id,name\n7,a\n8,\"b\n\"\n", file);
	fclose(file);
	snprintf(text, sizeof(text),
		TARGET "load: {steady: {rate: 50/s, for: 2s}}\n"
		       "data: {rows: rows.csv, prompts: {synthetic: {tokens: uniform:10..20, output_tokens: 5}}}\n"
		       "requests: [{name: a, post: '/${rows.id}', body: '<${rows.name}>'}]\n");
	assert_says(text, (const char *const[]){
				  "data\n  rows             2 rows of rows.csv, in order\n"
				  "  prompts          synthetic prompts, 10 to 20 tokens, 5 to answer with\n",
				  "first requests of default\n  request 0\n    POST /7 HTTP/1.1\n",
				  "    <a>\n  request 1\n    POST /8 HTTP/1.1\n",
				  "    <b\n    >\n  request 2\n    POST /7 HTTP/1.1\n",
				  NULL,
			  });
	unlink(rows);
}

/* Whoever may read what a check prints may not know the key. */
static void
test_requests_with_secrets_are_not_shown(void **state)
{
	int exit_code;

	(void)state;
	setenv("TEST_CHECK_KEY", "s3cret", 1);
	const char *said =
		check(TARGET "load: {steady: {rate: 50/s, for: 2s}}\n"
			     "requests: [{name: a, get: '/${seq}', headers: {X: '${env:TEST_CHECK_KEY}'}}]\n",
			STDOUT_FILENO, &exit_code);

	assert_int_equal(exit_code, 0);
	assert_null(strstr(said, "s3cret"));
	assert_non_null(strstr(said, "requests are not shown"));
}

static void
test_users_have_no_arrivals(void **state)
{
	(void)state;
	assert_says(TARGET "load: {concurrency: {users: 1, iterations: 1000}}\n",
		(const char *const[]){
			"default: concurrency, closed loop, 1000 requests however long they take\n",
			"  level         start     length          users       requests\n"
			"  0                0s       open         1 user              -\n",
			NULL,
		});
}

static void
test_scenarios_are_shown_one_by_one_and_summed(void **state)
{
	(void)state;
	assert_says(TARGET
		"scenarios:\n"
		"  readers: {load: {steady: {rate: 30/s, for: 10s}}, requests: [{name: a, get: /}]}\n"
		"  writers: {load: {burst: {count: 7, every: 1s, times: 2}}, requests: [{name: b, post: /}]}\n",
		(const char *const[]){
			"readers: steady, open loop, uniform spacing, 10.0s\n",
			"writers: burst, open loop, given moments, 2.00s\n",
			"  requests         314\n",
			NULL,
		});
}

static void
test_arms_are_shown_with_their_order_and_how_long_it_takes(void **state)
{
	(void)state;
	assert_says(TARGET "load: {steady: {rate: 30/s, for: 10s}}\n"
			   "repeats: 3\nbaseline: new\n"
			   "arms: {old: {set: {target.url: \"http://127.0.0.1:2\"}, before: ./start}, new: {}}\n",
		(const char *const[]){
			"2 arms, 3 runs each, in turn: 6 runs, 60.0s in all, besides starting and stopping\n",
			"  old              target.url: http://127.0.0.1:2\n                   before: ./start\n",
			"  new              the baseline\n",
			"Each run, as that of 'new':\n",
			"  requests         300\n",
			NULL,
		});
}

static void
test_cells_are_shown_and_what_long_values_stand_for(void **state)
{
	(void)state;
	assert_says(TARGET "load: {concurrency: {users: 1, iterations: 5}}\n"
			   "matrix: {load.concurrency.users: [1, 8], before: [./scale --workers=2 --everywhere]}\n",
		(const char *const[]){
			"2 cells, 1 run each: 2 runs\n",
			"  users=1 before=#1\n  users=8 before=#1\n  before #1: ./scale --workers=2 --everywhere\n",
			NULL,
		});
}

static void
test_what_is_done_around_the_load_is_shown(void **state)
{
	(void)state;
	assert_says(TARGET "load: {steady: {rate: 30/s, for: 10s}}\n"
			   "before: ./start\nready: /health\nafter: {run: ./stop, within: 5s}\n"
			   "at: [{at: 3s, run: ./break}]\nprobe: /health\n"
			   "scrape: {url: /metrics, metrics: {depth: app_depth, hits: {metric: hits, rate: true}}}\n",
		(const char *const[]){
			"Around the load\n"
			"  before           ./start (within 60.0s)\n"
			"  ready            /health within 90.0s\n"
			"  at 3.00s         ./break\n"
			"  probe            /health every 1.00s\n"
			"  scrape           /metrics every 1.00s: depth, hits\n"
			"  after            ./stop (within 5.00s)\n",
			NULL,
		});
}

static void
test_what_run_would_refuse_is_refused(void **state)
{
	(void)state;
	assert_refuses("target: {url: \"http://127.0.0.1:1\", timeout: 1h}\n"
		       "load: {steps: {from: 50/s, by: 1/s, every: 100ms, to: 80/s}}\n",
		"2:15: levels of 100ms are too short for a timeout of 1h00m");
	assert_refuses(TARGET "load: {steady: {rate: 5/s, for: 10s}, warmup: 5s}\nat: [{at: 10s, run: x}]\n",
		"3:6: at: 10.0s after the first level's start the load is over: it lasts 10.0s");
	assert_refuses(TARGET "load: {steady: {rate: 5/s, for: 1s}}\n"
			      "arms: {a: {}, b: {set: {load.steady.rate: 0/s}}}\n",
		"3:43: load.steady.rate: 0/s sends nothing");
	assert_refuses(TARGET "load: {steady: {rate: 5/s, for: 1s}, in_flight: 1M}\nsession: {cookies: true}\n"
			      "flow: [{name: a, get: /}]\n",
		"2:16: 1000000 sessions at once may keep ");
	assert_refuses(TARGET "load: {steady: {rate: 5/s, for: 1s}}\n"
			      "flow: [{name: a, get: \"/${t}\", extract: {t: {json: /t}}}]\n",
		"3:8: '${t}' is not extracted before it is used here; an earlier step must do that");
	assert_refuses(TARGET "load: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: \"/${session}\"}]\n",
		"3:12: '${session}' is a session's, and only a flow has sessions");
	assert_refuses(TARGET "load: {steady: {rate: 5/s, for: 1s}}\n"
			      "flow: [{name: a, get: /, extract: {t: {regex: id=.*}}}]\n",
		"3:8: regex: 'id=.*' has no group");
	assert_refuses(
		TARGET "load: {steady: {rate: 1/h, count: 1M}}\n", "2:16: steady: this load takes longer than a year");
	assert_refuses(TARGET "load: {steady: {rate: 0/s, for: 1s}}\n", "2:23: load.steady.rate: 0/s sends nothing");
	assert_refuses("target: {url: \"http://127.0.0.1:1\", http: 3}\nload: {steady: {rate: 1/s, for: 1s}}\n",
		"1:43: http: there is no '3' in this version; valid here: 1, 2, auto\n");
}

static void
test_a_flow_says_what_a_session_asks_for(void **state)
{
	(void)state;
	assert_says(TARGET "load: {steady: {rate: 10/s, for: 20s}, in_flight: 100}\nsession: {cookies: true}\n"
			   "flow: [{name: login, get: /}, {name: chat, get: /, repeat: 10}]\n",
		(const char *const[]){"rate       sessions\n",
			"  flow             11 requests per session: login, chat × 10\n",
			"  sessions         up to 100 at once, which keep up to ", "  requests         up to 2,200\n",
			NULL});
}

static void
test_a_flow_says_where_its_steps_lead(void **state)
{
	(void)state;
	assert_says(TARGET "load: {steady: {rate: 10/s, for: 20s}, in_flight: 100}\n"
			   "flow:\n"
			   "  - {name: login, get: /, extract: {job: {json: /job}}}\n"
			   "  - {name: poll, get: /, extract: {state: {json: /state}}, repeat: 30,\n"
			   "     until: '${state} == done', then: {5xx: again, 404: stop, failed: goto login}}\n"
			   "  - {name: never, get: /, if: 'not ${job}'}\n"
			   "  - {name: pay, post: /, then: {409: stop}}\n",
		(const char *const[]){"  flow             33 requests per session: login, poll × 30, never, pay\n",
			"    poll           until ${state} == done; 5xx again, 404 stop, failed goto login\n",
			"    never          if not ${job}\n", "    pay            409 stop\n",
			"  sessions         up to 100 at once", NULL});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels_of_steps_are_a_table),
		cmocka_unit_test(test_a_search_says_how_it_climbs_and_how_long_it_may_take),
		cmocka_unit_test(test_counted_poisson_arrivals_are_told_exactly),
		cmocka_unit_test(test_gamma_arrivals_are_told),
		cmocka_unit_test(test_data_and_the_first_requests_are_shown),
		cmocka_unit_test(test_requests_with_secrets_are_not_shown),
		cmocka_unit_test(test_users_have_no_arrivals),
		cmocka_unit_test(test_scenarios_are_shown_one_by_one_and_summed),
		cmocka_unit_test(test_arms_are_shown_with_their_order_and_how_long_it_takes),
		cmocka_unit_test(test_cells_are_shown_and_what_long_values_stand_for),
		cmocka_unit_test(test_what_is_done_around_the_load_is_shown),
		cmocka_unit_test(test_a_flow_says_what_a_session_asks_for),
		cmocka_unit_test(test_a_flow_says_where_its_steps_lead),
		cmocka_unit_test(test_what_run_would_refuse_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
