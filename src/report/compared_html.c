#include "report/compared.h"
#include "report/html.h"

/* What `brunt compare` found, on the page that a run has, too. */

static cJSON *
document_of(const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	cJSON *document = value_object();
	char headline[FINDING_TEXT_MAX + 32];

	value_set_text(document, "page", "comparison");
	value_set_text(document, "headline", compared_headline(report, headline, sizeof(headline)));
	cJSON *reasons = value_add_array(document, "reasons");

	for (size_t i = 1; i < verdict->reasons_n; i++) /* the headline says the first */
		cJSON_AddItemToArray(reasons, value_of_text(verdict->reasons[i]));
	value_set(document, "result", compared_object(report));
	html_add_distributions(document, report);
	return document;
}

bool
compared_html(const struct report *report, struct buf *into)
{
	const struct terminal_style style = {.width = HTML_TEXT_WIDTH};
	cJSON *document = document_of(report);
	struct buf text;

	buf_init(&text, HTML_TEXT_CEILING);
	compared_text(report, &style, &text);
	bool fits = html_add_page(report->plan->name, &text, document, into);

	buf_fini(&text);
	cJSON_Delete(document);
	return fits;
}
