#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/text.h"

static void
test_width_counts_columns_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("12.3µs"), 6);
	assert_int_equal(text_width("漢字"), 4);
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("▏█"), 2);
	assert_int_equal(text_fit("漢字", 3), 3);
}

static void
test_a_long_text_is_cut_with_an_ellipsis(void **state)
{
	char into[64], tiny[12];

	(void)state;
	assert_string_equal(text_cut("short", 10, into, sizeof(into)), "short");
	assert_string_equal(text_cut("a longer text", 6, into, sizeof(into)), "a lon…");
	assert_string_equal(text_cut("ééééééééé", 20, tiny, sizeof(tiny)), "éééé…");
	assert_int_equal(text_width(text_cut("漢字漢字", 6, into, sizeof(into))), 5);
}

static const struct table_column columns[] = {
	{"name", true, 0}, {"figure", false, 0}, {"other", false, 2}, {"least", false, 9}};

static char *
drawn(unsigned width, bool has_colour)
{
	const struct terminal_style style = {.width = width, .has_colour = has_colour};
	struct table table;
	struct page page;
	struct buf buf;

	buf_init(&buf, 65536);
	page_init(&page, &buf, &style);
	page.width = width;
	table_init(&table, columns, ARRAY_LEN(columns));
	table_add_row(&table);
	table_add_cell(&table, PAINT_PLAIN, "µ");
	table_add_cell(&table, PAINT_GOOD, "12.3µs");
	table_add_cell(&table, PAINT_PLAIN, "1");
	table_add_cell(&table, PAINT_PLAIN, "2");
	table_add_row(&table);
	table_add_cell(&table, PAINT_PLAIN, "\033[2Jevil\n");
	table_add_cell(&table, PAINT_PLAIN, "1ns");
	table_add_note(&table, PAINT_DIM, "beneath the row, in words that are too many for one line");
	table_draw(&table, &page);
	table_fini(&table);
	return buf_steal(&buf);
}

static void
test_columns_line_up_and_names_are_harmless(void **state)
{
	char *text = drawn(60, false);

	(void)state;
	assert_string_equal(text, "  name             figure  other  least\n"
				  "  µ                12.3µs      1      2\n"
				  "  \\x1b[2Jevil\\x0a     1ns\n"
				  "      beneath the row, in words that are too many for one\n"
				  "        line\n");
	free(text);
}

static void
test_a_narrow_page_leaves_out_the_least_important_columns(void **state)
{
	char *narrow = drawn(34, false), *narrower = drawn(20, false);

	(void)state;
	assert_null(strstr(narrow, "least"));
	assert_non_null(strstr(narrow, "other"));
	assert_null(strstr(narrower, "other"));
	assert_non_null(strstr(narrower, "figure"));
	free(narrow);
	free(narrower);
}

static void
test_colour_does_not_move_columns(void **state)
{
	char *plain = drawn(60, false), *coloured = drawn(60, true), *into = coloured;

	(void)state;
	assert_non_null(strstr(coloured, "\033[32m12.3µs\033[0m"));
	for (const char *from = coloured; *from != '\0'; from++) {
		if (*from == '\033')
			from = strchr(from, 'm');
		else
			*into++ = *from;
	}
	*into = '\0';
	assert_string_equal(coloured, plain);
	free(plain);
	free(coloured);
}

static void
test_whatever_is_added_to_a_page_is_escaped(void **state)
{
	static const char evil[] = "\033[2J\xff";
	const struct terminal_style style = {.width = 80};
	struct page page;
	struct buf buf;

	(void)state;
	buf_init(&buf, 4096);
	page_init(&page, &buf, &style);
	page_add(&page, PAINT_PLAIN, evil);
	page_end(&page);
	page_printf(&page, PAINT_BAD, "%s", evil);
	page_heading(&page, evil);
	page_wrap(&page, 2, PAINT_PLAIN, evil);
	page_entry(&page, evil, PAINT_PLAIN, "%s", evil);
	assert_string_equal(buf.bytes, "\\x1b[2J\\xff\n\\x1b[2J\\xff\n\\x1b[2J\\xff\n\\x1b[2J\\xff\n  \\x1b[2J\\xff"
				       " \\x1b[2J\\xff\n");
	buf_fini(&buf);
}

static void
test_figures_read_well_and_unknown_ones_say_so(void **state)
{
	char a[FIGURE_MAX];

	(void)state;
	assert_string_equal(figure_count(0, a), "0");
	assert_string_equal(figure_count(999, a), "999");
	assert_string_equal(figure_count(1000, a), "1,000");
	assert_string_equal(figure_count(UINT64_MAX, a), "18,446,744,073,709,551,615");
	assert_string_equal(figure_rate(200, a), "200/s");
	assert_string_equal(figure_rate(49.93, a), "49.9/s");
	assert_string_equal(figure_rate(1234567.4, a), "1,234,567/s");
	assert_string_equal(figure_rate(NAN, a), "n/a");
	assert_string_equal(figure_level(1, true, a), "1 user");
	assert_string_equal(figure_level(64, true, a), "64 users");
	assert_string_equal(figure_ratio(0, a), "0%");
	assert_string_equal(figure_ratio(0.00001, a), "<0.01%");
	assert_string_equal(figure_ratio(0.0005, a), "0.05%");
	assert_string_equal(figure_ratio(0.1458, a), "14.6%");
	assert_string_equal(figure_ratio(1, a), "100%");
	assert_string_equal(figure_ratio(NAN, a), "n/a");
	assert_string_equal(figure_time(-1, a), "n/a");
	assert_string_equal(figure_time(INT64_MAX, a), "> timeout");
	assert_string_equal(figure_bytes(NAN, a), "n/a");
	assert_string_equal(figure_bytes(INFINITY, a), "n/a");
	assert_string_equal(figure_seconds(41230000000, a), "41.2s");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width_counts_columns_not_bytes),
		cmocka_unit_test(test_a_long_text_is_cut_with_an_ellipsis),
		cmocka_unit_test(test_columns_line_up_and_names_are_harmless),
		cmocka_unit_test(test_a_narrow_page_leaves_out_the_least_important_columns),
		cmocka_unit_test(test_colour_does_not_move_columns),
		cmocka_unit_test(test_whatever_is_added_to_a_page_is_escaped),
		cmocka_unit_test(test_figures_read_well_and_unknown_ones_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
