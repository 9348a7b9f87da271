#include "unit/request/feeding.h"

#include <math.h>

#include "request/prompt.h"

#define SEED 42

static struct feeding
of(struct plan_synthetic synthetic)
{
	struct feeding f = {.feed = {.synthetic = synthetic}};

	if (f.feed.synthetic.tokens_per_word == 0)
		f.feed.synthetic.tokens_per_word = 1;
	return f;
}

static struct plan_lengths
fixed(uint64_t tokens)
{
	return (struct plan_lengths){.kind = LENGTHS_FIXED, .least = tokens, .most = tokens};
}

static struct plan_lengths
uniform(uint64_t least, uint64_t most)
{
	return (struct plan_lengths){.kind = LENGTHS_UNIFORM, .least = least, .most = most};
}

static size_t
words_in(const char *text)
{
	size_t n = text[0] != '\0';

	for (; *text != '\0'; text++)
		n += *text == ' ';
	return n;
}

static void
open_it(struct feeding *f, const char *head, const char *body)
{
	if (!feeding_open(f, head, body))
		fail_msg("%s: %s", f->err.where, f->err.message);
}

static void
test_a_prompt_has_as_many_words_as_tokens(void **context)
{
	struct feeding f = of((struct plan_synthetic){.tokens = fixed(500)});

	(void)context;
	open_it(&f, "${f.text}", NULL);
	for (uint64_t k = 0; k < 50; k++) {
		const struct render render = {.seed = SEED, .k = k};
		char *text = feeding_render(&f, &render), *again = feeding_render(&f, &render);
		char *other = feeding_render(&f, &(struct render){.seed = SEED, .k = k + 1});
		char *turn = feeding_render(&f, &(struct render){.seed = SEED, .k = k, .turn = 1});

		assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyz%20"), strlen(text));
		assert_string_equal(text, again);
		assert_string_not_equal(text, other);
		assert_string_not_equal(text, turn);
		assert_null(strchr(text, ' ')); /* the first line of a head */
		free(text);
		free(again);
		free(other);
		free(turn);
	}
	feeding_close(&f);

	f = of((struct plan_synthetic){.tokens = fixed(500)});
	open_it(&f, "\n", "${f.text}");
	char *text = feeding_render(&f, &(struct render){.seed = SEED});

	assert_int_equal(words_in(text + 1), 500);
	free(text);
	feeding_close(&f);
}

/* 1,024 words, each as often as any other. 99.9% of draws lie below 1,168 (chi-square, 1,023 degrees of freedom). */
static void
test_words_are_drawn_evenly(void **context)
{
	static const char *const dictionary[] = {
#define WORD(text) text,
#include "request/prompt_words.def"
#undef WORD
	};
	struct feeding f = of((struct plan_synthetic){.tokens = fixed(100000)});
	double counts[1024] = {0}, chi2 = 0;

	(void)context;
	for (size_t i = 1; i < 1024; i++)
		assert_true(strcmp(dictionary[i - 1], dictionary[i]) < 0);
	open_it(&f, "\n", "${f.text}");
	char *text = feeding_render(&f, &(struct render){.seed = SEED}), *rest = text + 1;

	for (char *word; (word = strsep(&rest, " ")) != NULL;)
		for (size_t low = 0, high = 1024; low < high;) {
			size_t middle = (low + high) / 2;
			int order = strcmp(word, dictionary[middle]);

			if (order == 0)
				counts[middle]++;
			low = order > 0 ? middle + 1 : low;
			high = order > 0 ? high : middle;
		}
	for (size_t i = 0; i < 1024; i++)
		chi2 += pow(counts[i] - 100000.0 / 1024, 2) / (100000.0 / 1024);
	assert_true(chi2 < 1168 && chi2 > 850);
	free(text);
	feeding_close(&f);
}

static void
test_prefixes_are_shared_by_all_or_by_a_session(void **context)
{
	(void)context;
	for (int by = SHARED_BY_ALL; by <= SHARED_BY_SESSION; by++) {
		struct feeding f =
			of((struct plan_synthetic){.tokens = uniform(50, 90), .shared_prefix = 40, .shared_by = by});

		open_it(&f, "\n", "${f.prefix} ${f.rest}|${f.text}|${f.tokens}");
		char *first = feeding_render(&f, &(struct render){.seed = SEED, .k = 1});
		char *turn = feeding_render(&f, &(struct render){.seed = SEED, .k = 1, .turn = 1});
		char *other = feeding_render(&f, &(struct render){.seed = SEED, .k = 2});
		char *whole = strchr(first, '|') + 1, *tokens = strrchr(first, '|') + 1;
		size_t length = 0;

		tokens[-1] = whole[-1] = '\0';
		assert_string_equal(first + 1, whole);
		assert_int_equal(words_in(whole), strtoul(tokens, NULL, 10));
		for (size_t words = 0; words < 40; length++)
			words += whole[length] == ' ';
		assert_memory_equal(first, turn, length);
		assert_int_equal(memcmp(first, other, length) == 0, by == SHARED_BY_ALL);
		assert_string_not_equal(first + 1 + length, turn + 1 + length);
		free(first);
		free(turn);
		free(other);
		feeding_close(&f);
	}
}

