#include "report/live_block.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "report/escape.h"
#include "report/figure.h"
#include "report/text.h"

#define LIVE_LABEL_WIDTH 12
#define LIVE_SHARD_LINES 4 /* of more shards it is only told who is lost, or late to be heard of */
#define LIVE_BAR_MIN 10
#define LIVE_BAR_MAX 40

/* One line of the block: parts are left out from the end on where the terminal is too narrow for all. */
static void
add_line(struct page *page, const char *label, enum paint paint, const char *const *parts, size_t n)
{
	page_pad(page, 2);
	page_add(page, PAINT_DIM, label);
	page_pad(page, LIVE_LABEL_WIDTH);
	for (size_t i = 0; i < n; i++) {
		if (parts[i][0] == '\0')
			continue;
		if (page->column + text_width(parts[i]) + 3 >= page->width)
			break;
		if (page->column > LIVE_LABEL_WIDTH)
			page_add(page, PAINT_DIM, " · ");
		page_add(page, paint, parts[i]);
	}
	page_end(page);
}

static void
add_progress(const struct live_state *state, struct page *page)
{
	char elapsed[FIGURE_MAX], planned[FIGURE_MAX], clean[256], name[256], where[96], bar[LIVE_BAR_MAX * 3 + 1] = "";
	uint32_t level = state->summary->now.current_level;

	escape_text(state->plan->name, clean, sizeof(clean));
	text_cut(clean, page->width / 3 < 24 ? page->width / 3 : 24, name, sizeof(name));
	if (level != LEVEL_WARMUP && level != LEVEL_NONE && state->summary->levels_n > 1)
		snprintf(where, sizeof(where), "%.40s, level %u", state->phase, level);
	else
		snprintf(where, sizeof(where), "%.40s", state->phase);
	figure_seconds(state->now_ns, elapsed);
	page_add(page, PAINT_BOLD, name);
	page_add(page, PAINT_PLAIN, "  ");
	size_t taken = page->column + strlen(elapsed) + text_width(where) + 16;

	if (state->planned_ns > 0 && page->width > taken + LIVE_BAR_MIN) {
		double share = fmin(1, fmax(0, (double)state->now_ns / (double)state->planned_ns));
		size_t width = page->width - taken < LIVE_BAR_MAX ? page->width - taken : LIVE_BAR_MAX;
		size_t full = (size_t)llround(share * (double)width), bar_length = 0;

		for (size_t i = 0; i < full; i++)
			bar_length += (size_t)snprintf(bar + bar_length, sizeof(bar) - bar_length, "━");
		page_add(page, PAINT_ACCENT, bar);
		bar[0] = '\0';
		bar_length = 0;
		for (size_t i = full; i < width; i++)
			bar_length += (size_t)snprintf(bar + bar_length, sizeof(bar) - bar_length, "─");
		page_add(page, PAINT_DIM, bar);
		page_add(page, PAINT_PLAIN, "  ");
	}
	page_add(page, PAINT_PLAIN, elapsed);
	figure_seconds(state->planned_ns, planned);
	if (state->planned_ns > 0 && page->column + strlen(planned) + 3 < page->width)
		page_printf(page, PAINT_DIM, " / %s", planned);
	if (page->column + text_width(where) + 2 < page->width)
		page_printf(page, PAINT_DIM, "  %s", where);
	page_end(page);
}

/* "run 3 of 8: candidate · 2m10s left" */
static void
add_title(const struct live_state *state, struct page *page)
{
	int64_t rest_ns = state->planned_ns - state->now_ns;
	char left[FIGURE_MAX], clean[256], text[256];

	if (state->title == NULL)
		return;
	escape_text(state->title, clean, sizeof(clean));
	page_add(page, PAINT_ACCENT, text_cut(clean, page->width > 24 ? page->width - 20 : 4, text, sizeof(text)));
	if (state->planned_ns > 0)
		page_printf(page, PAINT_DIM, " · %s left",
			figure_seconds(state->after_ns + (rest_ns > 0 ? rest_ns : 0), left));
	page_end(page);
}

