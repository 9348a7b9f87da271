#include "report/xml.h"

#include "report/escape.h"

#define XML_TEXT_MAX 4096

void
xml_add_text(struct buf *into, const char *text)
{
	char clean[XML_TEXT_MAX];

	for (const char *p = escape_text(text, clean, sizeof(clean)); *p != '\0'; p++)
		switch (*p) {
		case '&': buf_add_text(into, "&amp;"); break;
		case '<': buf_add_text(into, "&lt;"); break;
		case '>': buf_add_text(into, "&gt;"); break;
		case '"': buf_add_text(into, "&quot;"); break;
		case '\'': buf_add_text(into, "&apos;"); break;
		default: buf_add_char(into, *p); break;
		}
}

void
xml_add_attribute(struct buf *into, const char *name, const char *value)
{
	buf_printf(into, " %s=\"", name);
	xml_add_text(into, value);
	buf_add_char(into, '"');
}
