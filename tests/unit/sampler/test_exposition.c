#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "sampler/exposition.h"

/* What was read, as one line per sample: NAME{a="b"} VALUE [@TIME]. */
struct heard {
	char text[4096];
	size_t length;
};

static void
hear(void *context, const struct exposition_sample *sample)
{
	struct heard *heard = context;
	char *into = heard->text;
	size_t size = sizeof(heard->text), n = heard->length;

	n += (size_t)snprintf(into + n, size - n, "%.*s", (int)sample->name.length, sample->name.bytes);
	for (size_t i = 0; i < sample->labels_n; i++)
		n += (size_t)snprintf(into + n, size - n, "{%.*s=%.*s}", (int)sample->labels[i].name.length,
			sample->labels[i].name.bytes, (int)sample->labels[i].value.length,
			sample->labels[i].value.bytes);
	n += (size_t)snprintf(into + n, size - n, " %.17g", sample->value);
	if (!isnan(sample->time_s))
		n += (size_t)snprintf(into + n, size - n, " @%.3f", sample->time_s);
	n += (size_t)snprintf(into + n, size - n, "\n");
	heard->length = n;
}

/* Reads it in pieces of `step` bytes; the error is "" where all is well. */
static void
read_in(const char *text, size_t length, enum exposition_format format, size_t step, struct heard *heard,
	struct error *err)
{
	struct exposition exposition;
	bool is_good = true;

	*heard = (struct heard){.length = 0};
	*err = (struct error){0};
	exposition_init(&exposition, hear, heard);
	exposition_begin(&exposition, format);
	for (size_t at = 0; is_good && at < length; at += step)
		is_good = exposition_read(&exposition, text + at, length - at < step ? length - at : step, err);
	if (is_good)
		is_good = exposition_end(&exposition, err);
	assert_int_equal(is_good, !error_is_set(err));
	exposition_fini(&exposition);
}

/* However it is cut. */
static void
assert_read(const char *text, enum exposition_format format, const char *samples)
{
	for (size_t step = 1; step <= strlen(text) + 1; step++) {
		struct heard heard;
		struct error err;

		read_in(text, strlen(text), format, step, &heard, &err);
		assert_string_equal(err.message, "");
		assert_string_equal(heard.text, samples);
	}
}

static void
assert_refused(const char *text, enum exposition_format format, const char *sentence)
{
	for (size_t step = 1; step <= strlen(text) + 1; step++) {
		struct heard heard;
		struct error err;

		read_in(text, strlen(text), format, step, &heard, &err);
		assert_string_equal(err.message, sentence);
	}
}

static void
test_the_text_format_is_read_however_it_is_cut(void **state)
{
	(void)state;
	assert_read("# HELP http_requests_total The total number of HTTP requests.\n"
		    "# TYPE http_requests_total counter\n"
		    "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
		    "http_requests_total{method=\"post\",code=\"400\"}    3 -1500\n"
		    "\n"
		    "#no comment of ours\n"
		    "  metric_without_timestamp_and_labels 12.47  \n"
		    "something_weird { problem = \"division by zero\" , } +Inf\t-3982045\n"
		    "a:b{}1e3\n"
		    "last -.5E-2",
		EXPOSITION_TEXT,
		"http_requests_total{method=post}{code=200} 1027 @1395066363.000\n"
		"http_requests_total{method=post}{code=400} 3 @-1.500\n"
		"metric_without_timestamp_and_labels 12.470000000000001\n"
		"something_weird{problem=division by zero} inf @-3982.045\n"
		"a:b 1000\n"
		"last -0.0050000000000000001\n");
}

static void
test_escapes_in_labels_are_taken_out(void **state)
{
	(void)state;
	assert_read("msdos{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"not \\\"found\\\":\\n\\tend\\\\\"} 1\n",
		EXPOSITION_TEXT, "msdos{path=C:\\DIR\\FILE.TXT}{error=not \"found\":\n\\tend\\} 1\n");
	assert_read("braces{a=\"}\",b=\"{,=#\"} 2\n", EXPOSITION_TEXT, "braces{a=}}{b={,=#} 2\n");
}

