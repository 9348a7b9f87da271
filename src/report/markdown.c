#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "brunt_version.h"
#include "report/escape.h"
#include "report/excerpt.h"
#include "report/canary.h"
#include "report/figure.h"
#include "report/terminal.h"

/* A page for a pull request: the verdict first, tables after it. Whatever was said by somebody else is written in
 * character references wherever Markdown or HTML could take it for markup, a mention or a link (CommonMark §2.5; GFM
 * autolinks). */

#define MARKDOWN_TEXT_MAX 2048

/* Whether the character at p would be read as markup: what opens anything anywhere; an underscore at a word's edge;
 * what begins a list, a quote or a heading; and the parts of links that need no brackets. */
static bool
is_markup(const char *text, const char *p)
{
	if (strchr("&<>`\\*{}[]|#@~$", *p) != NULL)
		return true;
	if (*p == '_')
		return p == text || !isalnum((unsigned char)p[-1]) || !isalnum((unsigned char)p[1]);
	if (*p == ':')
		return p[1] == '/';
	if (*p == '.')
		return p > text && tolower((unsigned char)p[-1]) == 'w';
	return p == text && strchr("-+=!", *p) != NULL;
}

static void
add_text(struct buf *into, const char *text)
{
	char clean[MARKDOWN_TEXT_MAX];

	escape_text(text, clean, sizeof(clean));
	for (const char *p = clean; *p != '\0'; p++)
		if (is_markup(clean, p))
			buf_printf(into, "&#%d;", *p);
		else
			buf_add_char(into, *p);
}

