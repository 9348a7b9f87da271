#include "measure/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void
tally_init(struct tally *tally)
{
	*tally = (struct tally){.min_ns = INT64_MAX, .max_ns = -1};
}

void
tally_fini(struct tally *tally)
{
	free(tally->words);
	tally_init(tally);
}

static size_t
places_used(const struct histogram *h)
{
	size_t n = 0;

	for (uint64_t left = h->halves_used; left != 0; left &= left - 1) {
		const uint64_t *counts = h->counts + (size_t)__builtin_ctzll(left) * HISTOGRAM_HALF_LEN;

		for (size_t i = 0; i < HISTOGRAM_HALF_LEN; i++)
			n += counts[i] != 0;
	}
	return n;
}

static void
tally_of(struct tally *tally, const struct histogram *h)
{
	*tally = (struct tally){.words = must_calloc(places_used(h), sizeof(*tally->words)),
		.total = h->total,
		.sum_ns = h->sum_ns,
		.sum_squares_ns = h->sum_squares_ns,
		.min_ns = h->min_ns,
		.max_ns = h->max_ns};
	for (uint64_t left = h->halves_used; left != 0; left &= left - 1) {
		size_t first = (size_t)__builtin_ctzll(left) * HISTOGRAM_HALF_LEN;

		for (size_t i = first; i < first + HISTOGRAM_HALF_LEN; i++)
			if (h->counts[i] != 0)
				tally->words[tally->words_n++] = (uint64_t)i << TALLY_PLACE_SHIFT | h->counts[i];
	}
}

/* The union of two rows of places that are in order; counts of the same place add up. */
static size_t
words_join(uint64_t *into, const struct tally *a, const struct tally *b)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a->words_n && k < b->words_n) {
		size_t at = tally_place(a->words[i]), other = tally_place(b->words[k]);

		if (at == other)
			into[n++] = a->words[i++] + tally_count(b->words[k++]);
		else
			into[n++] = at < other ? a->words[i++] : b->words[k++];
	}
	while (i < a->words_n)
		into[n++] = a->words[i++];
	while (k < b->words_n)
		into[n++] = b->words[k++];
	return n;
}

void
tally_merge(struct tally *into, const struct tally *from)
{
	if (from->total == 0)
		return;
	uint64_t *words = must_calloc(into->words_n + from->words_n, sizeof(*words));

	into->words_n = words_join(words, into, from);
	free(into->words);
	into->words = must_realloc(words, into->words_n * sizeof(*words));
	into->total += from->total;
	into->sum_ns += from->sum_ns;
	into->sum_squares_ns += from->sum_squares_ns;
	if (from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
}

void
tally_add(struct tally *tally, const struct histogram *h)
{
	struct tally more;

	if (h->total == 0)
		return;
	tally_of(&more, h);
	if (tally->total == 0) {
		free(tally->words);
		*tally = more;
		return;
	}
	tally_merge(tally, &more);
	free(more.words);
}
