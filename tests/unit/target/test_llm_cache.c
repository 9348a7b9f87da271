#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "target/llm_prompt.h"
#include "target/llm_saved.h"

static struct prompt
prompt_of(uint64_t owner, const char *text)
{
	struct prompt p = {0};

	prompt_begin(&p, owner);
	prompt_add_text(&p, text, strlen(text));
	return p;
}

static size_t
match(struct cache *c, const struct prompt *p)
{
	return cache_match(c, p->blocks, p->block_count);
}

static void
add(struct cache *c, const struct prompt *p)
{
	cache_add(c, p->owner, p->blocks, p->block_count);
}

#define SIXTEEN "a b c d e f g h i j k l m n o p "

static void
test_a_token_is_a_word(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t tokens;
	} texts[] = {{"", 0}, {"  \n\t", 0}, {"one", 1}, {" one\r\ntwo\vthree ", 3}, {"naïve 東京 \xe2\x80\xa8 x", 4}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct prompt p = prompt_of(0, texts[i].text);

		assert_int_equal(p.tokens, texts[i].tokens);
		prompt_fini(&p);
	}
}

static void
test_texts_add_up_and_each_begins_a_word(void **state)
{
	(void)state;
	struct prompt parts = prompt_of(1, "a b c d e f g h"), whole = prompt_of(1, SIXTEEN);

	prompt_add_text(&parts, "i j k l m n o p", 15);
	assert_int_equal(parts.tokens, 16);
	assert_int_equal(parts.chain, whole.chain);
	assert_int_equal(parts.block_count, 1);
	prompt_add_text(&parts, "x", 1);
	prompt_add_text(&parts, "y", 1);
	assert_int_equal(parts.tokens, 18);
	prompt_fini(&parts);
	prompt_fini(&whole);
}

static void
test_the_last_safe_canary_is_noted(void **state)
{
	(void)state;
	struct prompt p = prompt_of(0, "say canary-1 or canary-Ab_2 not canary-\"x\" here");

	assert_string_equal(p.canary, "canary-Ab_2");
	prompt_begin(&p, 0);
	assert_string_equal(p.canary, "");
	prompt_fini(&p);
}

static void
test_only_a_common_prefix_is_found(void **state)
{
	(void)state;
	struct prompt seen = prompt_of(1, SIXTEEN SIXTEEN "tail"),
		      longer = prompt_of(1, SIXTEEN SIXTEEN "other " SIXTEEN),
		      other = prompt_of(1, "Z b c d e f g h i j k l m n o p " SIXTEEN),
		      twin = prompt_of(2, SIXTEEN SIXTEEN);
	struct cache c;

	cache_init(&c, 100);
	assert_int_equal(match(&c, &seen), 0);
	add(&c, &seen);
	assert_int_equal(match(&c, &seen), 2);
	assert_int_equal(match(&c, &longer), 2);
	assert_int_equal(match(&c, &other), 0); /* the same second block behind another first */
	assert_int_equal(match(&c, &twin), 0);  /* somebody else's */
	assert_int_equal(cache_count(&c, 1), 2);
	cache_clear(&c);
	assert_int_equal(match(&c, &seen), 0);
	cache_fini(&c);
	prompt_fini(&seen);
	prompt_fini(&longer);
	prompt_fini(&other);
	prompt_fini(&twin);
}

static void
test_the_longest_unused_makes_room(void **state)
{
	(void)state;
	uint64_t hashes[6];
	struct cache c;

	for (uint64_t i = 0; i < 6; i++)
		hashes[i] = rng_at(1, 0, i);
	cache_init(&c, 4);
	cache_add(&c, 9, hashes, 4);
	assert_int_equal(cache_match(&c, hashes, 1), 1); /* now 1 is the oldest */
	cache_add(&c, 9, &hashes[4], 1);
	assert_int_equal(cache_match(&c, &hashes[1], 1), 0);
	assert_int_equal(cache_match(&c, &hashes[0], 1), 1);
	assert_int_equal(cache_match(&c, &hashes[2], 3), 3);
	assert_int_equal(c.used, 4);
	cache_fini(&c);
}

/* Against a plain table of times of last use. */
static void
test_it_keeps_what_a_simple_one_would(void **state)
{
	(void)state;
	enum { CAPACITY = 37, KEYS = 100, TURNS = 20000 };
	uint64_t used_at[KEYS] = {0};
	struct cache c;

	cache_init(&c, CAPACITY);
	for (uint64_t t = 1; t <= TURNS; t++) {
		uint64_t key = rng_at(5, 1, t) % KEYS, hash = rng_at(6, 0, key);
		size_t newer = 0;

		for (size_t k = 0; k < KEYS; k++)
			newer += used_at[k] > used_at[key];
		bool is_expected = used_at[key] > 0 && newer < CAPACITY;

		assert_int_equal(cache_match(&c, &hash, 1), is_expected);
		cache_add(&c, key, &hash, 1);
		used_at[key] = t;
	}
	assert_int_equal(c.used, CAPACITY);
	cache_fini(&c);
}

static void
test_what_was_saved_comes_back(void **state)
{
	(void)state;
	struct prompt one = prompt_of(1, SIXTEEN SIXTEEN), two = prompt_of(2, SIXTEEN);
	struct saved saved = {0}, again = {0};
	struct error err = {0};
	char path[] = "/tmp/brunt_cache_XXXXXX";
	struct cache c;

	cache_init(&c, 100);
	add(&c, &one);
	add(&c, &two);
	assert_int_equal(saved_take(&saved, &c, 0), 3);
	close(mkstemp(path));
	assert_true(saved_write(&saved, path, &err));
	assert_true(saved_read(&again, path, &err));
	assert_int_equal(again.count, 3);
	assert_int_equal(saved_count(&again, 1), 2);
	assert_memory_equal(again.entries, saved.entries, 3 * sizeof(*saved.entries));
	saved_forget(&again, 1);
	assert_int_equal(saved_count(&again, 0), 1);

	FILE *file = fopen(path, "a");

	fputc('x', file);
	fclose(file);
	assert_false(saved_read(&again, path, &err));
	assert_non_null(strstr(err.message, "is not a cache"));
	unlink(path);
	assert_true(saved_read(&again, path, &(struct error){0})); /* none there: a first start */
	saved_fini(&saved);
	saved_fini(&again);
	cache_fini(&c);
	prompt_fini(&one);
	prompt_fini(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_is_a_word),
		cmocka_unit_test(test_texts_add_up_and_each_begins_a_word),
		cmocka_unit_test(test_the_last_safe_canary_is_noted),
		cmocka_unit_test(test_only_a_common_prefix_is_found),
		cmocka_unit_test(test_the_longest_unused_makes_room),
		cmocka_unit_test(test_it_keeps_what_a_simple_one_would),
		cmocka_unit_test(test_what_was_saved_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
