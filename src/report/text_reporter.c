#include "report/reporter.h"

/* The terminal report without colours, as wide as a page of paper. */
static bool
text_write(const struct report *report, struct buf *into)
{
	const struct terminal_style style = {.width = 100};

	terminal_report(report, &style, into);
	return !into->overflowed;
}

static const struct report_document text_documents[] = {{"report.txt", text_write}, {0}};

const struct reporter_ops text_reporter = {
	.choice = {.name = "text", .help = "report.txt: what the terminal shows, without colours; always written"},
	.is_usual = true,
	.documents = text_documents,
};
