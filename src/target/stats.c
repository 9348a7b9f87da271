#include "target/stats.h"

#include <inttypes.h>

#include "base/check.h"
#include "base/units.h"

/* Only numbers and our own names: nothing that would need escaping. */
void
stats_write(const struct stats *s, const struct httpd_counts *http, struct buf *into)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"requests", s->requests},
		{"answered", s->answered},
		{"unanswered", s->unanswered},
		{"ok", s->ok},
		{"errors", s->errors},
		{"rejected", s->rejected},
		{"resets", s->resets},
		{"gone", s->gone},
		{"in_system", s->in_system},
		{"in_system_peak", s->in_system_peak},
		{"queued", s->queued},
		{"queue_peak", s->queue_peak},
		{"late_max_ns", (uint64_t)s->late_max_ns},
		{"held_bytes", s->held_bytes},
		{"leaked_bytes", s->leaked_bytes},
		{"workers", s->workers},
		{"connections_accepted", http->accepted},
		{"connections_refused", http->refused},
		{"connections_open", http->open},
		{"malformed", http->malformed},
		{"expired", http->expired},
		{"unstamped", http->unstamped},
		{"bytes_in", http->bytes_in},
		{"bytes_out", http->bytes_out},
		{"clock_steps", http->clock_steps},
		{"stamp_error_ns", (uint64_t)http->stamp_error_ns},
	};

	buf_add_char(into, '{');
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		buf_printf(into, "\"%s\": %" PRIu64 ", ", rows[i].name, rows[i].value);
	buf_printf(into, "\"status\": {\"200\": %" PRIu64 ", \"500\": %" PRIu64 ", \"503\": %" PRIu64 "}, ", s->ok,
		s->errors, s->answered - s->ok - s->errors);
	if (s->capacity_per_s > 0)
		buf_printf(into, "\"capacity_per_s\": %.6g, ", s->capacity_per_s);
	else
		buf_add_text(into, "\"capacity_per_s\": null, ");
	buf_printf(into, "\"uptime_s\": %.3f}\n", ns_to_s(s->uptime_ns));
}
