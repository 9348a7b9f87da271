#pragma once

#include "report/terminal.h"
#include "report/text.h"
#include "unit/report/golden.h"

/* The terminal's report as tests look at it. */
#define PAGE_CEILING ((size_t)1024 * 1024)

static inline char *
rendered(const struct report *report, unsigned width, bool has_colour)
{
	const struct terminal_style style = {.width = width, .has_colour = has_colour};
	struct buf buf;

	buf_init(&buf, PAGE_CEILING);
	terminal_report(report, &style, &buf);
	return buf_steal(&buf);
}

static inline void
assert_fits(const char *text, size_t width)
{
	for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		char one[1024];

		snprintf(one, sizeof(one), "%.*s", (int)(end - line), line);
		if (text_width(one) > width)
			fail_msg("wider than %zu columns: %s", width, one);
		if (end > line && end[-1] == ' ')
			fail_msg("ends in a space: '%s'", one);
	}
}
