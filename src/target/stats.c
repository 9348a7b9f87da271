#include "target/stats.h"

#include <inttypes.h>

#include "base/check.h"
#include "base/units.h"

void
stats_count_answer(struct stats *s, int status, int64_t late_ns)
{
	CHECK(status >= 100 && status < STATS_STATUS_END);
	s->answered++;
	s->by_status[status]++;
	s->ok += status == 200;
	s->errors += status == 500;
	if (late_ns > s->late_max_ns)
		s->late_max_ns = late_ns;
}

/* Those that any target may answer are there even at 0. */
static void
add_statuses(const struct stats *s, struct buf *into)
{
	const char *comma = "";

	buf_add_text(into, "\"status\": {");
	for (int status = 100; status < STATS_STATUS_END; status++) {
		if (s->by_status[status] == 0 && status != 200 && status != 500 && status != 503)
			continue;
		buf_printf(into, "%s\"%d\": %" PRIu64, comma, status, s->by_status[status]);
		comma = ", ";
	}
	buf_add_text(into, "}, ");
}

/* Only numbers and our own names: nothing that would need escaping. */
void
stats_write(const struct stats *s, const struct httpd_counts *http, const char *more, struct buf *into)
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
	add_statuses(s, into);
	if (more != NULL)
		buf_add_text(into, more);
	if (s->capacity_per_s > 0)
		buf_printf(into, "\"capacity_per_s\": %.6g, ", s->capacity_per_s);
	else
		buf_add_text(into, "\"capacity_per_s\": null, ");
	buf_printf(into, "\"uptime_s\": %.3f}\n", ns_to_s(s->uptime_ns));
}
