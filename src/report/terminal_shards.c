#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

/* Rows at most: of more shards those of which something is to be said come first. result.json has all of them. */
#define ROWS_MAX 20

/* What is told last is how punctually each began where nobody led them, else how far its clock is from the leader's. */
static const struct table_column shard_columns[] = {{"shard", true, 0}, {"sent", false, 0}, {"ok", false, 1},
	{"failed", false, 2}, {"unsent", false, 4}, {"achieved", false, 0}, {"late P99", false, 0}, {"CPU", false, 1},
	{"began", false, 3}};
static const struct table_column led_columns[] = {{"shard", true, 0}, {"sent", false, 0}, {"ok", false, 1},
	{"failed", false, 2}, {"unsent", false, 4}, {"achieved", false, 0}, {"late P99", false, 0}, {"CPU", false, 1},
	{"clock", false, 3}};

static const char *
skew_text(const struct shard_record *shard, char into[FIGURE_MAX])
{
	int64_t ns = shard->has_clock ? shard->clock_offset_ns : shard->skew_ns;
	char time[FIGURE_MAX];

	if (!shard->has_skew && !shard->has_clock)
		return "n/a";
	snprintf(into, FIGURE_MAX, "%s%.30s", ns < 0 ? "−" : "+", figure_time(ns < 0 ? -ns : ns, time));
	return into;
}

static bool
has_clocks(const struct shard_records *shards)
{
	for (uint32_t i = 0; i < shards->n; i++)
		if (shards->list[i].has_clock)
			return true;
	return false;
}

static void
add_row(struct table *table, const struct shard_record *shard)
{
	char text[FIGURE_MAX];

	table_add_row(table);
	snprintf(text, sizeof(text), "%" PRIu32, shard->shard);
	table_add_cell(table, shard->is_lost ? PAINT_BAD : PAINT_PLAIN, shard->name[0] != '\0' ? shard->name : text);
	table_add_cell(table, PAINT_PLAIN, figure_count(shard->sent, text));
	table_add_cell(table, PAINT_PLAIN, figure_count(shard->ok, text));
	table_add_cell(table, shard->failed > 0 ? PAINT_BAD : PAINT_PLAIN, figure_count(shard->failed, text));
	table_add_cell(table, shard->unsent > 0 ? PAINT_WARN : PAINT_PLAIN, figure_count(shard->unsent, text));
	table_add_cell(table, PAINT_PLAIN, figure_rate(shard->achieved_per_s, text));
	table_add_cell(table, PAINT_PLAIN, figure_time(shard->lateness_p99_ns, text));
	table_add_cell(table, PAINT_PLAIN, figure_ratio(shard->cpu_avg, text));
	table_add_cell(table, PAINT_PLAIN, skew_text(shard, text));
	if (shard->text[0] != '\0')
		table_add_note(table, shard->is_lost ? PAINT_BAD : PAINT_WARN, shard->text);
}

static bool
is_remarkable(const struct shard_record *shard)
{
	return shard->is_lost || shard->text[0] != '\0';
}

void
terminal_add_shards(const struct report *report, struct page *page)
{
	const struct shard_records *shards = &report->shards;
	uint32_t shown = 0;
	struct table table;

	if (shards->n == 0)
		return;
	page_heading(page, "Shards");
	table_init(&table, has_clocks(shards) ? led_columns : shard_columns, ARRAY_LEN(shard_columns));
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < shards->n && shown < ROWS_MAX; i++) {
			bool is_turn =
				shards->n <= ROWS_MAX ? round == 0 : is_remarkable(&shards->list[i]) == (round == 0);

			if (is_turn)
				add_row(&table, &shards->list[i]);
			shown += is_turn;
		}
	table_draw(&table, page);
	table_fini(&table);
	if (shown < shards->n)
		page_entry(page, "", PAINT_DIM, "and %" PRIu32 " more, in result.json", shards->n - shown);
}
