#include "sampler/harvest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"

const char *const harvest_state_texts[HARVEST_STATE_COUNT] = {
	[HARVEST_GOOD] = "all is well",
	[HARVEST_NOTHING] = "no series matched",
	[HARVEST_FIRST] = "it takes two scrapes",
	[HARVEST_NO_NEWS] = "nothing was observed between two scrapes",
	[HARVEST_NO_NUMBER] = "the series say NaN or infinity",
	[HARVEST_NO_INFINITY] = "it is no histogram: the bucket le=\"+Inf\" is missing",
	[HARVEST_TOO_MANY] = "more than 4,096 series match; name more labels",
	[HARVEST_TWICE] = "the same series stands twice in one exposition",
};
_Static_assert(HARVEST_SERIES_CEILING == 4096, "as the sentence has it");

/* One figure. */
struct field {
	const struct plan_scraped *plan;
	struct stands now, before; /* of what is a difference */
	bool has_before;           /* they were all there, each once */
	uint64_t matched;
	double sum, most, least; /* of what they say, or of their rates */
	uint64_t summed;
};

struct harvest {
	const struct plan_endpoint *endpoint;
	struct field *fields;
	enum exposition_format format;
	int64_t asked_ns; /* of the last whole one */
	struct stand *scratch;
	double *limits, *counts; /* of one histogram, while its quantile is made */
};

struct harvest *
harvest_new(const struct plan_endpoint *endpoint)
{
	struct harvest *h = must_alloc(sizeof(*h));

	h->endpoint = endpoint;
	h->fields = must_calloc(endpoint->n + 1, sizeof(*h->fields));
	h->scratch = must_calloc(HARVEST_SERIES_CEILING, sizeof(*h->scratch));
	h->limits = must_calloc(HARVEST_SERIES_CEILING, sizeof(*h->limits));
	h->counts = must_calloc(HARVEST_SERIES_CEILING, sizeof(*h->counts));
	for (size_t i = 0; i < endpoint->n; i++) {
		struct field *field = &h->fields[i];

		field->plan = &endpoint->list[i];
		if (field->plan->kind == SCRAPED_VALUE)
			continue;
		stands_init(&field->now);
		stands_init(&field->before);
	}
	return h;
}

void
harvest_free(struct harvest *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->endpoint->n; i++) {
		stands_fini(&h->fields[i].now);
		stands_fini(&h->fields[i].before);
	}
	free(h->fields);
	free(h->scratch);
	free(h->limits);
	free(h->counts);
	free(h);
}

static void
field_clear(struct field *field)
{
	field->now.n = 0;
	field->matched = field->summed = 0;
	field->sum = 0;
	field->most = field->least = NAN;
}

void
harvest_begin(struct harvest *h, enum exposition_format format)
{
	h->format = format;
	for (size_t i = 0; i < h->endpoint->n; i++)
		field_clear(&h->fields[i]);
}

static bool
is_text(const struct exposition_text *text, const char *wanted)
{
	return strlen(wanted) == text->length && memcmp(text->bytes, wanted, text->length) == 0;
}

static bool
is_text_and(const struct exposition_text *text, const char *wanted, const char *suffix)
{
	size_t length = strlen(wanted);
	struct exposition_text rest = {text->bytes + length, text->length - length};

	return text->length > length && memcmp(text->bytes, wanted, length) == 0 && is_text(&rest, suffix);
}

/* OpenMetrics calls the samples of a counter NAME_total, which the text format of the same exporter may call NAME. */
static bool
is_named(const struct field *field, const struct exposition_text *name, enum exposition_format format)
{
	const struct plan_scraped *plan = field->plan;

	if (plan->kind == SCRAPED_QUANTILE)
		return is_text_and(name, plan->metric, "_bucket");
	return is_text(name, plan->metric) || (plan->kind == SCRAPED_RATE && format == EXPOSITION_OPENMETRICS &&
						      is_text_and(name, plan->metric, "_total"));
}

static const struct exposition_label *
find_label(const struct exposition_sample *sample, const char *name)
{
	for (size_t i = 0; i < sample->labels_n; i++)
		if (is_text(&sample->labels[i].name, name))
			return &sample->labels[i];
	return NULL;
}

