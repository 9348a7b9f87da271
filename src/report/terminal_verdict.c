#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "report/excerpt.h"
#include "report/figure.h"
#include "report/terminal.h"

enum paint
terminal_status_paint(enum verdict_status status)
{
	switch (status) {
	case VERDICT_PASS: return PAINT_GOOD;
	case VERDICT_FAIL:
	case VERDICT_UNREACHABLE: return PAINT_BAD;
	default: return PAINT_WARN;
	}
}

const char *
terminal_status_word(enum verdict_status status)
{
	static const char *const words[] = {"PASS", "FAIL", "INCONCLUSIVE", "UNREACHABLE", "INTERRUPTED"};

	return words[status];
}

/* What a stepped load found out; empty where it did not get that far. */
static const char *
breaking_sentence(const struct report *report, char *into, size_t size)
{
	const struct breaking_point *point = &report->verdict->breaking_point;
	bool in_users = figure_levels_in_users(report->plan);
	char broken[FIGURE_MAX], good[FIGURE_MAX], safe[FIGURE_MAX];
	const char *mode = failure_mode_rows[report->verdict->failure_mode].name;

	into[0] = '\0';
	if (!point->is_stepped)
		return into;
	figure_level(point->first_broken, in_users, broken);
	figure_level(point->max_sustainable, in_users, good);
	figure_level(point->safe, in_users, safe);
	if (point->is_searched && isfinite(point->median) && isfinite(point->max_sustainable)) {
		char low[FIGURE_MAX], high[FIGURE_MAX];

		snprintf(into, size, "BREAKS between %s and %s: %s — sustains %s (safe %s)",
			figure_level(point->interval[0], in_users, low),
			figure_level(point->interval[1], in_users, high), mode, good, safe);
	} else if (point->is_found && isfinite(point->max_sustainable))
		snprintf(into, size, "BREAKS at %s: %s — sustains %s%s (safe %s)", broken, mode,
			point->is_at_least ? "at least " : "", good, safe);
	else if (point->is_found)
		snprintf(into, size, "BREAKS at %s: %s — no level below it held", broken, mode);
	else if (isfinite(point->max_sustainable) && point->is_at_least)
		snprintf(
			into, size, "SUSTAINS at least %s (safe %s) — the limit itself could not be found", good, safe);
	else if (isfinite(point->max_sustainable))
		snprintf(into, size, "SUSTAINS %s, the highest level tried (safe %s) — nothing broke", good, safe);
	return into;
}

const char *
terminal_headline(const struct report *report, char *into, size_t size)
{
	const struct verdict *verdict = report->verdict;
	char sentence[FINDING_TEXT_MAX + 1];

	breaking_sentence(report, sentence, sizeof(sentence));
	if (sentence[0] == '\0' && verdict->reasons_n > 0)
		snprintf(sentence, sizeof(sentence), "%s", verdict->reasons[0]);
	else if (sentence[0] == '\0' && verdict->status == VERDICT_PASS)
		snprintf(sentence, sizeof(sentence), "%s",
			report->plan->slos_n > 0 ? "every objective holds" : "nothing broke, and no objective was set");
	if (verdict->status == VERDICT_PASS && verdict->breaking_point.is_stepped && sentence[0] != '\0')
		snprintf(into, size, "%s", sentence);
	else
		snprintf(
			into, size, "%s%s%s", terminal_status_word(verdict->status), sentence[0] ? ": " : "", sentence);
	return into;
}

void
terminal_add_verdict(const struct report *report, struct page *page)
{
	const struct verdict *verdict = report->verdict;
	char headline[512], started[32], lasted[FIGURE_MAX], sentence[FINDING_TEXT_MAX + 1], line[1024];
	bool leads_with_reason = breaking_sentence(report, sentence, sizeof(sentence))[0] == '\0';

	page_wrap(
		page, 2, terminal_status_paint(verdict->status), terminal_headline(report, headline, sizeof(headline)));
	snprintf(line, sizeof(line), "%s, exit %d · %s · %s · %s · %s", terminal_status_word(verdict->status),
		verdict->exit_code, report->plan->name, report->plan->target.url.text,
		wall_text(report->identity.started_wall_ns, started, sizeof(started)),
		figure_seconds(report->duration_ns, lasted));
	page_wrap(page, 2, PAINT_DIM, line);
	if (verdict->score.grade != GRADE_NONE) {
		snprintf(line, sizeof(line), "%s: %zu of %zu goals met", grade_names[verdict->score.grade],
			verdict->score.met, verdict->score.judged);
		page_wrap(page, 2, PAINT_DIM, line);
	}
	for (size_t i = leads_with_reason ? 1 : 0; i < verdict->reasons_n; i++) {
		if (!leads_with_reason && verdict->is_about_break[i]) /* the headline and the next block say it */
			continue;
		page_add(page, PAINT_PLAIN, "  - ");
		page_wrap(page, 4, PAINT_PLAIN, verdict->reasons[i]);
	}
}

