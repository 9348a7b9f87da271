#include <stdio.h>

#include "base/check.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

#define CHANGES_SHOWN 8

static void
add_hook(struct page *page, const char *label, const struct hook_record *record)
{
	char took[FIGURE_MAX];

	if (!record->was_run)
		return;
	figure_time(record->took_ns, took);
	if (record->has_failed)
		page_entry(page, label, PAINT_BAD, "failed after %s: it %s", took, record->text);
	else
		page_entry(page, label, PAINT_PLAIN, "took %s", took);
}

static void
add_ready(struct page *page, const struct chronicle *chronicle)
{
	char after[FIGURE_MAX], polls[FIGURE_MAX];

	if (chronicle->ready_after_ns >= 0 && chronicle->ready_polls > 0)
		page_entry(page, "ready", PAINT_PLAIN, "after %s, %s poll%s",
			figure_time(chronicle->ready_after_ns, after), figure_count(chronicle->ready_polls, polls),
			chronicle->ready_polls == 1 ? "" : "s");
	else if (chronicle->ready_after_ns >= 0)
		page_entry(page, "ready", PAINT_PLAIN, "it accepted connections after %s",
			figure_time(chronicle->ready_after_ns, after));
	else if (chronicle->ready_polls > 0)
		page_entry(
			page, "ready", PAINT_BAD, "never, asked %s times", figure_count(chronicle->ready_polls, polls));
}

static const char *
recovery_text(const struct action_record *record, char *into, size_t size)
{
	char after[FIGURE_MAX];

	switch (record->recovery) {
	case RECOVERY_NOT_NEEDED: snprintf(into, size, "all held on"); break;
	case RECOVERY_DONE:
		snprintf(into, size, "all held again after %s", figure_time(record->recovered_after_ns, after));
		break;
	case RECOVERY_NOT_SEEN: snprintf(into, size, "did not recover"); break;
	default: snprintf(into, size, "n/a");
	}
	return into;
}

static void
add_actions(struct page *page, const struct chronicle *chronicle)
{
	static const struct table_column columns[] = {
		{"at", false, 0}, {"action", true, 0}, {"outcome", true, 0}, {"after it", true, 1}};
	struct table table;
	char text[CHRONICLE_TEXT_MAX + 32], at[FIGURE_MAX], outcome[FIGURE_MAX + 32];

	if (chronicle->actions_n == 0)
		return;
	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < chronicle->actions_n; i++) {
		const struct action_record *record = &chronicle->actions[i];
		bool has_failed = record->state == ACTION_FAILED;

		table_add_row(&table);
		table_add_cell(&table, PAINT_PLAIN, figure_seconds(record->started_ns, at));
		table_add_cell(&table, PAINT_PLAIN, record->action->name);
		table_add_cell(&table, has_failed ? PAINT_BAD : PAINT_PLAIN,
			action_outcome_text(record, outcome, sizeof(outcome)));
		table_add_cell(&table, record->recovery == RECOVERY_NOT_SEEN ? PAINT_BAD : PAINT_PLAIN,
			recovery_text(record, text, sizeof(text)));
		if (has_failed)
			table_add_note(&table, PAINT_BAD, record->text);
	}
	table_draw(&table, page);
	table_fini(&table);
}

/* "200 · 503 from 1.00s · 200 from 2.60s" */
static void
add_probe(struct page *page, const char *label, const struct probe_record *record)
{
	char line[512] = "", at[FIGURE_MAX], said[64];
	size_t used = 0;

	for (size_t i = 0; i < record->changes_n && i < CHANGES_SHOWN && used < sizeof(line); i++) {
		const struct probe_change *change = &record->changes[i];

		probe_change_text(change, said, sizeof(said));
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s%s%s", i == 0 ? "" : " · ", said,
			i == 0 ? "" : " from ", i == 0 ? "" : figure_seconds(change->at_ns, at));
	}
	if (record->changes_n > CHANGES_SHOWN && used < sizeof(line))
		snprintf(line + used, sizeof(line) - used, " · … %zu changes more", record->changes_n - CHANGES_SHOWN);
	page_entry(page, label, PAINT_PLAIN, "%s: %s%s%s%s", record->probe->name,
		record->changes_n > 0 ? line : "it was never asked", record->words[0] != '\0' ? " (" : "",
		record->words, record->words[0] != '\0' ? ")" : "");
}

void
terminal_add_course(const struct report *report, struct page *page)
{
	const struct chronicle *chronicle = report->chronicle;

	if (chronicle == NULL ||
		(!chronicle->before.was_run && !chronicle->after.was_run && !chronicle->beside.was_run &&
			chronicle->ready_polls == 0 && chronicle->actions_n == 0 && chronicle->probes_n == 0))
		return;
	page_heading(page, "Around the load");
	add_hook(page, "before", &chronicle->before);
	add_ready(page, chronicle);
	add_hook(page, "beside", &chronicle->beside);
	add_hook(page, "after", &chronicle->after);
	for (size_t i = 0; i < chronicle->probes_n; i++)
		add_probe(page, i == 0 ? "probe" : "", &chronicle->probes[i]);
	add_actions(page, chronicle);
}
