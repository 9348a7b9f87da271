#include "report/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report/escape.h"
#include "report/text.h"

/* Longest formatted text; a finding's evidence is 240 bytes. */
#define PAGE_TEXT_MAX 2048

static const char *const paint_codes[] = {
	[PAINT_PLAIN] = "",
	[PAINT_BOLD] = "1",
	[PAINT_DIM] = "2",
	[PAINT_GOOD] = "32",
	[PAINT_WARN] = "33",
	[PAINT_BAD] = "31",
	[PAINT_ACCENT] = "1;36",
};

void
page_init(struct page *page, struct buf *into, const struct terminal_style *style)
{
	size_t width = style->width < PAGE_WIDTH_MIN ? PAGE_WIDTH_MIN : style->width;

	*page = (struct page){.into = into,
		.has_colour = style->has_colour,
		.width = width > PAGE_WIDTH_MAX ? PAGE_WIDTH_MAX : width};
}

/* Text that is harmless already. */
static void
add_clean(struct page *page, enum paint paint, const char *text)
{
	bool is_painted = page->has_colour && paint != PAINT_PLAIN && text[0] != '\0';

	if (is_painted)
		buf_printf(page->into, "\033[%sm", paint_codes[paint]);
	buf_add_text(page->into, text);
	if (is_painted)
		buf_add_text(page->into, "\033[0m");
	page->column += text_width(text);
}

void
page_add(struct page *page, enum paint paint, const char *text)
{
	char clean[PAGE_TEXT_MAX];

	add_clean(page, paint, escape_text(text, clean, sizeof(clean)));
}

void
page_printf(struct page *page, enum paint paint, const char *format, ...)
{
	char text[PAGE_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	page_add(page, paint, text);
}

void
page_pad(struct page *page, size_t column)
{
	for (; page->column < column; page->column++)
		buf_add_char(page->into, ' ');
}

void
page_end(struct page *page)
{
	buf_add_char(page->into, '\n');
	page->column = 0;
}

void
page_heading(struct page *page, const char *text)
{
	page_end(page);
	page_add(page, PAINT_BOLD, text);
	page_end(page);
}

/* How much of text goes on a line of `room` columns: up to its last space, or cut where it has none. */
static size_t
line_length(const char *text, size_t room)
{
	size_t fits = text_fit(text, room);

	if (text[fits] == '\0')
		return fits;
	for (size_t i = fits; i > 0; i--)
		if (text[i] == ' ')
			return i;
	return fits;
}

void
page_wrap(struct page *page, size_t indent, enum paint paint, const char *text)
{
	char clean[PAGE_TEXT_MAX], line[PAGE_TEXT_MAX];
	const char *rest = escape_text(text, clean, sizeof(clean));

	while (*rest != '\0') {
		size_t room = page->width > page->column + 8 ? page->width - page->column : 8;
		size_t length = line_length(rest, room);

		snprintf(line, sizeof(line), "%.*s", (int)length, rest);
		add_clean(page, paint, line);
		rest += length;
		while (*rest == ' ')
			rest++;
		if (*rest != '\0') {
			page_end(page);
			page_pad(page, indent);
		}
	}
	page_end(page);
}

void
page_entry(struct page *page, const char *label, enum paint paint, const char *format, ...)
{
	char text[PAGE_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	page_pad(page, 2);
	page_add(page, PAINT_DIM, label);
	page_pad(page, 2 + PAGE_LABEL_WIDTH);
	page_wrap(page, 2 + PAGE_LABEL_WIDTH, paint, text);
}