static void
test_every_number_of_go_is_one(void **state)
{
	(void)state;
	assert_read("a NaN\nb nan\nc +Inf\nd -inf\ne Infinity\nf 0.000001\ng 1.7976931348623157e308\n", EXPOSITION_TEXT,
		"a nan\nb nan\nc inf\nd -inf\ne inf\nf 9.9999999999999995e-07\ng 1.7976931348623157e+308\n");
	assert_refused("a 0x10\n", EXPOSITION_TEXT, "line 1: '0x10' is no value");
	assert_refused("a 1_000\n", EXPOSITION_TEXT, "line 1: '1_000' is no value");
	assert_refused("a 1,5\n", EXPOSITION_TEXT, "line 1: '1,5' is no value");
	assert_refused("a nan(1)\n", EXPOSITION_TEXT, "line 1: 'nan(1)' is no value");
}

static void
test_openmetrics_has_exemplars_and_an_end(void **state)
{
	(void)state;
	assert_read("# TYPE foo histogram\n"
		    "foo_bucket{le=\"1.0\"} 8 # {} 0.67\n"
		    "foo_bucket{le=\"+Inf\"} 17 1520879607.789 # {trace_id=\"# EOF \\\" }\"} 9.8 1520879607.7\n"
		    "foo_created 1520430000.123\n"
		    "# EOF\n",
		EXPOSITION_OPENMETRICS,
		"foo_bucket{le=1.0} 8\nfoo_bucket{le=+Inf} 17 @1520879607.789\nfoo_created 1520430000.1229999\n");
	assert_read("a 1\n# EOF", EXPOSITION_OPENMETRICS, "a 1\n");
	assert_refused("a 1\n", EXPOSITION_OPENMETRICS, "it is cut: '# EOF' is missing");
	assert_refused("# EOF\na 1\n", EXPOSITION_OPENMETRICS, "line 2: something follows '# EOF'");
	assert_refused("a 1\n\n# EOF\n", EXPOSITION_OPENMETRICS, "line 2: it is empty");
	assert_refused("a 1 # {} 1\n", EXPOSITION_TEXT, "line 1: '#' is no time");
}

static void
test_what_is_broken_is_refused_with_its_line(void **state)
{
	(void)state;
	assert_refused("a 1\nb\n", EXPOSITION_TEXT, "line 2: 'b' has no value");
	assert_refused("a-b 1\n", EXPOSITION_TEXT, "line 1: 'a' is followed by what no name may hold");
	assert_refused("<!DOCTYPE html>\n", EXPOSITION_TEXT, "line 1: it does not begin with the name of a metric");
	assert_refused("1a 1\n", EXPOSITION_TEXT, "line 1: it does not begin with the name of a metric");
	assert_refused("a{b=\"c} 1\n", EXPOSITION_TEXT, "line 1: the value of a label is not closed by '\"'");
	assert_refused("a{b=\"c\\\n\"} 1\n", EXPOSITION_TEXT, "line 1: the value of a label is not closed by '\"'");
	assert_refused(
		"a{b=\"c\" 1\n", EXPOSITION_TEXT, "line 1: after a label comes a comma, or the '}' that closes them");
	assert_refused("a{b=c} 1\n", EXPOSITION_TEXT, "line 1: after the label 'b' comes its value in quotes");
	assert_refused("a{b:c=\"d\"} 1\n", EXPOSITION_TEXT, "line 1: after the label 'b' comes its value in quotes");
	assert_refused("a{,} 1\n", EXPOSITION_TEXT, "line 1: a label has no name, or its braces are not closed");
	assert_refused("a{\n", EXPOSITION_TEXT, "line 1: a label has no name, or its braces are not closed");
	assert_refused("a{}\n", EXPOSITION_TEXT, "line 1: 'a' has no value");
	assert_refused("a 1 2 3\n", EXPOSITION_TEXT, "line 1: something follows the time");
	assert_refused("a 1 2.5\n", EXPOSITION_TEXT, "line 1: '2.5' is no time");
	assert_refused("a 1\r\n", EXPOSITION_TEXT, "line 1: '1?' is no value");
	assert_refused("a \x1b[2J\n", EXPOSITION_TEXT, "line 1: '?[2J' is no value");
}

