#include <math.h>
#include <stdio.h>

#include "plan/unit.h"
#include "report/figure.h"
#include "report/terminal.h"

static const char *
text_of(enum plan_unit unit, double value, char into[FIGURE_MAX])
{
	return expr_value_text(unit, value, into, FIGURE_MAX);
}

static void
add_knee(const struct load_curve *c, struct page *page)
{
	char load[FIGURE_MAX], p95[FIGURE_MAX];

	if (c->knee.why_not[0] != '\0')
		page_entry(page, "knee", PAINT_DIM, "none: %s", c->knee.why_not);
	else
		page_entry(page, "knee", PAINT_PLAIN,
			"at %s, where response P95 is %s: beyond it waiting grows fastest",
			figure_level(c->knee.load, c->usl.in_users, load), text_of(UNIT_TIME, c->knee.p95_ns, p95));
}

static void
add_usl(const struct usl *usl, struct page *page)
{
	char one[FIGURE_MAX], most[FIGURE_MAX], end[160];

	if (usl->why_not[0] != '\0') {
		page_entry(page, "scalability", PAINT_DIM, "not shown: %s", usl->why_not);
		return;
	}
	if (usl->no_peak[0] == '\0')
		snprintf(end, sizeof(end), "peak %s at %.3g %s", figure_rate(usl->peak_per_s, most), usl->peak_load,
			usl->in_users ? "users" : "in flight");
	else if (isfinite(usl->limit_per_s))
		snprintf(end, sizeof(end), "tends to %s", figure_rate(usl->limit_per_s, most));
	else
		snprintf(end, sizeof(end), "%s", usl->no_peak);
	page_entry(page, "scalability", PAINT_PLAIN,
		"%s for one at a time, contention %.1f%%, coherency %.2g%%: %s (Universal Scalability Law, R² %.3f, "
		"residual %.1f%%)",
		figure_rate(usl->lambda, one), usl->sigma * 100, usl->kappa * 100, end, usl->r_squared,
		usl->residual * 100);
}

static void
add_memory(const struct memory_fit *fit, struct page *page)
{
	char idle[FIGURE_MAX], each[FIGURE_MAX], residual[FIGURE_MAX], above[FIGURE_MAX];

	if (!memory_fit_is_known(fit))
		return;
	page_entry(page, "memory", PAINT_PLAIN, "%s + %s per %s (residual %s); %s above idle at the highest level",
		figure_bytes(fit->idle_bytes, idle), figure_bytes(fit->per_load_bytes, each),
		fit->in_users ? "user" : "request/s", figure_bytes(fit->residual_bytes, residual),
		figure_bytes(fit->above_idle_bytes, above));
}

/* Two figures of ours contradict each other: said wherever it is so, whatever the load. */
static void
add_little(const struct load_curve *c, struct page *page)
{
	if (c->little_off > 0)
		page_entry(page, "doubt", PAINT_WARN,
			"level %u: %.3g were in flight on average, but rate × time (Little's law) makes %.3g to %.3g: one of "
			"brunt's own accounts is wrong (%zu of %zu levels)",
			c->worst_level, c->worst.in_flight, c->worst.least, c->worst.most, c->little_off,
			c->little_checked);
}

void
terminal_add_curve(const struct report *report, struct page *page)
{
	const struct load_curve *c = &report->verdict->curve;

	if (!c->is_known && c->little_off == 0)
		return;
	page_heading(page, "Load curve");
	if (c->is_known) {
		add_knee(c, page);
		add_usl(&c->usl, page);
		add_memory(&c->memory, page);
	}
	add_little(c, page);
}

static void
add_drift(struct page *page, const char *label, const struct drift *drift, enum plan_unit unit, bool is_bad)
{
	char first[FIGURE_MAX], last[FIGURE_MAX], change[FIGURE_MAX], low[FIGURE_MAX], high[FIGURE_MAX];

	if (drift->windows == 0)
		return;
	page_entry(page, label, is_bad ? PAINT_WARN : PAINT_PLAIN, "%s → %s, %s (95%% %s to %s): %s",
		text_of(unit, drift->first, first), text_of(unit, drift->last, last),
		text_of(UNIT_CHANGE, drift->change, change), text_of(UNIT_CHANGE, drift->change_ci[0], low),
		text_of(UNIT_CHANGE, drift->change_ci[1], high), drift->is_trend ? "a trend" : "no trend");
}

static void
add_memory_course(const struct sustained *s, struct page *page)
{
	static const char *const sentences[] = {
		[MEMORY_UNKNOWN] = "",
		[MEMORY_FLAT] = "no growth that could be told from noise",
		[MEMORY_LEAK] = "it grows, and does not slow down",
		[MEMORY_WARM_UP] = "it grew, but slows down or stopped: warm-up, no leak",
		[MEMORY_SHRINKS] = "it becomes less",
	};
	char growth[FIGURE_MAX], slope[FIGURE_MAX], low[FIGURE_MAX], high[FIGURE_MAX];

	if (s->memory_course == MEMORY_UNKNOWN)
		return;
	add_drift(page, "memory", &s->memory, UNIT_BYTES, false);
	page_entry(page, "leak", s->memory_course == MEMORY_LEAK ? PAINT_WARN : PAINT_PLAIN,
		"%s: %s (95%% %s to %s), %s", sentences[s->memory_course], text_of(UNIT_SLOPE, s->memory.per_h, slope),
		text_of(UNIT_SLOPE, s->memory.per_h_ci[0], low), text_of(UNIT_SLOPE, s->memory.per_h_ci[1], high),
		text_of(UNIT_GROWTH, s->memory.first > 0 ? s->memory.per_h / s->memory.first : NAN, growth));
}

/* The highest percentile that the windows can tell of stands for the others. */
void
terminal_add_sustained(const struct report *report, struct page *page)
{
	const struct sustained *s = &report->verdict->sustained;
	const struct drift *latency = s->p99.windows > 0 ? &s->p99 : s->p95.windows > 0 ? &s->p95 : &s->p50;
	const char *label = latency == &s->p99 ? "P99" : latency == &s->p95 ? "P95" : "P50";

	if (!s->is_known)
		return;
	page_heading(page, "Over time");
	add_drift(page, label, latency, UNIT_TIME, latency->is_trend && latency->change > 0);
	add_drift(page, "achieved", &s->achieved, UNIT_RATE, s->achieved.is_trend && s->achieved.change < 0);
	add_memory_course(s, page);
}
