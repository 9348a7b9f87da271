#include <stdio.h>

#include "base/check.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

static const struct table_column backend_columns[] = {{"", true, 0}, {"address", true, 0}, {"connects", false, 2},
	{"not connected", false, 1}, {"sent", false, 1}, {"ok", false, 0}, {"failed", false, 0}, {"unsent", false, 0}};

static bool
has_anything(const struct peer *peer)
{
	return peer->address[0] != '\0' || peer->ok + peer->failed + peer->unfinished + peer->unsent > 0;
}

static void
add_count(struct table *table, enum paint paint, uint64_t n)
{
	char text[FIGURE_MAX];

	table_add_cell(table, n > 0 ? paint : PAINT_PLAIN, figure_count(n, text));
}

static void
add_peer(struct table *table, const struct plan_backend *backend, const struct peer *peer)
{
	table_add_row(table);
	table_add_cell(table, PAINT_PLAIN, backend->url.text);
	table_add_cell(table, PAINT_PLAIN, peer->address[0] != '\0' ? peer->address : "none yet");
	add_count(table, PAINT_PLAIN, peer->connects);
	add_count(table, PAINT_BAD, peer->connects_failed);
	add_count(table, PAINT_PLAIN, peer->ok + peer->failed + peer->unfinished);
	add_count(table, PAINT_PLAIN, peer->ok);
	add_count(table, PAINT_BAD, peer->failed);
	add_count(table, PAINT_BAD, peer->unsent);
	if (peer->address[0] != '\0' && !peer->is_listed)
		table_add_note(table, PAINT_DIM, "its name stands for this address no longer");
}

/* Where there is one address alone, its figures are the run's. */
void
terminal_add_backends(const struct report *report, struct page *page)
{
	const struct peers *peers = &report->summary->peers;
	const struct plan_backend *backends = report->plan->target.backends.items;
	struct table table;
	unsigned addresses = 0;

	for (uint32_t i = 0; i < peers->n; i++)
		addresses += peers->list[i].address[0] != '\0';
	if (addresses < 2)
		return;
	page_heading(page, "Backends");
	table_init(&table, backend_columns, ARRAY_LEN(backend_columns));
	for (uint32_t i = 0; i < peers->n; i++)
		if (has_anything(&peers->list[i]))
			add_peer(&table, &backends[peers->list[i].backend], &peers->list[i]);
	table_draw(&table, page);
	table_fini(&table);
}
