#include "report/html.h"

#include <string.h>

#include "base/check.h"
#include "report/escape.h"
#include "report/terminal.h"

/* src/report/html/ and the charts, in one piece: cmake/HtmlPage.cmake. */
extern const char html_page[], html_page_end[];

static bool
add_escaped(struct buf *into, const char *text)
{
	bool fits = true;

	for (; *text != '\0' && fits; text++)
		switch (*text) {
		case '&': fits = buf_add_text(into, "&amp;"); break;
		case '<': fits = buf_add_text(into, "&lt;"); break;
		case '>': fits = buf_add_text(into, "&gt;"); break;
		case '"': fits = buf_add_text(into, "&quot;"); break;
		default: fits = buf_add_char(into, *text);
		}
	return fits;
}

/* JSON within a script element: nothing in it may look like that element's end or like a comment, and both begin with
 * "<", which stands in strings alone, where "\u003c" is the same. */
static bool
add_json(struct buf *into, const cJSON *document)
{
	char *json = cJSON_PrintUnformatted(document);
	bool fits = true;

	CHECK(json != NULL);
	for (const char *at = json; *at != '\0' && fits;) {
		size_t plain = strcspn(at, "<");

		fits = buf_add(into, at, plain) && (at[plain] == '\0' || buf_add_text(into, "\\u003c"));
		at += plain + (at[plain] != '\0');
	}
	cJSON_free(json);
	return fits;
}

/* Up to a mark of the page, which it steps over. */
static bool
add_until(struct buf *into, const char **at, const char *mark)
{
	const char *found = memmem(*at, (size_t)(html_page_end - *at), mark, strlen(mark));

	CHECK(found != NULL);
	bool fits = buf_add(into, *at, (size_t)(found - *at));

	*at = found + strlen(mark);
	return fits;
}

bool
html_add_page(const char *name, const struct buf *text, const cJSON *document, struct buf *into)
{
	const char *at = html_page;
	char title[160];

	return add_until(into, &at, "@TITLE@") && add_escaped(into, escape_text(name, title, sizeof(title))) &&
	       add_until(into, &at, "@TEXT@") && add_escaped(into, text->bytes != NULL ? text->bytes : "") &&
	       add_until(into, &at, "@RUN@") && add_json(into, document) &&
	       buf_add(into, at, (size_t)(html_page_end - at));
}

static bool
html_write(const struct report *report, struct buf *into)
{
	const struct terminal_style style = {.width = HTML_TEXT_WIDTH};
	struct system_info system;
	struct buf text;

	system_info_read(&system);
	cJSON *document = html_document(report, &system);

	buf_init(&text, HTML_TEXT_CEILING);
	terminal_report(report, &style, &text);
	bool fits = html_add_page(report->plan->name, &text, document, into);

	buf_fini(&text);
	cJSON_Delete(document);
	return fits;
}

static const struct report_document html_documents[] = {{"report.html", html_write}, {0}};

const struct reporter_ops html_reporter = {
	.choice = {.name = "html", .help = "report.html: one page with charts, which needs no network; always written"},
	.is_usual = true,
	.documents = html_documents,
};
