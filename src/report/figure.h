#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/summary.h"

/* Figures as people read them, every one "n/a" where it is not known. Each returns into. */
#define FIGURE_MAX 40

const char *figure_count(uint64_t n, char into[FIGURE_MAX]);                  /* 1,234,567: exact */
const char *figure_level(double level, bool in_users, char into[FIGURE_MAX]); /* 200/s 49.9/s 64 users */
const char *figure_rate(double per_s, char into[FIGURE_MAX]);
const char *figure_ratio(double ratio, char into[FIGURE_MAX]); /* 0% 0.05% 12.5% */
const char *figure_time(int64_t ns, char into[FIGURE_MAX]);    /* 4.56ms; −1: n/a */
const char *figure_seconds(int64_t ns, char into[FIGURE_MAX]); /* 41.2s: places on a run's timeline */
const char *figure_bytes(double bytes, char into[FIGURE_MAX]);

/* Whether the plan's levels count users. */
bool figure_levels_in_users(const struct plan *plan);
/* Whether any of it is a closed loop, whose users wait for an answer before they ask again: its response times leave
 * out the waiting that an open load would have shown. */
bool figure_omits_waiting(const struct plan *plan);

/* The longest time that the loop was away while a load ran; −1: none ran. */
int64_t figure_longest_gap_ns(const struct summary *summary);

/* How the tokens of generated answers were counted: "usage" (the server's own count, with the last event),
 * "chunk_usage" (with every event), "chunks" (events that brought text: a lower bound), "mixed"; NULL: there were none.
 */
const char *figure_token_basis(const struct counts *counts);

/* Of a level that was settled or is still live. */
void figure_latency(const struct level_summary *level, enum metric metric, struct latency_figures *into);

/* What an expression's left side came to: 5.21ms, > timeout, 12.5%, 2.41×. */
const char *figure_measured(const struct expr *expr, double value, char into[FIGURE_MAX]);

/* How far a value is on the good side of its bound: 9.7 where it is 9.7 times as good as was wanted, below 1 where it
 * misses; NAN: it cannot be said so. In words: "9.7× faster", "1.3× slower", "1.2× more", "" where there is nothing to
 * say. */
double figure_factor(const struct expr *expr, double value);
const char *figure_factor_text(const struct expr *expr, double value, char into[FIGURE_MAX]);

/* A value in its unit. */
const char *figure_in_unit(enum plan_unit unit, double value, char into[FIGURE_MAX]);
