#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "report/reporter.h"

/* A page of terminal text in the making: colours, escaping and line breaks. Whatever is added is escaped, so that no
 * caller can forget to. */
enum paint { PAINT_PLAIN, PAINT_BOLD, PAINT_DIM, PAINT_GOOD, PAINT_WARN, PAINT_BAD, PAINT_ACCENT };

struct page {
	struct buf *into;
	bool has_colour;
	size_t width;  /* columns */
	size_t column; /* where the next text goes */
};

#define PAGE_WIDTH_MIN 40
#define PAGE_WIDTH_MAX 140  /* lines longer than this are not easier to read */
#define PAGE_LABEL_WIDTH 12 /* of the labels that page_entry prints */

void page_init(struct page *page, struct buf *into, const struct terminal_style *style);
void page_add(struct page *page, enum paint paint, const char *text);
void page_printf(struct page *page, enum paint paint, const char *format, ...) __attribute__((format(printf, 3, 4)));
void page_pad(struct page *page, size_t column); /* spaces up to a column */
void page_end(struct page *page);                /* ends the line */

void page_heading(struct page *page, const char *text);
/* Text from here on, broken at spaces, further lines indented; ends the line. */
void page_wrap(struct page *page, size_t indent, enum paint paint, const char *text);
/* "  label       text", wrapped beneath itself. */
void page_entry(struct page *page, const char *label, enum paint paint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