static double
sent_per_s(const struct summary *summary)
{
	return summary->last_interval_ns > 0 ? (double)summary->last.counts.sent / ns_to_s(summary->last_interval_ns)
					     : NAN;
}

/* Of the level that is running, so that the figures are the ones its row will show; else of the last interval. */
static const struct cell *
latest_cell(const struct summary *summary)
{
	uint32_t level = summary->now.current_level;

	if (level < summary->levels_n && summary->levels[level].live_requests != NULL)
		return summary->levels[level].live;
	return &summary->last;
}

static void
percentile_texts(const struct summary *summary, enum metric metric, char texts[3][FIGURE_MAX])
{
	const struct histogram *h = &latest_cell(summary)->histograms[metric];
	struct latency_figures f = {.count = 0};

	if (histogram_is_ready(h))
		histogram_figures(h, &f);
	figure_time(f.count ? f.p50_ns : -1, texts[0]);
	figure_time(f.count ? f.p95_ns : -1, texts[1]);
	figure_time(f.count ? f.p99_ns : -1, texts[2]);
}

static int64_t
lateness_p99_ns(const struct summary *summary)
{
	const struct histogram *h = &latest_cell(summary)->histograms[METRIC_LATENESS];
	struct latency_figures f = {.count = 0};

	if (histogram_is_ready(h))
		histogram_figures(h, &f);
	return f.count ? f.p99_ns : -1;
}

static uint64_t
bad_of(const struct counts *counts)
{
	return counts->failed + counts->dropped + counts->unsent;
}

/* "0.3%", then the three most frequent classes with their counts. */
static size_t
error_texts(const struct counts *counts, char texts[4][64])
{
	bool is_shown[FAILURE_COUNT] = {false};
	char number[FIGURE_MAX], share[FIGURE_MAX];
	size_t n = 1;

	snprintf(texts[0], 64, "%s (%s)", figure_count(bad_of(counts), number),
		figure_ratio(counts->scheduled ? (double)bad_of(counts) / (double)counts->scheduled : 0, share));
	for (; n < 4; n++) {
		int most = -1;

		for (int f = 0; f < FAILURE_COUNT; f++)
			if (!is_shown[f] && counts->by_failure[f] > 0 &&
				(most < 0 || counts->by_failure[f] > counts->by_failure[most]))
				most = f;
		if (most < 0)
			break;
		is_shown[most] = true;
		snprintf(texts[n], 64, "%s %s", figure_count(counts->by_failure[most], number),
			failure_rows[most].counter);
	}
	return n;
}

static void
add_load_lines(const struct summary *summary, bool in_users, struct page *page)
{
	char rate[FIGURE_MAX], offered[FIGURE_MAX], n[FIGURE_MAX], parts[4][96] = {""};
	const char *const list[] = {parts[0], parts[1], parts[2], parts[3]};

	snprintf(parts[0], 96, "%s sent for %s wanted", figure_rate(sent_per_s(summary), rate),
		figure_level(summary->now.offered, in_users, offered));
	snprintf(parts[1], 96, "%s ok", figure_count(summary->everything.counts.ok, n));
	if (summary->now.backlog > 0)
		snprintf(parts[2], 96, "%s waiting", figure_count(summary->now.backlog, n));
	add_line(page, "rate", PAINT_PLAIN, list, 3);
	snprintf(parts[0], 96, "%s now", figure_count(summary->now.in_flight, n));
	snprintf(parts[1], 96, "%s peak", figure_count(summary->in_flight_peak, n));
	snprintf(parts[2], 96, "%s connections", figure_count(summary->now.connections, n));
	add_line(page, "in flight", PAINT_PLAIN, list, 3);
}

static double
tokens_per_s(const struct summary *summary)
{
	return summary->last_interval_ns > 0
		       ? (double)summary->last.counts.tokens_in_window / ns_to_s(summary->last_interval_ns)
		       : NAN;
}

