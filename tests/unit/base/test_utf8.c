#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/check.h"
#include "base/utf8.h"

/* By the definition (RFC 3629 §3): the character that the bytes stand for, encoded again. */
static size_t
encode(uint32_t c, char *into)
{
	if (c < 0x80)
		return (void)(into[0] = (char)c), 1;
	if (c < 0x800) {
		into[0] = (char)(0xc0 | c >> 6);
		into[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		into[0] = (char)(0xe0 | c >> 12);
		into[1] = (char)(0x80 | (c >> 6 & 0x3f));
		into[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	into[0] = (char)(0xf0 | c >> 18);
	into[1] = (char)(0x80 | (c >> 12 & 0x3f));
	into[2] = (char)(0x80 | (c >> 6 & 0x3f));
	into[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void
test_every_character_is_text_and_no_surrogate_is(void **context)
{
	(void)context;
	for (uint32_t c = 0; c < 0x120000; c++) {
		char bytes[4];
		size_t n = encode(c, bytes);
		bool is_character = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		if (utf8_is_text(bytes, n) != is_character)
			fail_msg("U+%04x", c);
		if (n > 1)
			assert_false(utf8_is_text(bytes, n - 1));
	}
}

/* Every text of two bytes, and every one of three that begins as characters of several bytes do, cut in the middle. */
static void
test_verdict_does_not_depend_on_the_cuts(void **context)
{
	(void)context;
	for (uint32_t t = 0; t < 0x1000000; t += t < 0x10000 ? 1 : 0x101) {
		const char bytes[] = {(char)t, (char)(t >> 8), (char)(t >> 16)};
		bool is_text = utf8_is_text(bytes, sizeof(bytes));

		for (size_t cut = 1; cut < sizeof(bytes); cut++) {
			struct utf8 u = {0};
			bool is_good = utf8_add(&u, bytes, cut) && utf8_add(&u, bytes + cut, sizeof(bytes) - cut);

			assert_int_equal(is_good && utf8_is_whole(&u), is_text);
		}
	}
}

static void
test_overlong_forms_are_no_text(void **context)
{
	static const char *const texts[] = {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\x80", "\xed\xa0\x80"};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(utf8_is_text(texts[i], strlen(texts[i])));
	assert_false(utf8_is_text("0123456789\xff", 11));
	assert_true(utf8_is_text("0123456789abcdef0\xc3\xa4", 19));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_character_is_text_and_no_surrogate_is),
		cmocka_unit_test(test_verdict_does_not_depend_on_the_cuts),
		cmocka_unit_test(test_overlong_forms_are_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
