#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/text.h"
#include "unit/report/hostile.h"

/* Whatever a server or a profile said comes out harmless in every document of every reporter: a new row of
 * reporters.def is looked at too. What each format makes of it is judged by readers of that format in
 * tests/outsiders/formats. */

static struct buf
document_of(const struct report_document *document)
{
	struct plan plan = hostile_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = hostile_verdict();

	fixture_add_alerts(&plan, &verdict);
	const struct report report = hostile_report(&plan, summary, &verdict);
	struct buf text;

	buf_init(&text, (size_t)16 << 20);
	assert_true(document->write(&report, &text));
	summary_free(summary);
	return text;
}

static void
each_document(void (*look)(const struct report_document *document, const struct buf *text))
{
	for (size_t i = 0; reporters[i] != NULL; i++)
		for (const struct report_document *d = reporters[i]->documents; d->file != NULL; d++) {
			struct buf text = document_of(d);

			look(d, &text);
			buf_fini(&text);
		}
}

static void
holds_no_control(const struct report_document *document, const struct buf *text)
{
	uint32_t point;
	size_t n;

	assert_int_equal(strlen(text->bytes), text->length);
	for (size_t i = 0; i < text->length; i += n) {
		n = text_decode(text->bytes + i, text->length - i, &point);
		if (n == 0)
			fail_msg("%s is not UTF-8 at %zu", document->file, i);
		if ((point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0) ||
			point == 0x202e || point == 0xfffe)
			fail_msg("%s holds U+%04X at %zu", document->file, (unsigned)point, i);
	}
}

static void
test_no_control_character_comes_through(void **state)
{
	(void)state;
	each_document(holds_no_control);
}

static void
breaks_no_line(const struct report_document *document, const struct buf *text)
{
	static const char *const begins[] = {"# HELP evil", "| a | b", "evil,tag", "@user"};

	for (const char *line = text->bytes; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		for (size_t i = 0; i < ARRAY_LEN(begins); i++)
			if (strncmp(line, begins[i], strlen(begins[i])) == 0)
				fail_msg("%s has a line that somebody else began: %.40s", document->file, line);
	}
}

static void
test_no_line_break_begins_a_line(void **state)
{
	(void)state;
	each_document(breaks_no_line);
}

static bool
ends_with(const char *file, const char *ending)
{
	size_t n = strlen(file), m = strlen(ending);

	return n > m && strcmp(file + n - m, ending) == 0;
}

static void
holds_no_script(const struct report_document *document, const struct buf *text)
{
	static const char *const markup[] = {".html", ".md", ".xml", ".svg"};
	static const char *const scripts[] = {"<script>alert", "](javascript:", "@user", "http://evil", "[l]"};

	for (size_t i = 0; i < ARRAY_LEN(markup); i++)
		if (ends_with(document->file, markup[i]) && strstr(text->bytes, "<script>alert") != NULL)
			fail_msg("%s holds a script", document->file);
	for (size_t i = 0; ends_with(document->file, ".md") && i < ARRAY_LEN(scripts); i++)
		if (strstr(text->bytes, scripts[i]) != NULL)
			fail_msg("%s holds %s", document->file, scripts[i]);
}

static void
test_no_markup_comes_through(void **state)
{
	(void)state;
	each_document(holds_no_script);
}

static void
holds_no_formula(const struct report_document *document, const struct buf *text)
{
	static const char *const formulas[] = {",=", "\n=", ",\"=", "\n\"=", ",\"@", "\n\"@", ",\"-", ",@"};

	for (size_t i = 0; ends_with(document->file, ".csv") && i < ARRAY_LEN(formulas); i++)
		if (strstr(text->bytes, formulas[i]) != NULL)
			fail_msg("%s holds a formula: %.60s", document->file, strstr(text->bytes, formulas[i]));
}

static void
test_no_cell_begins_a_formula(void **state)
{
	(void)state;
	each_document(holds_no_formula);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_control_character_comes_through),
		cmocka_unit_test(test_no_line_break_begins_a_line),
		cmocka_unit_test(test_no_markup_comes_through),
		cmocka_unit_test(test_no_cell_begins_a_formula),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