static void
add_printf(struct buf *into, const char *format, ...)
{
	char text[MARKDOWN_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add_text(into, text);
}

/* "### title" and the table's head; columns with commas between them, those of figures beginning with '>'. */
static void
begin_table(struct buf *into, const char *title, const char *columns)
{
	struct buf rule;

	buf_init(&rule, 512);
	buf_printf(into, "\n### %s\n\n|", title);
	for (const char *p = columns; *p != '\0';) {
		size_t length = strcspn(p, ",");
		bool is_figure = *p == '>';

		buf_printf(into, " %.*s |", (int)length - is_figure, p + is_figure);
		buf_printf(&rule, is_figure ? "---:|" : "---|");
		p += length + (p[length] == ',');
	}
	buf_printf(into, "\n|%s\n", rule.bytes);
	buf_fini(&rule);
}

static void
add_cell(struct buf *into, const char *text)
{
	buf_add_text(into, "| ");
	add_text(into, text);
	buf_add_char(into, ' ');
}

static void
end_row(struct buf *into)
{
	buf_add_text(into, "|\n");
}

static const char *
status_mark(enum verdict_status status)
{
	return status == VERDICT_PASS ? "✅" : status == VERDICT_FAIL || status == VERDICT_UNREACHABLE ? "❌" : "⚠️";
}

static void
add_verdict(const struct report *report, struct buf *into)
{
	const struct verdict *verdict = report->verdict;
	char headline[512], started[32], lasted[FIGURE_MAX];

	buf_printf(into, "## %s ", status_mark(verdict->status));
	add_text(into, terminal_headline(report, headline, sizeof(headline)));
	buf_add_text(into, "\n\n**");
	add_text(into, report->plan->name);
	buf_printf(into, "**: %s, exit %d · ", verdict_status_names[verdict->status], verdict->exit_code);
	add_printf(into, "%s · %s · %s", report->plan->target.url.text,
		wall_text(report->identity.started_wall_ns, started, sizeof(started)),
		figure_seconds(report->duration_ns, lasted));
	if (verdict->score.grade != GRADE_NONE)
		buf_printf(into, " · **%s**, %zu of %zu goals met", grade_names[verdict->score.grade],
			verdict->score.met, verdict->score.judged);
	buf_add_text(into, "\n\n");
	for (size_t i = 0; i < verdict->reasons_n; i++) {
		buf_add_text(into, "- ");
		add_text(into, verdict->reasons[i]);
		buf_add_char(into, '\n');
	}
}

static void
add_objective(struct buf *into, const struct slo_verdict *slo)
{
	static const char *const words[] = {"✅ holds", "🟡 stretch missed", "❌ missed", "n/a"};
	char value[FIGURE_MAX];

	add_cell(into, slo->expr->text);
	add_cell(into, figure_measured(slo->expr, slo->value, value));
	add_cell(into, figure_factor_text(slo->expr, slo->value, value));
	buf_printf(into, "| %s ", words[slo->status]);
	end_row(into);
}

static void
add_objectives(const struct report *report, struct buf *into)
{
	const struct verdict *verdict = report->verdict;
	const struct experiment *experiment = report->experiment;
	size_t slos_n = verdict->slos != NULL ? report->plan->slos_n : 0;
	size_t gates_n = experiment != NULL ? experiment->gates_n : 0;

	if (slos_n + gates_n == 0)
		return;
	begin_table(into, "Objectives", "objective,>measured,than wanted,outcome");
	for (size_t i = 0; i < slos_n; i++)
		add_objective(into, &verdict->slos[i]);
	for (size_t i = 0; i < gates_n; i++)
		add_objective(into, &experiment->gates[i].slo);
}

static void
add_change(struct buf *into, const struct comparison_row *row)
{
	if (!isfinite(row->delta_rel))
		buf_add_text(into, "| n/a ");
	else if (!isfinite(row->ci_rel[0]) || !isfinite(row->ci_rel[1]))
		buf_printf(into, "| %+.1f%% ", row->delta_rel * 100);
	else
		buf_printf(into, "| %+.1f%% (%+.1f%% … %+.1f%%) ", row->delta_rel * 100, row->ci_rel[0] * 100,
			row->ci_rel[1] * 100);
}

static void
add_comparison(const struct comparison *comparison, struct buf *into)
{
	static const char *const marks[COMPARISON_STATUS_COUNT] = {[COMPARISON_REGRESSION] = "❌ ",
		[COMPARISON_SMALL_REGRESSION] = "🟡 ",
		[COMPARISON_IMPROVEMENT] = "✅ "};
	char figure[FIGURE_MAX];

	buf_add_text(into, "\n**");
	add_text(into, comparison->current->name);
	buf_add_text(into, "** against **");
	add_text(into, comparison->baseline->name);
	buf_add_text(into, "**\n");
	begin_table(into, "Comparison", "metric,>baseline,>current,>change (95% CI),verdict,gated");
	for (size_t i = 0; i < comparison->rows_n; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		const char *mark = marks[row->status];
		char status[64];

		add_cell(into, row->name);
		add_cell(into, figure_measured(&row->measure, row->baseline, figure));
		add_cell(into, figure_measured(&row->measure, row->current, figure));
		add_change(into, row);
		snprintf(status, sizeof(status), "%s%s", mark ? mark : "", comparison_status_names[row->status]);
		add_cell(into, status);
		buf_add_text(into, row->is_gated ? "| yes " : "| ");
		end_row(into);
	}
	if (comparison->warning[0] != '\0') {
		buf_add_text(into, "\n> ");
		add_text(into, comparison->warning);
		buf_add_char(into, '\n');
	}
}

static void
add_level(const struct report *report, size_t i, struct buf *into)
{
	const struct level_summary *level = &report->summary->levels[i];
	const struct level_verdict *verdict = i < report->verdict->levels_n ? &report->verdict->levels[i] : NULL;
	struct latency_figures f;
	char text[FIGURE_MAX];

	figure_latency(level, METRIC_RESPONSE, &f);
	buf_printf(into, "| %u ", level->index);
	add_cell(into, figure_level(level->offered, figure_levels_in_users(report->plan), text));
	add_cell(into, figure_rate(level->window_s > 0 ? level_achieved_per_s(level) : NAN, text));
	add_cell(into, figure_ratio(counts_error_rate(&level->counts), text));
	add_cell(into, figure_time(f.count ? f.p50_ns : -1, text));
	add_cell(into, figure_time(f.count ? f.p95_ns : -1, text));
	add_cell(into, figure_time(f.count ? f.p99_ns : -1, text));
	add_cell(into, figure_count(level->in_flight_peak, text));
	add_cell(into, figure_ratio(gauge_avg(&level->target, GAUGE_CPU), text));
	add_cell(into, figure_bytes(gauge_peak(&level->target, GAUGE_MEMORY), text));
	add_cell(into, verdict != NULL ? level_status_names[verdict->status] : "not judged");
	end_row(into);
}

static void
add_levels(const struct report *report, struct buf *into)
{
	size_t known = 0;

	for (size_t i = 0; i < report->summary->levels_n; i++)
		known += report->summary->levels[i].is_known;
	if (known == 0)
		return;
	begin_table(into, "Levels", ">level,>offered,>achieved,>errors,>P50,>P95,>P99,>in flight,>CPU,>memory,status");
	for (size_t i = 0; i < report->summary->levels_n; i++)
		if (report->summary->levels[i].is_known)
			add_level(report, i, into);
}

static void
add_fact(struct buf *into, const char *name, const char *text)
{
	buf_printf(into, "- **%s** ", name);
	add_text(into, text);
	buf_add_char(into, '\n');
}

static void
add_causes(const struct report *report, struct buf *into)
{
	const struct verdict *verdict = report->verdict;
	char text[EXCERPT_TEXT_MAX], at[FIGURE_MAX], line[FINDING_TEXT_MAX + 64];

	if (verdict->causes_n == 0)
		return;
	buf_add_text(into, "\n### Why\n\n");
	for (size_t i = 0; i < verdict->causes_n; i++) {
		const struct failure_mode_row *mode = &failure_mode_rows[verdict->causes[i]];

		add_fact(into, mode->name, mode->sentence);
	}
	for (size_t i = 0; i < verdict->evidence_n; i++) {
		const struct finding *finding = verdict->evidence[i];

		snprintf(line, sizeof(line), finding->onset_ns >= 0 ? "%s (from %s on)" : "%s", finding->text,
			figure_seconds(finding->onset_ns, at));
		add_fact(into, "evidence", line);
		if (finding->excerpt.n > 0)
			add_fact(into, "around it", excerpt_text(&finding->excerpt, text));
	}
	add_fact(into, "next", failure_mode_rows[verdict->failure_mode].advice);
}

static void
add_advice(const struct report *report, struct buf *into)
{
	const struct verdict *verdict = report->verdict;

	if (verdict->advice_n > 0)
		buf_add_text(into, "\n### Recommendations\n\n");
	for (size_t i = 0; i < verdict->advice_n; i++) {
		buf_add_text(into, "- ");
		add_text(into, verdict->advice[i].text);
		buf_add_text(into, "<br>");
		add_text(into, verdict->advice[i].evidence);
		buf_add_char(into, '\n');
	}
}

static void
add_alerts(const struct report *report, struct buf *into)
{
	const struct alert_record *records = report->verdict->alerts;
	char first[FIGURE_MAX], held[FIGURE_MAX], worst[FIGURE_MAX];
	bool is_any = false;

	for (size_t i = 0; records != NULL && i < report->plan->alerts_n; i++) {
		if (records[i].fired == 0)
			continue;
		if (!is_any)
			begin_table(into, "Alerts", "alert,>fired,>first from,>held,>worst");
		is_any = true;
		add_cell(into, records[i].alert->name);
		buf_printf(into, "| %u ", records[i].fired);
		add_cell(into, figure_seconds(records[i].first_ns, first));
		add_cell(into, figure_seconds(records[i].held_ns, held));
		add_cell(into, figure_measured(&records[i].alert->when, records[i].worst, worst));
		end_row(into);
	}
}

static void
add_distribution(const struct report *report, enum metric metric, struct buf *into)
{
	const struct histogram *h = &report->summary->measured.histograms[metric];
	struct latency_figures f;
	char text[FIGURE_MAX];

	if (!histogram_is_ready(h) || h->total == 0 || metric_rows[metric].unit != UNIT_TIME)
		return;
	histogram_figures(h, &f);
	const int64_t times[] = {f.p50_ns, f.p90_ns, f.p95_ns, f.p99_ns, f.p999_ns, f.max_ns};

	add_cell(into, metric_rows[metric].name);
	add_cell(into, figure_count(f.count, text));
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		add_cell(into, figure_time(times[i], text));
	end_row(into);
}

static void
add_latency(const struct report *report, struct buf *into)
{
	if (report->summary->measured.counts.ok == 0)
		return;
	begin_table(into, "Latency", "from due,>n,>P50,>P90,>P95,>P99,>P99.9,>max");
	for (int m = 0; m < METRIC_COUNT; m++)
		add_distribution(report, (enum metric)m, into);
}

static void
add_errors(const struct report *report, struct buf *into)
{
	const struct counts *c = &report->summary->everything.counts;
	char n[FIGURE_MAX], share[FIGURE_MAX];

	if (c->failed + c->dropped + c->unsent == 0)
		return;
	begin_table(into, "Errors", "class,>requests,>share,what it means");
	for (int f = 0; f < FAILURE_COUNT; f++) {
		if (c->by_failure[f] == 0)
			continue;
		add_cell(into, failure_rows[f].counter);
		add_cell(into, figure_count(c->by_failure[f], n));
		add_cell(into, figure_ratio((double)c->by_failure[f] / (double)c->scheduled, share));
		add_cell(into, failure_rows[f].sentence);
		end_row(into);
	}
}

static void
add_load(const struct report *report, struct buf *into)
{
	const struct counts *c = &report->summary->everything.counts;
	char a[FIGURE_MAX], b[FIGURE_MAX], d[FIGURE_MAX], e[FIGURE_MAX], line[256];

	buf_add_text(into, "\n### Load\n\n");
	snprintf(line, sizeof(line), "%s = %s sent + %s dropped + %s unsent", figure_count(c->scheduled, a),
		figure_count(c->sent, b), figure_count(c->dropped, d), figure_count(c->unsent, e));
	add_fact(into, "scheduled", line);
	snprintf(line, sizeof(line), "%s = %s ok + %s failed + %s unfinished", figure_count(c->sent, a),
		figure_count(c->ok, b), figure_count(c->failed, d), figure_count(c->unfinished, e));
	add_fact(into, "sent", line);
	if (report->summary->measured_s > 0) {
		snprintf(line, sizeof(line), "%s of %s offered, %s of the requests did not end well",
			figure_rate(summary_achieved_per_s(report->summary), a),
			figure_rate(
				(double)report->summary->measured.counts.scheduled / report->summary->measured_s, b),
			figure_ratio(counts_error_rate(&report->summary->measured.counts), d));
		add_fact(into, "achieved", line);
	}
	snprintf(line, sizeof(line), "lateness P99 %s, CPU %s, longest gap of its loop %s",
		figure_time(histogram_quantile_ns(&report->summary->measured.histograms[METRIC_LATENESS], 0.99), a),
		figure_ratio(gauge_avg(&report->summary->self, GAUGE_CPU), b),
		figure_time(figure_longest_gap_ns(report->summary), d));
	add_fact(into, "generator", line);
}

static void
add_canary(const struct canary_record *canary, struct buf *into)
{
	char text[CANARY_TEXT_MAX];

	begin_table(into, "Canary", ">stage,>keys,outcome,what was done");
	for (size_t i = 0; i < canary->stages_n; i++) {
		const struct canary_stage_record *stage = &canary->stages[i];

		add_cell(into, figure_count(i + 1, text));
		snprintf(text, sizeof(text), "%.4g%%", stage->share * 100);
		add_cell(into, text);
		add_cell(into, canary_outcome_text(stage, text));
		add_cell(into, canary_told_text(stage, text));
		end_row(into);
	}
}

static bool
markdown_write(const struct report *report, struct buf *into)
{
	const struct experiment *experiment = report->experiment;

	add_verdict(report, into);
	add_objectives(report, into);
	add_alerts(report, into);
	if (experiment != NULL && experiment->canary != NULL)
		add_canary(experiment->canary, into);
	for (size_t i = 0; experiment != NULL && i < experiment->comparisons_n; i++)
		add_comparison(experiment->comparisons[i], into);
	if (experiment == NULL) {
		add_levels(report, into);
		add_causes(report, into);
		add_advice(report, into);
		add_latency(report, into);
	}
	add_errors(report, into);
	add_load(report, into);
	buf_add_text(into, "\n<sub>brunt " BRUNT_VERSION " · ");
	add_text(into, report->identity.id);
	buf_add_text(into, " · profile ");
	add_text(into, report->plan->hash);
	buf_add_text(into, "</sub>\n");
	return !into->overflowed;
}

static const struct report_document markdown_documents[] = {{"report.md", markdown_write}, {0}};

const struct reporter_ops markdown_reporter = {
	.choice = {.name = "markdown", .help = "report.md: verdict, objectives, levels and causes, for a pull request"},
	.documents = markdown_documents,
};
