#pragma once

#include "report/page.h"

/* The sections of the final report, one file each where they are long; terminal.c puts them in order. A section that
 * has nothing to say prints nothing. */

/* "BREAKS at 240/s: high_error_rate — sustains 200/s (safe 160/s)", with the status in front where it is not a pass. */
const char *terminal_headline(const struct report *report, char *into, size_t size);

/* "counted by the server": how the tokens of these were. */
const char *terminal_token_basis(const struct counts *counts);

enum paint terminal_status_paint(enum verdict_status status);
const char *terminal_status_word(enum verdict_status status); /* "PASS" */

void terminal_add_verdict(const struct report *report, struct page *page);
void terminal_add_breaking_point(const struct report *report, struct page *page);
void terminal_add_advice(const struct report *report, struct page *page);
void terminal_add_alerts(const struct report *report, struct page *page);
void terminal_add_spike(const struct report *report, struct page *page);
void terminal_add_curve(const struct report *report, struct page *page);     /* what the levels say together */
void terminal_add_sustained(const struct report *report, struct page *page); /* drift and leaks of a steady load */
void terminal_add_shards(const struct report *report, struct page *page);    /* the processes that shared the load */
void terminal_add_levels(const struct report *report, struct page *page);
void terminal_add_latency(const struct report *report, struct page *page);
void terminal_add_histogram(const struct report *report, struct page *page);
void terminal_add_checks(const struct report *report, struct page *page);
void terminal_add_backends(const struct report *report, struct page *page);
void terminal_add_requests(const struct report *report, struct page *page);
void terminal_add_tokens(const struct report *report, struct page *page);
void terminal_add_slos(const struct report *report, struct page *page);
void terminal_add_failures(const struct report *report, struct page *page);
void terminal_add_experiment(const struct report *report, struct page *page); /* its arms or cells, and its runs */
void terminal_add_against(const struct report *report, struct page *page); /* what the run is compared with, and how */
void terminal_add_comparison(const struct report *report, struct page *page);
void terminal_add_course(const struct report *report, struct page *page); /* what was done around and beside the load */
void terminal_add_resources(const struct report *report, struct page *page);
void terminal_add_scraped(const struct report *report, struct page *page);
void terminal_add_generator(const struct report *report, struct page *page);
