#include "cmd/preview.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "engine/lane.h"
#include "plan/data.h"
#include "report/escape.h"

#define REQUESTS_SHOWN 3
#define LINE_SHOWN ((size_t)160) /* bytes of each line of a request */
#define LINES_SHOWN 20

static const char *const order_texts[] = {
	[FEED_SEQUENTIAL] = "in order",
	[FEED_RANDOM] = "at random",
	[FEED_SHUFFLE] = "each once per round, shuffled",
	[FEED_UNIQUE] = "each once",
	[FEED_ZIPF] = "the first ones most often (zipf)",
};

static void
add_lengths(const struct plan_lengths *lengths, const char *what, struct buf *out)
{
	if (lengths->kind == LENGTHS_NONE)
		return;
	buf_printf(out, ", %llu", (unsigned long long)lengths->least);
	if (lengths->most > lengths->least)
		buf_printf(out, " to %llu", (unsigned long long)lengths->most);
	buf_printf(out, " %s", what);
}

static void
add_feed(const struct feed *feed, struct buf *out)
{
	const struct plan_feed *plan = feed_plan(feed);
	char rows[32], skipped[32];

	buf_printf(out, "  %-16s ", plan->name);
	if (plan->file == NULL) {
		buf_add_text(out, "synthetic prompts");
		add_lengths(&plan->synthetic.tokens, "tokens", out);
		add_lengths(&plan->synthetic.output_tokens, "to answer with", out);
		buf_add_text(out, plan->synthetic.is_calibrated ? ", calibrated in the warm-up\n" : "\n");
		return;
	}
	buf_printf(out, "%s row%s of ", units_count_text((double)feed_rows(feed), rows, sizeof(rows)),
		feed_rows(feed) == 1 ? "" : "s");
	escape_add(out, plan->shown, strlen(plan->shown));
	buf_printf(out, ", %s", order_texts[plan->order]);
	if (plan->weights != NULL) {
		buf_add_text(out, ", weighted by ");
		escape_add(out, plan->weights, strlen(plan->weights));
	}
	if (feed_skipped(feed) > 0)
		buf_printf(out, " (%s passed over: no question with its answer)",
			units_count_text((double)feed_skipped(feed), skipped, sizeof(skipped)));
	buf_add_text(out, "\n");
}

/* A line, indented, cut at a character's edge where it is long. */
static void
add_line(const char *text, size_t length, struct buf *out)
{
	size_t shown = length < LINE_SHOWN ? length : LINE_SHOWN;

	while (shown < length && shown > 0 && (text[shown] & 0xc0) == 0x80)
		shown--;
	buf_add_text(out, length > 0 ? "    " : "");
	escape_add(out, text, shown);
	buf_add_text(out, shown < length ? "…\n" : "\n");
}

static void
add_text(const char *text, size_t length, struct buf *out)
{
	for (int n = 0; length > 0; n++) {
		const char *stop = memchr(text, '\n', length);
		size_t line = stop != NULL ? (size_t)(stop - text) : length;

		if (n == LINES_SHOWN) {
			buf_add_text(out, "    …\n");
			return;
		}
		add_line(text, line > 0 && text[line - 1] == '\r' ? line - 1 : line, out);
		line += stop != NULL;
		text += line;
		length -= line;
	}
}

static void
add_request(const struct template *template, const struct render *render, struct buf *out)
{
	char *bytes = must_alloc(template_render_room(template, render));
	size_t length = template_render(template, render, bytes);

	buf_printf(out, "  request %llu\n", (unsigned long long)render->k);
	add_text(bytes, length, out);
	free(bytes);
}

static void
add_scenario(const struct plan *plan, uint32_t scenario, const struct requests *requests, struct buf *out)
{
	const struct plan_load *load = &plan->scenarios[scenario].load;
	struct lane lane;

	lane_init(&lane, plan, scenario, 0, 1);
	for (uint64_t k = 0; k < REQUESTS_SHOWN; k++) {
		const struct arrival arrival = {.k = k, .of_shape = k};
		const struct template *template = requests->templates[lane_request_of(&lane, &arrival)];
		const struct render render = {
			.seed = lane.seed, .k = k, .is_warmup = load->warmup_ns > 0 || load->warmup_requests > 0};

		if (template_render_max(template) > 0)
			add_request(template, &render, out);
	}
	lane_fini(&lane);
}

static bool
has_slots(const struct requests *requests)
{
	for (size_t i = 0; i < requests->n; i++)
		if (template_render_max(requests->templates[i]) > 0)
			return true;
	return false;
}

bool
preview_holds_secrets(const struct plan *plan)
{
	return strstr(plan->effective_yaml, "${env:") != NULL || strstr(plan->effective_yaml, "${file:") != NULL;
}

void
preview_add(const struct plan *plan, const struct requests *requests, struct buf *out)
{
	if (plan->data->n > 0)
		buf_add_text(out, "data\n");
	for (size_t i = 0; i < plan->data->n; i++)
		add_feed(feeds_at(requests->feeds, i), out);
	buf_add_text(out, plan->data->n > 0 ? "\n" : "");
	if (!has_slots(requests))
		return;
	if (preview_holds_secrets(plan)) {
		buf_add_text(
			out, "requests are not shown: the profile has them filled in from ${env:…} or ${file:…}\n\n");
		return;
	}
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		if (plan->scenarios[i].flow != NULL)
			continue; /* what a session fills in, only its answers can tell */
		buf_printf(out, "first requests of %s\n", plan->scenarios[i].name);
		add_scenario(plan, (uint32_t)i, requests, out);
		buf_add_text(out, "\n");
	}
}
