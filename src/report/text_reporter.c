#include "report/reporter.h"

/* The terminal report without colours, as wide as a page of paper. */
static bool
text_write(const struct report *report, struct buf *into)
{
	const struct terminal_style style = {.width = 100};

	terminal_report(report, &style, into);
	return !into->overflowed;
}

const struct reporter_ops text_reporter = {
	.name = "text",
	.help = "the report that the terminal shows, without colours",
	.file = "report.txt",
	.write = text_write,
};
