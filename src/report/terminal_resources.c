#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "report/energy.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

static const struct table_column resource_columns[] = {
	{"", true, 0}, {"average", false, 0}, {"peak", false, 0}, {"idle", false, 1}};

static void
add_energy(const struct report *report, struct page *page)
{
	struct energy energy;
	char tokens[64] = "";

	if (report->chronicle != NULL && report->chronicle->energy_why_not[0] != '\0')
		page_entry(page, "energy", PAINT_WARN, "target.energy.command said nothing: %s",
			report->chronicle->energy_why_not);
	if (!energy_of(report->summary, &energy))
		return;
	if (isfinite(energy.per_token_j))
		snprintf(tokens, sizeof(tokens), ", %.3g J per token", energy.per_token_j);
	page_entry(page, "energy", PAINT_PLAIN, "%.3g J%s: %.3g J per request%s", energy.joules,
		energy.is_idle_subtracted ? " above idle" : ", idle included", energy.per_request_j, tokens);
}

/* The target's own, as far as a sampler could read them. */
void
terminal_add_resources(const struct report *report, struct page *page)
{
	static const struct {
		enum gauge gauge;
		const char *label;
		bool is_silent; /* where it was always 0 */
	} rows[] = {
		{GAUGE_CPU, "CPU", false},
		{GAUGE_CPU_CORES, "CPU in cores", false},
		{GAUGE_THROTTLED, "stopped by its CPU quota", true},
		{GAUGE_CPU_PRESSURE, "some task waited for a CPU", true},
		{GAUGE_STOLEN, "a CPU taken by its host", true},
		{GAUGE_MEMORY, "memory", false},
		{GAUGE_MEMORY_LIMIT, "memory limit", false},
		{GAUGE_MEMORY_PRESSURE, "some task waited for memory", true},
		{GAUGE_IO_PRESSURE, "some task waited for a disk", true},
		{GAUGE_THREADS, "threads", false},
		{GAUGE_FDS, "open files", false},
		{GAUGE_PROCESSES, "processes", false},
		{GAUGE_GPU, "busiest GPU", false},
		{GAUGE_GPU_MEMORY, "memory of GPUs", false},
		{GAUGE_GPU_POWER, "watts of GPUs", false},
		{GAUGE_POWER, "watts of CPUs", false},
		{GAUGE_POWER_TOLD, "watts, as told", false},
	};
	const struct summary *summary = report->summary;
	struct table table;
	bool is_any = report->chronicle != NULL && report->chronicle->energy_why_not[0] != '\0';

	/* The idle column only where an idle baseline was taken. */
	table_init(&table, resource_columns,
		ARRAY_LEN(resource_columns) - (summary->target_idle.gauges[GAUGE_CPU].n == 0));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum gauge g = rows[i].gauge;
		char text[FIGURE_MAX];

		if (summary->target.gauges[g].n == 0 || (rows[i].is_silent && !(gauge_peak(&summary->target, g) > 0)))
			continue;
		table_add_row(&table);
		table_add_cell(&table, PAINT_PLAIN, rows[i].label);
		table_add_cell(
			&table, PAINT_PLAIN, figure_in_unit(gauge_rows[g].unit, gauge_avg(&summary->target, g), text));
		table_add_cell(
			&table, PAINT_PLAIN, figure_in_unit(gauge_rows[g].unit, gauge_peak(&summary->target, g), text));
		if (table.columns_n == ARRAY_LEN(resource_columns))
			table_add_cell(&table, PAINT_DIM,
				figure_in_unit(gauge_rows[g].unit, gauge_avg(&summary->target_idle, g), text));
		is_any = true;
	}
	if (is_any) {
		page_heading(page, "Target's resources");
		table_draw(&table, page);
		add_energy(report, page);
	}
	table_fini(&table);
}

