#include "cmd/check_split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/order.h"
#include "base/units.h"
#include "cmd/preview.h"
#include "engine/lane.h"
#include "report/escape.h"

#define ARRIVALS_TRIED 100000
#define KEYS_SHOWN 12
#define KEY_SHOWN ((size_t)40)

/* Where each of a scenario's first arrivals lies. */
struct places {
	double *of;
	size_t n;
};

static size_t
below(const struct places *places, double share)
{
	size_t n = 0;

	for (size_t i = 0; i < places->n; i++)
		n += split_is_candidate(places->of[i], share);
	return n;
}

/* Each key once, by its place: two keys that share one are as good as the same. */
static void
keep_distinct(struct places *places)
{
	size_t n = 0;

	qsort(places->of, places->n, sizeof(*places->of), order_by_value);
	for (size_t i = 0; i < places->n; i++)
		if (n == 0 || places->of[i] != places->of[n - 1])
			places->of[n++] = places->of[i];
	places->n = n;
}

static void
add_share(const char *label, const struct places *places, const char *what, double share, struct buf *out)
{
	size_t n = below(places, share);
	char all[32], some[32];

	buf_printf(out, "  %-16s %s of the first %s %s to the candidate: %.2f%%\n", label,
		units_count_text((double)n, some, sizeof(some)), units_count_text((double)places->n, all, sizeof(all)),
		what, places->n > 0 ? 100 * (double)n / (double)places->n : 0);
}

static void
add_key(const char *key, size_t length, double place, double share, struct buf *out)
{
	size_t shown = length < KEY_SHOWN ? length : KEY_SHOWN;

	while (shown < length && shown > 0 && (key[shown] & 0xc0) == 0x80)
		shown--;
	buf_printf(
		out, "  %-9s from %7.3f%%  ", split_is_candidate(place, share) ? "candidate" : "baseline", 100 * place);
	escape_add(out, key, shown);
	buf_add_text(out, shown < length ? "…\n" : "\n");
}

/* The first keys of those arrivals, each once. */
static void
add_keys(const struct plan *plan, const struct lane *lane, struct split *split, const struct places *places,
	struct buf *out)
{
	double seen[KEYS_SHOWN];
	size_t seen_n = 0;

	buf_add_text(out, "  the first keys, and the percentage above which each is the candidate's\n");
	for (size_t k = 0; k < places->n && seen_n < KEYS_SHOWN; k++) {
		bool is_new = true;
		size_t length;

		for (size_t i = 0; i < seen_n; i++)
			is_new = is_new && seen[i] != places->of[k];
		if (!is_new)
			continue;
		const char *key = split_key(split, lane->seed, k, &length);

		add_key(key, length, places->of[k], plan->split.share, out);
		seen[seen_n++] = places->of[k];
	}
}

static void
add_scenario(const struct plan *plan, uint32_t scenario, struct split *split, struct buf *out)
{
	struct lane lane;
	struct places places = {.n = 0};

	lane_init(&lane, plan, scenario, 0, 1);
	double expected = schedule_expected(&lane.schedule);
	size_t arrivals = expected < ARRIVALS_TRIED ? (size_t)llround(expected) : ARRIVALS_TRIED;

	places.of = must_calloc(arrivals + 1, sizeof(*places.of));
	for (size_t k = 0; k < arrivals; k++) {
		size_t length;
		const char *key = split_key(split, lane.seed, k, &length);

		places.of[places.n++] = split_place(key, length);
	}
	if (plan->scenarios_n > 1)
		buf_printf(out, "  %s\n", plan->scenarios[scenario].name);
	add_share("arrivals", &places, plan->scenarios[scenario].flow != NULL ? "sessions" : "requests",
		plan->split.share, out);
	if (!preview_holds_secrets(plan))
		add_keys(plan, &lane, split, &places, out);
	keep_distinct(&places);
	add_share("keys", &places, "different keys", plan->split.share, out);
	free(places.of);
	lane_fini(&lane);
}

void
check_print_split(const struct plan *plan, const struct requests *requests, struct buf *out)
{
	if (requests->split == NULL)
		return;
	buf_printf(out, "split by %s: %.4g%% of the keys to the candidate, %.4g%% to the baseline\n",
		plan->split.key_shown, plan->split.share * 100, (1 - plan->split.share) * 100);
	for (size_t i = 0; i < plan->scenarios_n; i++)
		add_scenario(plan, (uint32_t)i, requests->split, out);
	buf_add_text(out, "\n");
}