static void
add_token_line(const struct summary *summary, struct page *page)
{
	char times[3][FIGURE_MAX], rate[FIGURE_MAX], parts[4][64];
	const char *const list[] = {parts[0], parts[1], parts[2], parts[3]};

	percentile_texts(summary, METRIC_TTFT, times);
	snprintf(parts[0], 64, "%s", figure_rate(tokens_per_s(summary), rate));
	snprintf(parts[1], 64, "TTFT P50 %s", times[0]);
	snprintf(parts[2], 64, "P95 %s", times[1]);
	percentile_texts(summary, METRIC_ITL, times);
	snprintf(parts[3], 64, "ITL P50 %s", times[0]);
	add_line(page, "tokens", PAINT_PLAIN, list, 4);
}

static void
add_outcome_lines(const struct summary *summary, struct page *page)
{
	char times[3][FIGURE_MAX], parts[3][64], errors[4][64];
	const char *const list[] = {parts[0], parts[1], parts[2]};
	const char *const error_list[] = {errors[0], errors[1], errors[2], errors[3]};

	percentile_texts(summary, METRIC_RESPONSE, times);
	snprintf(parts[0], 64, "P50 %s", times[0]);
	snprintf(parts[1], 64, "P95 %s", times[1]);
	snprintf(parts[2], 64, "P99 %s", times[2]);
	add_line(page, "response", PAINT_PLAIN, list, 3);
	if (summary->everything.counts.generations > 0)
		add_token_line(summary, page);
	size_t n = error_texts(&summary->everything.counts, errors);

	add_line(page, "errors", bad_of(&summary->everything.counts) > 0 ? PAINT_WARN : PAINT_PLAIN, error_list, n);
}

static void
add_machine_lines(const struct live_state *state, struct page *page)
{
	const struct summary *summary = state->summary;
	char cpu[FIGURE_MAX], memory[FIGURE_MAX], late[FIGURE_MAX], parts[2][64];
	const char *const list[] = {parts[0], parts[1]};
	int64_t late_ns = lateness_p99_ns(summary);

	if (summary->now.target.at_ns >= 0) {
		snprintf(parts[0], 64, "CPU %s", figure_ratio(summary->now.target.values[GAUGE_CPU], cpu));
		snprintf(parts[1], 64, "memory %s", figure_bytes(summary->now.target.values[GAUGE_MEMORY], memory));
		add_line(page, "target", PAINT_PLAIN, list, 2);
	}
	snprintf(parts[0], 64, "late by P99 %s", figure_time(late_ns, late));
	snprintf(parts[1], 64, "own CPU %s",
		figure_ratio(summary->now.self.at_ns >= 0 ? summary->now.self.values[GAUGE_CPU] : NAN, cpu));
	add_line(page, "generator", late_ns > state->plan->generator.lateness_p99_ns ? PAINT_WARN : PAINT_PLAIN, list,
		2);
}

static const char *
shard_name(const struct shard_record *shard, char into[64])
{
	if (shard->name[0] != '\0')
		return shard->name;
	snprintf(into, 64, "shard %" PRIu32, shard->shard);
	return into;
}