static bool
matches(const struct plan_scraped *plan, const struct exposition_sample *sample)
{
	for (size_t i = 0; i < plan->matchers_n; i++) {
		const struct exposition_label *label = find_label(sample, plan->matchers[i].name);
		const struct exposition_text none = {"", 0};

		if (!is_text(label != NULL ? &label->value : &none, plan->matchers[i].value))
			return false;
	}
	return true;
}

/* Fowler, Noll, Vo: FNV-1a, 64 bits; the length goes in too, so that "ab" "c" is not "a" "bc". */
static uint64_t
hash_of(uint64_t hash, const struct exposition_text *text)
{
	for (size_t i = 0; i < text->length; i++)
		hash = (hash ^ (unsigned char)text->bytes[i]) * UINT64_C(0x100000001b3);
	return (hash ^ text->length) * UINT64_C(0x100000001b3);
}

/* Of all labels but le, in whatever order they stand. */
static uint64_t
hash_of_labels(const struct exposition_sample *sample)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < sample->labels_n; i++) {
		const struct exposition_label *label = &sample->labels[i];
		uint64_t hash = hash_of(UINT64_C(0xcbf29ce484222325), &label->name);

		if (!is_text(&label->name, "le"))
			sum += hash_of(hash, &label->value);
	}
	return sum;
}

/* NAN: it has none, or none that is a number. */
static double
limit_of(const struct exposition_sample *sample)
{
	const struct exposition_label *le = find_label(sample, "le");
	char text[64], *end;

	if (le == NULL || le->value.length == 0 || le->value.length >= sizeof(text))
		return NAN;
	memcpy(text, le->value.bytes, le->value.length);
	text[le->value.length] = '\0';
	double limit = strtod(text, &end);

	return *end == '\0' ? limit : NAN;
}

static void
fold(struct field *field, double value)
{
	field->sum += value;
	field->most = fmax(field->most, value);
	field->least = fmin(field->least, value);
	field->summed++;
}

static void
field_add(struct field *field, const struct exposition_sample *sample)
{
	struct stand stand = {.series = hash_of_labels(sample), .value = sample->value, .own_s = sample->time_s};

	if (field->plan->kind == SCRAPED_VALUE) {
		field->matched++;
		fold(field, sample->value);
		return;
	}
	if (field->plan->kind == SCRAPED_QUANTILE) {
		stand.limit = limit_of(sample);
		if (isnan(stand.limit))
			return;
	}
	field->matched++;
	stands_add(&field->now, &stand); /* one too many is counted all the same */
}

void
harvest_add(struct harvest *h, const struct exposition_sample *sample)
{
	for (size_t i = 0; i < h->endpoint->n; i++) {
		struct field *field = &h->fields[i];

		if (is_named(field, &sample->name, h->format) && matches(field->plan, sample))
			field_add(field, sample);
	}
}

static void
fold_rates(struct field *field, double between_s)
{
	for (size_t i = 0; i < field->now.n; i++) {
		const struct stand *now = &field->now.list[i], *before = stands_find(&field->before, now);
		double seconds = stand_passed_s(now, before, between_s);

		if (seconds > 0)
			fold(field, stand_rise(now, before) / seconds);
	}
}

static int
by_limit(const void *a, const void *b)
{
	const struct stand *x = a, *y = b;

	return (x->limit > y->limit) - (x->limit < y->limit);
}

/* In place of what the buckets say, what they rose by; then all histograms' buckets by their limits, added up. Returns
 * how many limits there are. */
static size_t
add_buckets_up(struct harvest *h, struct field *field)
{
	struct stand *list = field->now.list, *rises = h->scratch;
	size_t n = 0;

	for (size_t from = 0, to; from < field->now.n; from = to) {
		for (to = from; to < field->now.n && list[to].series == list[from].series; to++)
			;
		bool is_new = stands_began_again(&field->now, from, to, &field->before);

		for (size_t i = from; i < to; i++) {
			rises[i] = list[i];
			rises[i].value = stand_rise(&list[i], is_new ? NULL : stands_find(&field->before, &list[i]));
		}
	}
	qsort(rises, field->now.n, sizeof(*rises), by_limit);
	for (size_t i = 0; i < field->now.n; i++) {
		bool is_same = n > 0 && h->limits[n - 1] == rises[i].limit;

		n += !is_same;
		h->limits[n - 1] = rises[i].limit;
		h->counts[n - 1] = rises[i].value + (is_same ? h->counts[n - 1] : 0);
	}
	return n;
}

