#include "report/terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/units.h"
#include "report/figure.h"

#define TERMINAL_WIDTH_UNKNOWN 100

struct terminal_style
terminal_style_of(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct terminal_style style = {.width = TERMINAL_WIDTH_UNKNOWN};
	struct winsize size;

	style.is_tty = isatty(fileno(stream)) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
	style.has_colour = style.is_tty && (no_colour == NULL || no_colour[0] == '\0'); /* no-color.org */
	if (style.is_tty && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		style.width = size.ws_col;
	return style;
}

static void
add_rate(const struct report *report, struct page *page)
{
	const struct summary *summary = report->summary;
	double window = summary->measured_s,
	       offered = window > 0 ? (double)summary->measured.counts.scheduled / window : NAN;
	char a[FIGURE_MAX], b[FIGURE_MAX], c[FIGURE_MAX];

	page_entry(page, "rate", PAINT_PLAIN, "%s achieved of %s offered, over %s measured",
		figure_rate(summary_achieved_per_s(summary), a), figure_rate(offered, b),
		figure_seconds(s_to_ns(window), c));
	if (report->plan->good_when_n > 0 && window > 0)
		page_entry(page, "goodput", PAINT_PLAIN, "%s hold every objective themselves",
			figure_rate((double)summary->measured.counts.good_in_window / window, a));
}

/* Of a load that others send with us: what we are of it. */
static void
add_shard(const struct run_identity *identity, struct page *page)
{
	char late[FIGURE_MAX], skew[FIGURE_MAX + 32] = "";

	if (identity->shards < 2)
		return;
	if (identity->start_at_wall_ns != 0 && identity->began_wall_ns != 0)
		snprintf(skew, sizeof(skew), ", begun %s late",
			figure_time(identity->began_wall_ns - identity->start_at_wall_ns, late));
	page_entry(page, "shard", PAINT_PLAIN,
		"%" PRIu32 " of %" PRIu32
		" (from 0)%s; levels are told as the whole load has them, counts and times are its own",
		identity->shard, identity->shards, skew);
}

/* The identities are printed as such: nobody has to trust that they hold. */
static void
add_counts(const struct summary *summary, struct page *page)
{
	const struct counts *all = &summary->everything.counts;
	char a[FIGURE_MAX], b[FIGURE_MAX], c[FIGURE_MAX], d[FIGURE_MAX];
	uint64_t lost = all->dropped + all->unsent;

	page_entry(page, "scheduled", lost > 0 ? PAINT_WARN : PAINT_PLAIN, "%s = %s sent + %s dropped + %s unsent",
		figure_count(all->scheduled, a), figure_count(all->sent, b), figure_count(all->dropped, c),
		figure_count(all->unsent, d));
	page_entry(page, "sent", PAINT_PLAIN, "%s = %s ok + %s failed + %s unfinished", figure_count(all->sent, a),
		figure_count(all->ok, b), figure_count(all->failed, c), figure_count(all->unfinished, d));
	page_entry(page, "on the wire", PAINT_PLAIN, "%s = %s sent + %s retried%s%s",
		figure_count(all->sent + all->retried + all->redirected, a), figure_count(all->sent, b),
		figure_count(all->retried, c), all->redirected > 0 ? " + redirects followed: " : "",
		all->redirected > 0 ? figure_count(all->redirected, d) : "");
}

static void
add_sessions(const struct counts *all, struct page *page)
{
	char a[FIGURE_MAX], b[FIGURE_MAX], c[FIGURE_MAX], d[FIGURE_MAX], e[FIGURE_MAX];

	page_entry(page, "sessions", all->sessions_broken + all->sessions_full > 0 ? PAINT_WARN : PAINT_PLAIN,
		"%s started = %s completed + %s broken + %s full + %s cut", figure_count(all->sessions_started, a),
		figure_count(all->sessions_completed, b), figure_count(all->sessions_broken, c),
		figure_count(all->sessions_full, d), figure_count(all->sessions_cut, e));
}

static void
add_connections(const struct summary *summary, struct page *page)
{
	uint64_t failed = summary->connects_failed,
		 opened = summary->connects > failed ? summary->connects - failed : 0;
	char a[FIGURE_MAX], b[FIGURE_MAX], before[96] = "";

	if (summary->prefetch > 0)
		snprintf(before, sizeof(before), "; of %s before the load %s failed",
			figure_count(summary->prefetch, a), figure_count(summary->prefetch_failed, b));
	page_entry(page, "connections", summary->prefetch_failed > 0 ? PAINT_WARN : PAINT_PLAIN,
		"%s opened, %s failed to open%s", figure_count(opened, a), figure_count(failed, b), before);
}

/* Who the target was is as certain as its certificate: where nobody looked at it, that is said. */
static void
add_tls(const struct report *report, struct page *page)
{
	const struct tls_told *tls = &report->summary->tls;
	bool is_verified = report->plan->target.tls.verify;
	char a[FIGURE_MAX], b[FIGURE_MAX];

	if (!plan_url_is_tls(&report->plan->target.url))
		return;
	page_entry(page, "TLS", PAINT_PLAIN, "handshakes: %s in full, %s resumed%s%s", figure_count(tls->full, a),
		figure_count(tls->resumed, b), tls->spoken[0] != '\0' ? "; " : "", tls->spoken);
	if (!is_verified)
		page_entry(page, "", PAINT_WARN, "the target's certificate was not verified (tls.verify: false)");
}

/* What was asked for and what came of it. Of a target that was never reached there are counts alone. */
static void
add_load(const struct report *report, struct page *page)
{
	const struct summary *summary = report->summary;
	const struct counts *all = &summary->everything.counts;
	bool was_reached = report->verdict->status != VERDICT_UNREACHABLE;
	char a[FIGURE_MAX], b[FIGURE_MAX];

	page_heading(page, "Load");
	add_shard(&report->identity, page);
	if (was_reached)
		add_rate(report, page);
	add_counts(summary, page);
	if (plan_has_flow(report->plan))
		add_sessions(all, page);
	if (was_reached)
		page_entry(page, "in flight", PAINT_PLAIN, "%s on average, %s at the peak",
			isfinite(summary->in_flight_avg) ? figure_count((uint64_t)llround(summary->in_flight_avg), a)
							 : "n/a",
			figure_count(summary->in_flight_peak, b));
	add_connections(summary, page);
	add_tls(report, page);
	if (all->bytes_sent + all->bytes_received > 0)
		page_entry(page, "bytes", PAINT_PLAIN, "%s sent, %s received", figure_bytes((double)all->bytes_sent, a),
			figure_bytes((double)all->bytes_received, b));
	if (!counts_identities_hold(all))
		page_entry(page, "", PAINT_BAD, "These figures do not add up: this is a bug in brunt.");
}

/* Everything that was measured; of a target that was never reached there is nothing but the errors. */
static void
add_measurements(const struct report *report, struct page *page)
{
	if (report->verdict->status == VERDICT_UNREACHABLE) {
		terminal_add_failures(report, page);
		return;
	}
	terminal_add_spike(report, page);
	terminal_add_levels(report, page);
	terminal_add_curve(report, page);
	terminal_add_sustained(report, page);
	terminal_add_slos(report, page);
	terminal_add_against(report, page);
	terminal_add_alerts(report, page);
	terminal_add_latency(report, page);
	terminal_add_tokens(report, page);
	terminal_add_histogram(report, page);
	terminal_add_requests(report, page);
	terminal_add_backends(report, page);
	terminal_add_failures(report, page);
	terminal_add_checks(report, page);
	terminal_add_course(report, page);
	terminal_add_resources(report, page);
	terminal_add_scraped(report, page);
	terminal_add_generator(report, page);
	terminal_add_shards(report, page);
}

/* Figures are those of the arms, and of each run in its own report. */
static void
add_several(const struct report *report, struct page *page)
{
	terminal_add_experiment(report, page);
	terminal_add_comparison(report, page);
	terminal_add_slos(report, page);
	page_heading(page, "Load");
	add_counts(report->summary, page);
	add_connections(report->summary, page);
	terminal_add_failures(report, page);
}

static void
add_requests_log(const struct report *report, struct page *page)
{
	const struct requests_record *record = report->chronicle != NULL ? &report->chronicle->requests : NULL;
	char written[FIGURE_MAX], missing[FIGURE_MAX], at[FIGURE_MAX];

	if (record == NULL || !record->is_kept)
		return;
	page_entry(page, "requests", PAINT_PLAIN, "%s in requests.ndjson", figure_count(record->written, written));
	if (record->full_ns >= 0)
		page_entry(page, "", PAINT_WARN, "it was full at %s; %s that ended later are not in it",
			figure_seconds(record->full_ns, at), figure_count(record->beyond, missing));
	if (record->dropped > 0)
		page_entry(page, "", PAINT_WARN, "%s ended faster than they could be written, and are not in it",
			figure_count(record->dropped, missing));
}

static void
add_push(const struct report *report, struct page *page)
{
	const struct push_record *record = report->chronicle != NULL ? &report->chronicle->push : NULL;
	char told[FIGURE_MAX], lost[FIGURE_MAX];

	if (record == NULL || record->shown == NULL)
		return;
	page_entry(
		page, "push", PAINT_PLAIN, "%s intervals told to %s", figure_count(record->told, told), record->shown);
	if (record->lost > 0)
		page_entry(page, "", PAINT_WARN, "%s could not be told: %s", figure_count(record->lost, lost),
			record->failed > 0 ? record->text : "there was no time");
}

void
terminal_report(const struct report *report, const struct terminal_style *style, struct buf *into)
{
	struct page page;

	page_init(&page, into, style);
	terminal_add_verdict(report, &page);
	if (report->experiment != NULL) {
		add_several(report, &page);
	} else {
		terminal_add_breaking_point(report, &page);
		add_load(report, &page);
		add_measurements(report, &page);
		terminal_add_advice(report, &page);
	}
	if (report->results_dir != NULL) {
		page_heading(&page, "Results");
		page_entry(&page, "in", PAINT_PLAIN, "%s", report->results_dir);
		add_requests_log(report, &page);
		add_push(report, &page);
	}
}