static void
add_evidence(const struct report *report, struct page *page)
{
	const struct verdict *verdict = report->verdict;
	char at[FIGURE_MAX], excerpt[EXCERPT_TEXT_MAX];

	for (size_t i = 0; i < verdict->evidence_n; i++) {
		const struct finding *finding = verdict->evidence[i];

		if (finding->onset_ns >= 0)
			page_entry(page, i == 0 ? "evidence" : "", PAINT_PLAIN, "%s (from %s on)", finding->text,
				figure_seconds(finding->onset_ns, at));
		else
			page_entry(page, i == 0 ? "evidence" : "", PAINT_PLAIN, "%s", finding->text);
		if (finding->excerpt.n > 0)
			page_entry(page, "", PAINT_DIM, "%s", excerpt_text(&finding->excerpt, excerpt));
	}
}

/* Where a search says that it breaks, and how far the search came. */
static void
add_search(const struct report *report, struct page *page)
{
	static const char *const endings[] = {
		[SEARCH_END_NONE] = "",
		[SEARCH_END_FOUND] = "as narrow as was wanted",
		[SEARCH_END_MAX] = "the highest level that it may try held",
		[SEARCH_END_MIN] = "the lowest level that it may try broke",
		[SEARCH_END_LIMIT] = "its time was up",
		[SEARCH_END_GENERATOR] = "the generator can send no more",
		[SEARCH_END_GONE] = "the target ended, and did not come back",
		[SEARCH_END_UNSTEADY] = "the same levels hold and break by turns, so that it gets no narrower",
	};
	const struct breaking_point *point = &report->verdict->breaking_point;
	bool in_users = figure_levels_in_users(report->plan);
	char low[FIGURE_MAX], high[FIGURE_MAX], middle[FIGURE_MAX];

	if (isfinite(point->median))
		page_entry(page, "interval", PAINT_PLAIN,
			"%s to %s, the middle %s: where it breaks, with 95%% confidence",
			figure_level(point->interval[0], in_users, low),
			figure_level(point->interval[1], in_users, high),
			figure_level(point->median, in_users, middle));
	page_entry(page, "search", PAINT_PLAIN, "%zu levels: %s%s", point->levels_tested, endings[point->search_end],
		!isfinite(point->max_sustainable) ? ""
		: point->is_confirmed             ? "; what it sustains held for a longer time, too"
						  : "; what it sustains was not tried for longer");
}

static void
add_recovery(const struct breaking_point *point, struct page *page)
{
	char after[FIGURE_MAX], now[FIGURE_MAX], before[FIGURE_MAX];

	if (point->recovered_after_ns == -1)
		page_entry(page, "recovery", PAINT_BAD, "the target did not recover");
	else if (point->recovered_after_ns >= 0)
		page_entry(page, "recovery", PAINT_PLAIN, "back to normal %s after the load went",
			figure_time(point->recovered_after_ns, after));
	if (isfinite(point->memory_before) && isfinite(point->memory_after))
		page_entry(page, "", PAINT_PLAIN, "its memory %s: %s, %s before",
			point->has_memory_returned ? "came back" : "did not come back",
			figure_bytes(point->memory_after, now), figure_bytes(point->memory_before, before));
}

static void
add_bracket(const struct report *report, struct page *page)
{
	const struct breaking_point *point = &report->verdict->breaking_point;
	bool in_users = figure_levels_in_users(report->plan);
	char low[FIGURE_MAX], high[FIGURE_MAX], good[FIGURE_MAX], errors[FIGURE_MAX];

	if (point->is_searched)
		add_search(report, page);
	if (point->is_searched && point->is_found && isfinite(point->max_sustainable))
		page_entry(page, "bracket", PAINT_PLAIN, "%s held, %s broke%s",
			figure_level(point->max_sustainable, in_users, low),
			figure_level(point->first_broken, in_users, high),
			point->is_sudden ? " (sudden)" : " (gradual)");
	else if (point->is_found && isfinite(point->interval[0]))
		page_entry(page, "bracket", PAINT_PLAIN, "%s held, %s broke%s",
			figure_level(point->interval[0], in_users, low),
			figure_level(point->interval[1], in_users, high),
			point->is_sudden ? " (sudden)" : " (gradual)");
	if (!point->is_searched && point->is_found && isfinite(point->error_rate_at_break))
		page_entry(page, "errors", PAINT_PLAIN, "%s at level %d, the first to break · %zu levels tested",
			figure_ratio(point->error_rate_at_break, errors), (int)point->first_broken_level,
			point->levels_tested);
	if (isfinite(point->max_goodput_per_s))
		page_entry(page, "goodput", PAINT_PLAIN, "%s of good answers at best",
			figure_rate(point->max_goodput_per_s, good));
	add_recovery(point, page);
}

/* "12.7–16.4%", "at most 0.3%" */
static const char *
interval_text(const double interval[2], char *into, size_t size)
{
	char low[FIGURE_MAX], high[FIGURE_MAX];

	if (interval[0] > 0)
		snprintf(into, size, "%.*s–%s", (int)strcspn(figure_ratio(interval[0], low), "%"), low,
			figure_ratio(interval[1], high));
	else
		snprintf(into, size, "at most %s", figure_ratio(interval[1], high));
	return into;
}