/* A prompt that is shorter than what is shared is its beginning. */
static void
test_a_prefix_never_makes_a_prompt_longer(void **context)
{
	struct feeding f = of((struct plan_synthetic){.tokens = fixed(10), .shared_prefix = 40});

	(void)context;
	open_it(&f, "\n", "${f.text}|${f.rest}");
	char *text = feeding_render(&f, &(struct render){.seed = SEED}), *bar = strchr(text, '|');

	*bar = '\0';
	assert_int_equal(words_in(text + 1), 10);
	assert_string_equal(bar + 1, "");
	free(text);
	feeding_close(&f);
}

static void
test_tokens_per_word_scales_the_words(void **context)
{
	struct feeding f = of((struct plan_synthetic){
		.tokens = fixed(300), .shared_prefix = 30, .tokens_per_word = 1.5, .output_tokens = uniform(7, 9)});
	struct render render = {.seed = SEED};

	(void)context;
	open_it(&f, "\n", "{\"max_tokens\": \"${f.max_tokens|json}\", \"p\": \"${f.text|json}\"}");
	struct prompt *prompt = feed_prompt(feeds_at(f.feeds, 0));
	unsigned long asked = 0;

	assert_int_equal(prompt_words(prompt, PROMPT_TEXT, &render), 200);
	assert_int_equal(prompt_words(prompt, PROMPT_PREFIX, &render), 20);
	assert_int_equal(prompt_tokens_of(f.template, &render), 300);
	for (render.k = 0; render.k < 100; render.k++) {
		char *text = feeding_render(&f, &render);

		assert_int_equal(strncmp(text, "\n{\"max_tokens\": ", 16), 0);
		unsigned long tokens = strtoul(text + 16, NULL, 10);

		assert_true(tokens >= 7 && tokens <= 9);
		asked |= 1UL << tokens;
		assert_non_null(strstr(text, ", \"p\": \""));
		free(text);
	}
	assert_int_equal(asked, 7 << 7);
	feeding_close(&f);
}

/* A server that counts 1.37 tokens per word and 23 for its chat template, with a little noise. */
static void
learn(struct feeding *f, struct prompt *prompt)
{
	for (uint64_t k = 0; k < 100; k++) {
		const struct render render = {.seed = SEED, .k = k, .is_warmup = true};
		uint64_t words = prompt_words(prompt, PROMPT_TEXT, &render);

		prompt_learn_from(
			f->template, &render, (uint64_t)llround(1.37 * (double)words + 23 + (double)(k % 3) - 1));
	}
}

static void
test_calibration_finds_the_servers_line(void **context)
{
	(void)context;
	struct feeding f = of((struct plan_synthetic){.tokens = fixed(500), .is_calibrated = true});
	const struct render measured = {.seed = SEED, .k = 1000};

	open_it(&f, "\n", "${f.text}");
	struct prompt *prompt = feed_prompt(feeds_at(f.feeds, 0));

	learn(&f, prompt);
	prompt_end_warmup(prompt);
	const struct prompt_fit *fit = prompt_fit(prompt);

	assert_true(fit->is_settled);
	assert_int_equal(fit->n, 100);
	assert_true(fabs(fit->tokens_per_word - 1.37) < 0.01);
	assert_true(fabs(fit->overhead - 23) < 3);
	assert_in_range(prompt_words(prompt, PROMPT_TEXT, &measured), 347, 349); /* (500 - 23) / 1.37 = 348.2 */
	assert_int_equal(prompt_tokens_of(f.template, &measured), 500);
	char *text = feeding_render(&f, &measured);

	assert_int_equal(words_in(text + 1), prompt_words(prompt, PROMPT_TEXT, &measured));
	free(text);
	feeding_close(&f);
}