static void
test_zero_bytes_are_no_end(void **state)
{
	static const char text[] = "a{b=\"c\0d\"} 1\nb 2\0 3\n";
	struct heard heard;
	struct error err;

	(void)state;
	read_in(text, sizeof(text) - 1, EXPOSITION_TEXT, 3, &heard, &err);
	assert_string_equal(err.message, "line 2: '2' is no value");
}

/* Lines are bounded, comments among them; how much is exposed is not this room's to say. */
static void
test_a_line_has_a_ceiling(void **state)
{
	static char text[2 * EXPOSITION_LINE_CEILING + 64];
	struct heard heard;
	struct error err;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "a 1\n# ", 6);
	for (size_t step = 1000; step <= sizeof(text); step *= 200) {
		read_in(text, 4 + EXPOSITION_LINE_CEILING, EXPOSITION_TEXT, step, &heard, &err);
		assert_string_equal(err.message, "");
		read_in(text, 4 + EXPOSITION_LINE_CEILING + 1, EXPOSITION_TEXT, step, &heard, &err);
		assert_string_equal(err.message, "line 2: it is longer than 65536 bytes");
		text[4 + EXPOSITION_LINE_CEILING + 1] = '\n';
		read_in(text, 4 + EXPOSITION_LINE_CEILING + 2, EXPOSITION_TEXT, step, &heard, &err);
		assert_string_equal(err.message, "line 2: it is longer than 65536 bytes");
		text[4 + EXPOSITION_LINE_CEILING + 1] = 'x';
	}
}

static void
test_labels_have_a_ceiling(void **state)
{
	char text[2048] = "a{";
	size_t length = strlen(text);
	struct heard heard;
	struct error err;

	(void)state;
	for (size_t i = 0; i <= EXPOSITION_LABELS_CEILING; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "l%zu=\"\",", i);
	snprintf(text + length, sizeof(text) - length, "} 1\n");
	read_in(text, strlen(text), EXPOSITION_TEXT, sizeof(text), &heard, &err);
	assert_string_equal(err.message, "line 1: more than 64 labels");
}

static void
test_the_content_type_says_which_format_it_is(void **state)
{
	static const char openmetrics[] = "application/OpenMetrics-text; version=1.0.0; charset=utf-8";
	static const char text[] = "text/plain; version=0.0.4";

	(void)state;
	assert_int_equal(exposition_format_of(openmetrics, strlen(openmetrics)), EXPOSITION_OPENMETRICS);
	assert_int_equal(exposition_format_of(text, strlen(text)), EXPOSITION_TEXT);
	assert_int_equal(exposition_format_of("", 0), EXPOSITION_TEXT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_text_format_is_read_however_it_is_cut),
		cmocka_unit_test(test_escapes_in_labels_are_taken_out),
		cmocka_unit_test(test_every_number_of_go_is_one),
		cmocka_unit_test(test_openmetrics_has_exemplars_and_an_end),
		cmocka_unit_test(test_what_is_broken_is_refused_with_its_line),
		cmocka_unit_test(test_zero_bytes_are_no_end),
		cmocka_unit_test(test_a_line_has_a_ceiling),
		cmocka_unit_test(test_labels_have_a_ceiling),
		cmocka_unit_test(test_the_content_type_says_which_format_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
