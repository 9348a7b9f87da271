#include <stdio.h>

#include "report/figure.h"
#include "report/terminal.h"

#define FAILURE_INDENT 22 /* where the words begin: after the count and its share */
#define SENTENCE_MAX 256
#define PHASES_MAX 768

/* Of most classes the sentence says it: whoever waits is in no connection, and what was judged had come. */
static bool
is_said_by_class(const struct counts *counts, int failure)
{
	for (int p = 0; p < EXCHANGE_PHASE_COUNT; p++)
		if (counts->by_phase[failure][p] > 0 && p != EXCHANGE_QUEUE && p != EXCHANGE_CONNECT &&
			p != EXCHANGE_ANSWER)
			return false;
	return true;
}

/* "; 8 waiting for the answer's headers, 4 reading the answer's body" */
static const char *
phases_text(const struct counts *counts, int failure, char *into, size_t size)
{
	char count[FIGURE_MAX];
	size_t used = 0;

	into[0] = '\0';
	for (int p = 0; p < EXCHANGE_PHASE_COUNT && !is_said_by_class(counts, failure) && used < size; p++)
		if (counts->by_phase[failure][p] > 0)
			used += (size_t)snprintf(into + used, size - used, "%s %s %s", used > 0 ? "," : ";",
				figure_count(counts->by_phase[failure][p], count), exchange_phase_rows[p].sentence);
	return into;
}

static void
add_line(struct page *page, enum paint paint, uint64_t n, uint64_t of, const char *name, const char *sentence,
	const char *words, const char *phases)
{
	char count[FIGURE_MAX], share[FIGURE_MAX], text[SENTENCE_MAX + FAILURE_WORDS_MAX + PHASES_MAX];

	page_pad(page, 2);
	page_printf(page, paint, "%10s", figure_count(n, count));
	page_printf(page, PAINT_DIM, " %7s  ", figure_ratio(of ? (double)n / (double)of : 0, share));
	snprintf(text, sizeof(text), "%s: %s%s%s%s%s", name, sentence, words[0] != '\0' ? " (\"" : "", words,
		words[0] != '\0' ? "\")" : "", phases);
	page_wrap(page, FAILURE_INDENT, PAINT_PLAIN, text);
}

static void
add_statuses(const struct counts *counts, struct page *page)
{
	char count[FIGURE_MAX], text[1024] = "";
	size_t used = 0;

	for (unsigned s = 0; s < 500 && used + 64 < sizeof(text); s++)
		if (counts->by_status[s] > 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u × %s", used ? " · " : "",
				s + 100, figure_count(counts->by_status[s], count));
	if (used > 0) {
		page_heading(page, "Status codes");
		page_pad(page, 2);
		page_wrap(page, 2, PAINT_PLAIN, text);
	}
}

/* Whatever did not end well, in words, the most frequent first; shares are of all that was scheduled. */
void
terminal_add_failures(const struct report *report, struct page *page)
{
	const struct counts *counts = &report->summary->everything.counts;
	bool is_shown[FAILURE_COUNT] = {false};
	char phases[PHASES_MAX];

	if (counts->failed + counts->unsent + counts->dropped + counts->unfinished > 0)
		page_heading(page, "Errors");
	for (;;) {
		int most = -1;

		for (int f = 0; f < FAILURE_COUNT; f++)
			if (!is_shown[f] && counts->by_failure[f] > 0 &&
				(most < 0 || counts->by_failure[f] > counts->by_failure[most]))
				most = f;
		if (most < 0)
			break;
		is_shown[most] = true;
		add_line(page, failure_rows[most].blames == BLAMES_CLIENT ? PAINT_WARN : PAINT_BAD,
			counts->by_failure[most], counts->scheduled, failure_rows[most].counter,
			failure_rows[most].sentence, report->summary->tls.words[most],
			phases_text(counts, most, phases, sizeof(phases)));
	}
	if (counts->unfinished > 0)
		add_line(page, PAINT_WARN, counts->unfinished, counts->scheduled, "unfinished",
			"still under way when the run ended", "", "");
	add_statuses(counts, page);
}