double
harvest_quantile(double q, const double *limits, const double *counts, size_t n)
{
	double rank = q * counts[n - 1], below = 0, start = 0;
	size_t bucket = 0;

	CHECK(n > 0 && q > 0 && q <= 1);
	if (n < 2 || !(counts[n - 1] > 0))
		return NAN;
	while (bucket < n - 1 && counts[bucket] < rank)
		bucket++;
	if (bucket == n - 1)
		return limits[n - 2];
	if (bucket == 0 && limits[0] <= 0)
		return limits[0];
	if (bucket > 0) {
		start = limits[bucket - 1];
		below = counts[bucket - 1];
	}
	return start + (limits[bucket] - start) * ((rank - below) / (counts[bucket] - below));
}

static struct harvested
quantile_of(struct harvest *h, struct field *field)
{
	size_t n = add_buckets_up(h, field);

	if (!isinf(h->limits[n - 1]) || h->limits[n - 1] < 0)
		return (struct harvested){NAN, HARVEST_NO_INFINITY};
	/* Cumulative counts of exporters that are read while they count may fall by a little. */
	for (size_t i = 1; i < n; i++)
		h->counts[i] = fmax(h->counts[i], h->counts[i - 1]);
	double value = harvest_quantile(field->plan->quantile, h->limits, h->counts, n);

	if (isnan(value))
		return (struct harvested){NAN, h->counts[n - 1] > 0 ? HARVEST_NO_NUMBER : HARVEST_NO_NEWS};
	return (struct harvested){value, HARVEST_GOOD};
}

static double
folded_value(const struct field *field)
{
	switch (field->plan->over) {
	case OVER_AVG: return field->sum / (double)field->summed;
	case OVER_MAX: return field->most;
	case OVER_MIN: return field->least;
	default: return field->sum;
	}
}

/* What stands now is what the next scrape's is held against. */
static void
turn_over(struct field *field, enum harvest_state state)
{
	struct stands before = field->before;

	field->has_before = state != HARVEST_TOO_MANY && state != HARVEST_TWICE;
	if (field->has_before)
		stands_keep_gone(&field->now, &before);
	field->before = field->now;
	before.n = 0;
	field->now = before;
}

static struct harvested
value_of(struct harvest *h, struct field *field, double between_s)
{
	bool is_difference = field->plan->kind != SCRAPED_VALUE;

	if (field->matched == 0)
		return (struct harvested){NAN, HARVEST_NOTHING};
	if (is_difference && field->matched > HARVEST_SERIES_CEILING)
		return (struct harvested){NAN, HARVEST_TOO_MANY};
	if (is_difference && stands_have_twice(&field->now))
		return (struct harvested){NAN, HARVEST_TWICE};
	if (is_difference && !field->has_before)
		return (struct harvested){NAN, HARVEST_FIRST};
	if (field->plan->kind == SCRAPED_QUANTILE)
		return quantile_of(h, field);
	if (field->plan->kind == SCRAPED_RATE)
		fold_rates(field, between_s);
	if (field->summed == 0)
		return (struct harvested){NAN, HARVEST_NO_NEWS};
	double value = folded_value(field);

	return isfinite(value) ? (struct harvested){value, HARVEST_GOOD} : (struct harvested){NAN, HARVEST_NO_NUMBER};
}

void
harvest_end(struct harvest *h, int64_t asked_ns, struct harvested *into)
{
	double between_s = ns_to_s(asked_ns - h->asked_ns);

	h->asked_ns = asked_ns;
	for (size_t i = 0; i < h->endpoint->n; i++) {
		struct field *field = &h->fields[i];
		bool is_difference = field->plan->kind != SCRAPED_VALUE;

		if (is_difference)
			stands_sort(&field->now);
		into[i] = value_of(h, field, between_s);
		if (is_difference)
			turn_over(field, into[i].state);
	}
}