static const char *
sureness_text(const struct break_confidence *sure, char *into, size_t size)
{
	char limit[FIGURE_MAX];

	if (isnan(sure->threshold))
		snprintf(into, size, " (exact binomial); it broke by %s, no matter of a rate",
			failure_mode_rows[sure->rests_on].name);
	else
		snprintf(into, size, ", against %s (exact binomial)%s", figure_ratio(sure->threshold, limit),
			sure->is_separated                    ? ""
			: isfinite(sure->sustained_errors[0]) ? "; too few requests to tell them apart"
							      : "");
	return into;
}

static void
add_confidence(const struct report *report, struct page *page)
{
	const struct breaking_point *point = &report->verdict->breaking_point;
	const struct break_confidence *sure = &point->confidence;
	bool is_of_timeouts = sure->rests_on == FAILURE_MODE_TIMEOUT, in_users = figure_levels_in_users(report->plan);
	const double *above = is_of_timeouts ? sure->broken_timeouts : sure->broken_errors;
	const double *below = is_of_timeouts ? sure->sustained_timeouts : sure->sustained_errors;
	char share[FIGURE_MAX], broken[80], at[FIGURE_MAX], good[80], good_at[FIGURE_MAX], sustained[160] = "";
	char ending[160];

	if (sure->level <= 0 || isnan(above[0]) || point->is_searched) /* whose interval says it all */
		return;
	if (isfinite(below[0]))
		snprintf(sustained, sizeof(sustained), ", %s at %s", interval_text(below, good, sizeof(good)),
			figure_level(point->max_sustainable, in_users, good_at));
	page_entry(page, "sure", PAINT_PLAIN, "%s: %s %s at %s%s%s", figure_ratio(sure->level, share),
		is_of_timeouts ? "timeouts" : "errors", interval_text(above, broken, sizeof(broken)),
		figure_level(point->first_broken, in_users, at), sustained,
		sureness_text(sure, ending, sizeof(ending)));
}

void
terminal_add_breaking_point(const struct report *report, struct page *page)
{
	const struct verdict *verdict = report->verdict;
	const struct failure_mode_row *mode = &failure_mode_rows[verdict->failure_mode];

	/* Without a cause there is something to say only where every level was tried and held. */
	if (verdict->failure_mode == FAILURE_MODE_NONE &&
		(!isfinite(verdict->breaking_point.max_sustainable) || verdict->breaking_point.is_at_least ||
			!verdict->breaking_point.is_stepped))
		return;
	page_heading(page, "Breaking point");
	page_entry(page, "cause", PAINT_BOLD, "%s: %s", mode->name, mode->sentence);
	for (size_t i = 0; i < verdict->causes_n; i++)
		if (verdict->causes[i] != verdict->failure_mode)
			page_entry(page, "also", PAINT_PLAIN, "%s: %s", failure_mode_rows[verdict->causes[i]].name,
				failure_mode_rows[verdict->causes[i]].sentence);
	add_evidence(report, page);
	add_bracket(report, page);
	add_confidence(report, page);
	page_entry(page, "next", PAINT_ACCENT, "%s", mode->advice);
}

static const char *
recovery_text(const struct spike_verdict *spike, char *into, size_t size)
{
	bool is_one = spike->spikes == 1;
	char first[FIGURE_MAX], slowest[FIGURE_MAX];

	if (spike->slowest_recovery_ns == -2)
		snprintf(into, size, "too few rows to tell when it was back to normal");
	else if (spike->slowest_recovery_ns == -1)
		snprintf(into, size, "not back to normal %s",
			is_one ? "before the load ended" : "after every spike before the next or the load's end");
	else if (is_one)
		snprintf(into, size, "back to normal %s after it ended",
			figure_seconds(spike->recovered_after_ns, first));
	else
		snprintf(into, size, "back to normal %s after the first ended, %s at the slowest",
			spike->recovered_after_ns >= 0 ? figure_seconds(spike->recovered_after_ns, first) : "n/a",
			figure_seconds(spike->slowest_recovery_ns, slowest));
	return into;
}

void
terminal_add_spike(const struct report *report, struct page *page)
{
	const struct spike_verdict *spike = &report->verdict->spike;
	char base[FIGURE_MAX], worst[FIGURE_MAX], factor[FIGURE_MAX] = "", recovery[160];

	if (spike->spikes == 0)
		return;
	if (isfinite(spike->overshoot))
		snprintf(factor, sizeof(factor), " (%.1f×)", spike->overshoot);
	page_heading(page, "Spike");
	page_entry(page, "P95", spike->slowest_recovery_ns == -1 ? PAINT_WARN : PAINT_PLAIN,
		"%s before, %s at worst%s, %s", figure_time(spike->base_p95_ns, base),
		figure_time(spike->worst_p95_ns, worst), factor, recovery_text(spike, recovery, sizeof(recovery)));
}