/* The first measured prompt ends it: all of them are made by the same figure, whatever answers come late. */
static void
test_calibration_ends_with_the_warmup(void **context)
{
	struct feeding f = of((struct plan_synthetic){.tokens = fixed(500), .is_calibrated = true});
	const struct render measured = {.seed = SEED, .k = 1000};

	(void)context;
	open_it(&f, "\n", "${f.text}");
	struct prompt *prompt = feed_prompt(feeds_at(f.feeds, 0));

	learn(&f, prompt);
	uint64_t words = prompt_words(prompt, PROMPT_TEXT, &measured);

	assert_true(prompt_fit(prompt)->is_settled && words < 400);
	prompt_learn(prompt, 10, 1000000);
	assert_int_equal(prompt_fit(prompt)->n, 100);
	assert_int_equal(prompt_words(prompt, PROMPT_TEXT, &measured), words);
	feeding_close(&f);
}

static void
test_a_warmup_without_counts_changes_nothing(void **context)
{
	struct feeding f = of((struct plan_synthetic){.tokens = fixed(500), .is_calibrated = true});

	(void)context;
	open_it(&f, "\n", "${f.text}");
	struct prompt *prompt = feed_prompt(feeds_at(f.feeds, 0));

	assert_int_equal(prompt_words(prompt, PROMPT_TEXT, &(struct render){.seed = SEED}), 500);
	assert_true(prompt_fit(prompt)->has_ended && !prompt_fit(prompt)->is_settled);
	feeding_close(&f);
}

/* A server that counts no tokens at all, or characters. */
static void
test_absurd_counts_teach_nothing(void **context)
{
	(void)context;
	for (int times = 0; times <= 100; times += 100) {
		struct feeding f = of((struct plan_synthetic){.tokens = fixed(500), .is_calibrated = true});

		open_it(&f, "\n", "${f.text}");
		struct prompt *prompt = feed_prompt(feeds_at(f.feeds, 0));

		for (uint64_t words = 250; words < 750; words += 50)
			prompt_learn(prompt, words, words * (uint64_t)times);
		prompt_end_warmup(prompt);
		assert_false(prompt_fit(prompt)->is_settled);
		feeding_close(&f);
	}
}

/* In the warm-up of a calibrated feed lengths are spread, so that the line has a slope; the bound holds for them too,
 * and for the least tokens per word that can be learned. */
static void
test_calibrated_prompts_keep_to_their_bound(void **context)
{
	struct feeding f = of((struct plan_synthetic){.tokens = fixed(500), .is_calibrated = true});

	(void)context;
	open_it(&f, "\n", "${f.text}");
	struct prompt *prompt = feed_prompt(feeds_at(f.feeds, 0));
	uint64_t least = UINT64_MAX, most = 0;

	for (uint64_t k = 0; k < 1000; k++) {
		const struct render render = {.seed = SEED, .k = k, .is_warmup = true};
		uint64_t words = prompt_words(prompt, PROMPT_TEXT, &render);

		least = words < least ? words : least;
		most = words > most ? words : most;
		free(feeding_render(&f, &render));
	}
	assert_in_range(least, 250, 260);
	assert_in_range(most, 740, 750);
	for (uint64_t words = 100; words < 900; words += 100)
		prompt_learn(prompt, words, words / 4);
	prompt_end_warmup(prompt);
	assert_true(prompt_fit(prompt)->is_settled);
	free(feeding_render(&f, &(struct render){.seed = SEED}));
	feeding_close(&f);
}

static void
test_unknown_columns_of_a_prompt_are_refused(void **context)
{
	(void)context;
	static const struct {
		const char *head, *words;
	} cases[] = {
		{"/${f.txt}", "f is synthetic, and has no 'txt'; did you mean 'text'?"},
		{"/${f.max_tokens}", "data.f.synthetic says nothing of output_tokens"},
		{"/${g.text}", "there is no 'g' under data"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct feeding f = of((struct plan_synthetic){.tokens = fixed(500)});

		assert_false(feeding_open(&f, cases[i].head, NULL));
		if (strstr(f.err.message, cases[i].words) == NULL)
			fail_msg("'%s' does not say '%s'", f.err.message, cases[i].words);
		feeding_close(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_prompt_has_as_many_words_as_tokens),
		cmocka_unit_test(test_words_are_drawn_evenly),
		cmocka_unit_test(test_prefixes_are_shared_by_all_or_by_a_session),
		cmocka_unit_test(test_a_prefix_never_makes_a_prompt_longer),
		cmocka_unit_test(test_tokens_per_word_scales_the_words),
		cmocka_unit_test(test_calibration_finds_the_servers_line),
		cmocka_unit_test(test_calibration_ends_with_the_warmup),
		cmocka_unit_test(test_a_warmup_without_counts_changes_nothing),
		cmocka_unit_test(test_absurd_counts_teach_nothing),
		cmocka_unit_test(test_calibrated_prompts_keep_to_their_bound),
		cmocka_unit_test(test_unknown_columns_of_a_prompt_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
