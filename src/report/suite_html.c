#include "report/html.h"
#include "report/suite.h"

/* suite.html: suite.json as it stands, on the page that a run has, too. Each run's own page lies below it. */

cJSON *
suite_html_document(const struct suite_record *record)
{
	cJSON *document = value_object();
	char headline[512];

	value_set_text(document, "page", "suite");
	value_set_text(document, "headline", suite_headline(record, headline, sizeof(headline)));
	cJSON *reasons = value_add_array(document, "reasons");

	for (size_t i = 0; i < record->reasons_n; i++)
		cJSON_AddItemToArray(reasons, value_of_text(record->reasons[i]));
	value_set(document, "result", suite_object(record));
	return document;
}

bool
suite_add_html(const struct suite_record *record, struct buf *into)
{
	const struct terminal_style style = {.width = HTML_TEXT_WIDTH};
	cJSON *document = suite_html_document(record);
	struct buf text;

	buf_init(&text, HTML_TEXT_CEILING);
	suite_add_terminal(record, NULL, &style, &text);
	bool fits = html_add_page(record->name, &text, document, into);

	buf_fini(&text);
	cJSON_Delete(document);
	return fits;
}