static void
add_shard_line(const struct shard_record *shard, struct page *page)
{
	char rate[FIGURE_MAX], late[FIGURE_MAX], cpu[FIGURE_MAX], clock[FIGURE_MAX], name[64], parts[4][96] = {""};
	const char *const list[] = {parts[0], parts[1], parts[2], parts[3]};
	int64_t apart_ns = shard->clock_offset_ns < 0 ? -shard->clock_offset_ns : shard->clock_offset_ns;

	if (shard->is_lost) {
		snprintf(parts[0], 96, "lost: it %.80s", shard->text);
	} else {
		snprintf(parts[0], 96, "%s ok", figure_rate(shard->achieved_per_s, rate));
		snprintf(parts[1], 96, "late by P99 %s", figure_time(shard->lateness_p99_ns, late));
		snprintf(parts[2], 96, "CPU %s", figure_ratio(shard->cpu_avg, cpu));
		if (shard->text[0] != '\0')
			snprintf(parts[3], 96, "%.90s", shard->text);
		else if (shard->has_clock)
			snprintf(parts[3], 96, "clock %s%s", shard->clock_offset_ns < 0 ? "−" : "+",
				figure_time(apart_ns, clock));
	}
	add_line(page, shard_name(shard, name),
		shard->is_lost           ? PAINT_BAD
		: shard->text[0] != '\0' ? PAINT_WARN
					 : PAINT_PLAIN,
		list, 4);
}

/* "w2 lost", "w3 not heard of for 4 s"; the length. */
static size_t
remarkable_text(const struct shard_records *shards, char *into, size_t size)
{
	size_t length = 0;
	char name[64];

	into[0] = '\0';
	for (uint32_t i = 0; i < shards->n && length < size - 1; i++) {
		const struct shard_record *shard = &shards->list[i];

		if (!shard->is_lost && shard->text[0] == '\0')
			continue;
		int n = snprintf(into + length, size - length, "%s%s %s", length > 0 ? ", " : "",
			shard_name(shard, name), shard->is_lost ? "lost" : shard->text);

		length = n > 0 && (size_t)n < size - length ? length + (size_t)n : size - 1;
	}
	return length;
}

static void
add_shard_lines(const struct live_state *state, struct page *page)
{
	char number[64], remarkable[128];
	const char *const list[] = {number, remarkable};

	if (state->shards.n > LIVE_SHARD_LINES) {
		remarkable_text(&state->shards, remarkable, sizeof(remarkable));
		snprintf(number, sizeof(number), "%" PRIu32, state->shards.n);
		add_line(page, "shards", remarkable[0] != '\0' ? PAINT_BAD : PAINT_PLAIN, list, 2);
		return;
	}
	for (uint32_t i = 0; i < state->shards.n; i++)
		add_shard_line(&state->shards.list[i], page);
}

void
live_block_draw(const struct live_state *state, struct page *page)
{
	add_title(state, page);
	add_progress(state, page);
	add_load_lines(state->summary, figure_levels_in_users(state->plan), page);
	add_outcome_lines(state->summary, page);
	add_machine_lines(state, page);
	add_shard_lines(state, page);
}

void
live_block_line(const struct live_state *state, struct buf *into)
{
	const struct summary *summary = state->summary;
	char a[FIGURE_MAX], b[FIGURE_MAX], times[3][FIGURE_MAX], errors[4][64], late[FIGURE_MAX], shards[256];

	percentile_texts(summary, METRIC_RESPONSE, times);
	error_texts(&summary->everything.counts, errors);
	buf_printf(into, "%7s %-8s", figure_seconds(state->now_ns, a), state->phase);
	buf_printf(into, " %s of %s", figure_rate(sent_per_s(summary), a),
		figure_level(summary->now.offered, figure_levels_in_users(state->plan), b));
	buf_printf(into, " · in flight %" PRIu32 " · P50 %s P95 %s P99 %s · errors %s", summary->now.in_flight,
		times[0], times[1], times[2], errors[0]);
	if (summary->everything.counts.generations > 0)
		buf_printf(into, " · tokens %s", figure_rate(tokens_per_s(summary), a));
	if (summary->now.target.at_ns >= 0)
		buf_printf(into, " · target CPU %s memory %s", figure_ratio(summary->now.target.values[GAUGE_CPU], a),
			figure_bytes(summary->now.target.values[GAUGE_MEMORY], b));
	buf_printf(into, " · late P99 %s", figure_time(lateness_p99_ns(summary), late));
	if (remarkable_text(&state->shards, shards, sizeof(shards)) > 0)
		buf_printf(into, " · %s", shards);
}
