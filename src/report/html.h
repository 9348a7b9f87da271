#pragma once

#include "report/result.h"

/* report.html, and the like of a suite and of a comparison: one page that opens from disk without a network, holds the
 * charts' code and the data, and asks nobody for anything. The page itself is src/report/html/, put together by
 * cmake/HtmlPage.cmake; what it shows is one JSON document in it, and all of that is put into the page as text. The
 * document says by its `page` which of them it is: the names of PAGES in html/main.js. */

/* The report as a terminal has it, for those who run no scripts; what is over the ceiling is left out. */
#define HTML_TEXT_CEILING ((size_t)4 * 1024 * 1024)
#define HTML_TEXT_WIDTH 100

/* Rows of the series at most: more than a screen has places for. Longer runs join rows, as series_coarsen does. */
#define HTML_ROWS_MAX 1000
/* Levels at most; of more, every k-th is shown, and those that the verdict speaks of. The page says so. */
#define HTML_LEVELS_MAX 400

/* What the page of a run shows, for its scripts; the caller deletes it. */
cJSON *html_document(const struct report *report, const struct system_info *system);

/* Its parts, in files of their own. */
void html_add_series(cJSON *document, const struct report *report);
void html_add_distributions(cJSON *document, const struct report *report);

/* The page, from what stands between its marks @TITLE@, @TEXT@ and @RUN@; false: the buffer's ceiling. */
bool html_add_page(const char *name, const struct buf *text, const cJSON *document, struct buf *into);
