#include "cmd/check_suite.h"

#include "cmd/check_experiment.h"
#include "cmd/plot.h"

static void
print_needs(const struct plan_suite *suite, const struct suite_item *item, struct buf *out)
{
	if (item->needs_n == 0)
		return;
	buf_printf(out, "  %-4s %-20s needs", "", "");
	for (size_t i = 0; i < item->needs_n; i++)
		buf_printf(out, "%s %s", i > 0 ? "," : "", suite->items[item->needs[i]].name);
	buf_add_text(out, "\n");
}

static void
print_item(const struct plan_suite *suite, size_t i, int64_t load_ns, struct buf *out)
{
	const struct suite_item *item = &suite->items[i];
	size_t runs = experiment_runs_n(item->experiment);
	char length[32] = "open";

	if (load_ns > 0)
		plot_time_text(load_ns, length, sizeof(length));
	buf_printf(out, "  %-4zu %-20s %-12s %10s %6zu  %s\n", i + 1, item->name, item->category, length, runs,
		item->shown);
	print_needs(suite, item, out);
	if (item->only_if.text != NULL)
		buf_printf(out, "  %-4s %-20s only if: %s\n", "", "", item->only_if.shown);
	for (size_t j = 0; j < item->settings_n; j++)
		buf_printf(out, "  %-4s %-20s set %s\n", "", "", item->settings[j]);
}

void
check_print_suite(const struct plan_suite *suite, struct buf *out)
{
	int64_t sum_ns = 0;
	bool is_known = true;
	char text[32];

	buf_printf(out, "%s: a suite of %zu profiles, one after the other\n\n", suite->name, suite->items_n);
	buf_printf(out, "  %-4s %-20s %-12s %10s %6s  %s\n", "", "name", "category", "load", "runs", "profile");
	for (size_t i = 0; i < suite->items_n; i++) {
		int64_t load_ns = check_load_ns(suite->items[i].experiment);

		is_known = is_known && load_ns > 0;
		sum_ns += load_ns;
		print_item(suite, i, load_ns, out);
	}
	buf_printf(out, "\n  load             %s%s in all\n", is_known ? "" : "at least ",
		plot_time_text(sum_ns, text, sizeof(text)));
	buf_printf(out, "  passes           where %.4g%% of what can be judged does\n", 100 * suite->pass_rate);
	if (suite->limit_ns > 0)
		buf_printf(out, "  limit            what has not begun after %s is not run\n",
			plot_time_text(suite->limit_ns, text, sizeof(text)));
}