/* "13 of 65,536": how near it came to running out. */
static const char *
held_text(const struct gauge_set *set, enum gauge held, enum gauge limit, char *into, size_t size)
{
	char a[FIGURE_MAX], b[FIGURE_MAX];
	double most = gauge_peak(set, held), of = gauge_last(set, limit);

	snprintf(into, size, "%s of %s", isfinite(most) ? figure_count((uint64_t)most, a) : "n/a",
		isfinite(of) ? figure_count((uint64_t)of, b)
		: isinf(of)  ? "any number"
			     : "n/a");
	return into;
}

static struct latency_figures
own_figures(const struct summary *summary, enum metric metric)
{
	const struct histogram *h = &summary->measured.histograms[metric];
	struct latency_figures figures = {.p50_ns = -1, .p99_ns = -1, .max_ns = -1};

	if (histogram_is_ready(h) && h->total > 0)
		histogram_figures(h, &figures);
	return figures;
}

/* Whether these figures can be trusted: what the generator itself was up to. */
void
terminal_add_generator(const struct report *report, struct page *page)
{
	const struct summary *summary = report->summary;
	struct latency_figures late = own_figures(summary, METRIC_LATENESS),
			       lag = own_figures(summary, METRIC_LOOP_LAG);
	char a[FIGURE_MAX], b[FIGURE_MAX], c[FIGURE_MAX], fds[2 * FIGURE_MAX + 8], ports[2 * FIGURE_MAX + 8];

	page_heading(page, "Generator");
	if (report->verdict->is_generator_limited)
		page_entry(page, "health", PAINT_BAD,
			"it limited this run: what it spoiled is INVALID and says nothing of the target");
	else if (summary->everything.counts.scheduled > 0)
		page_entry(page, "health", PAINT_GOOD, "it kept up");
	if (report->workers > 1)
		page_entry(page, "workers", PAINT_PLAIN, "%u processes; shares and limits are those of the busiest",
			report->workers);
	page_entry(page, "lateness", PAINT_PLAIN, "P50 %s · P99 %s · max %s", figure_time(late.p50_ns, a),
		figure_time(late.p99_ns, b), figure_time(late.max_ns, c));
	if (lag.count > 0)
		page_entry(page, "loop lag", PAINT_PLAIN, "P50 %s · P99 %s · max %s, from arrival to our reading it",
			figure_time(lag.p50_ns, a), figure_time(lag.p99_ns, b), figure_time(lag.max_ns, c));
	page_entry(page, "loop gap", PAINT_PLAIN, "%s at the longest", figure_time(figure_longest_gap_ns(summary), a));
	page_entry(page, "own CPU", PAINT_PLAIN, "%s on average, %s at the peak · pacing %s",
		figure_ratio(gauge_avg(&summary->self, GAUGE_CPU), a),
		figure_ratio(gauge_peak(&summary->self, GAUGE_CPU), b), report->pacing ? report->pacing : "n/a");
	if (gauge_peak(&summary->self, GAUGE_STOLEN) > 0)
		page_entry(page, "host", PAINT_PLAIN, "took a CPU away for %s of the time, %s at the peak (steal)",
			figure_ratio(gauge_avg(&summary->self, GAUGE_STOLEN), a),
			figure_ratio(gauge_peak(&summary->self, GAUGE_STOLEN), b));
	page_entry(page, "limits", PAINT_PLAIN, "%s file descriptors · %s local ports, at the peak",
		held_text(&summary->self, GAUGE_FDS, GAUGE_FDS_LIMIT, fds, sizeof(fds)),
		held_text(&summary->self, GAUGE_PORTS, GAUGE_PORTS_LIMIT, ports, sizeof(ports)));
	if (summary->self.gauges[GAUGE_TCP_RTT].n > 0)
		page_entry(page, "network", PAINT_PLAIN,
			"round trip %s, at the peak %s · sent again %s of the segments",
			figure_in_unit(UNIT_TIME, gauge_avg(&summary->self, GAUGE_TCP_RTT), a),
			figure_in_unit(UNIT_TIME, gauge_peak(&summary->self, GAUGE_TCP_RTT), b),
			figure_ratio(gauge_avg(&summary->self, GAUGE_TCP_RETRANSMITTED), c));
}
