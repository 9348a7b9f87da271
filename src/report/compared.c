#include "report/compared.h"

#include <string.h>

#include "base/check.h"
#include "brunt_version.h"
#include "report/result.h"
#include "report/terminal.h"

static bool
plain_text(const struct report *report, struct buf *into)
{
	struct terminal_style style = terminal_style_of(stdout);

	compared_text(report, &style, into);
	return !into->overflowed;
}

const struct compared_ops compared_formats[] = {
	{"text", plain_text},
	{"json", compared_json},
	{"markdown", compared_markdown},
	{"html", compared_html},
	{NULL, NULL},
};

const struct compared_ops *
compared_by_name(const char *name)
{
	for (size_t i = 0; compared_formats[i].name != NULL; i++)
		if (strcmp(compared_formats[i].name, name) == 0)
			return &compared_formats[i];
	return NULL;
}

const char *
compared_headline(const struct report *report, char *into, size_t size)
{
	const struct verdict *verdict = report->verdict;

	snprintf(into, size, "%s: %s", terminal_status_word(verdict->status), verdict->reasons[0]);
	return into;
}

void
compared_text(const struct report *report, const struct terminal_style *style, struct buf *into)
{
	const struct verdict *verdict = report->verdict;
	char headline[FINDING_TEXT_MAX + 32];
	struct page page;

	page_init(&page, into, style);
	page_wrap(&page, 2, terminal_status_paint(verdict->status),
		compared_headline(report, headline, sizeof(headline)));
	for (size_t i = 1; i < verdict->reasons_n; i++) {
		page_add(&page, PAINT_PLAIN, "  - ");
		page_wrap(&page, 4, PAINT_PLAIN, verdict->reasons[i]);
	}
	terminal_add_against(report, &page);
}

cJSON *
compared_object(const struct report *report)
{
	cJSON *document = value_object();

	value_set_text(document, "schema", COMPARED_SCHEMA);
	value_set_text(document, "name", report->plan->name);
	value_set_text(value_add_object(document, "brunt"), "version", BRUNT_VERSION);
	result_add_verdict(document, report);
	result_add_against(document, report);
	result_add_comparison(document, report);
	return document;
}

bool
compared_json(const struct report *report, struct buf *into)
{
	cJSON *document = compared_object(report);
	char *text = cJSON_Print(document);

	cJSON_Delete(document);
	CHECK(text != NULL);
	bool fits = buf_add_text(into, text) && buf_add_char(into, '\n');

	cJSON_free(text);
	return fits;
}
