#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "report/escape.h"
#include "report/text.h"

static void
test_harmful_characters_are_spelled_out(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"plain µ · — 漢 😀", "plain µ · — 漢 😀"},
		{"\033[31mred\033[0m", "\\x1b[31mred\\x1b[0m"},
		{"a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},
		{"\x7f", "\\x7f"},
		{"\xc2\x9b"
		 "31m",
			"\\u{9b}31m"}, /* C1: CSI in one character */
		{"\xe2\x80\xae"
		 "evil",
			"\\u{202e}evil"},                             /* right-to-left override */
		{"\xe2\x81\xa6x\xe2\x81\xa9", "\\u{2066}x\\u{2069}"}, /* isolates */
		{"\xe2\x80\x8b\xef\xbb\xbf", "\\u{200b}\\u{feff}"},   /* invisible */
		{"\xf3\xa0\x81\x81", "\\u{e0041}"},                   /* tag characters */
		{"\xff\xfe", "\\xff\\xfe"},
		{"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* past the last code point */
		{"cut \xe2\x82", "cut \\xe2\\x82"},
		{"", ""},
	};
	char clean[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf buf;

		buf_init(&buf, 1024);
		assert_true(escape_add(&buf, rows[i].text, strlen(rows[i].text)));
		assert_string_equal(buf.length ? buf.bytes : "", rows[i].expected);
		assert_string_equal(escape_text(rows[i].text, clean, sizeof(clean)), rows[i].expected);
		buf_fini(&buf);
	}
}

static void
test_bytes_after_a_nul_are_escaped_too(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 64);
	assert_true(escape_add(&buf, "a\0\033b", 4));
	assert_string_equal(buf.bytes, "a\\x00\\x1bb");
	buf_fini(&buf);
}

static void
test_whatever_bytes_come_only_harmless_utf8_goes_out(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			const char in[] = {(char)a, (char)b, '\x9f', 'x'};
			struct buf buf;

			buf_init(&buf, 256);
			assert_true(escape_add(&buf, in, sizeof(in)));
			for (size_t at = 0; at < buf.length;) {
				uint32_t point = 0;
				size_t n = text_decode(buf.bytes + at, buf.length - at, &point);

				assert_true(n > 0 && point >= 0x20 && !(point >= 0x7f && point < 0xa0));
				at += n;
			}
			buf_fini(&buf);
		}
}

static void
test_a_short_buffer_cuts_at_a_characters_edge(void **state)
{
	char small[8];

	(void)state;
	assert_string_equal(escape_text("abcdéé", small, sizeof(small)), "abcdé");
	assert_string_equal(escape_text("abcde\033z", small, sizeof(small)), "abcde");
}

static void
test_a_full_buf_is_said(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 3);
	assert_false(escape_add(&buf, "\033", 1));
	buf_fini(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_harmful_characters_are_spelled_out),
		cmocka_unit_test(test_bytes_after_a_nul_are_escaped_too),
		cmocka_unit_test(test_whatever_bytes_come_only_harmless_utf8_goes_out),
		cmocka_unit_test(test_a_short_buffer_cuts_at_a_characters_edge),
		cmocka_unit_test(test_a_full_buf_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
