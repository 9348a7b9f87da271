#pragma once

#include "judge/search.h"
#include "judge/windows.h"

/* What a judge keeps of a search: its trials, in the order in which their levels were judged. */

struct search_log;

/* NULL: the plan's load is no search. */
struct search_log *search_log_new(const struct plan *plan);
void search_log_free(struct search_log *log);

/* An interval, in order, before the level is judged that it may be of. */
void search_log_interval(struct search_log *log, const struct summary *summary);

/* A level that was judged. Where its windows say that it held, whatever rate broke it over the level as a whole breaks
 * nothing: the verdict says so. Where nobody was there any more it says nothing of its load. */
void search_log_level(
	struct search_log *log, struct level_verdict *verdict, const struct summary *summary, const double *slo_values);

/* One for each level that was judged, in that order. */
size_t search_log_trials(const struct search_log *log);
const struct search_trial *search_log_trial(const struct search_log *log, size_t i);

struct search_step search_log_next(const struct search_log *log, int64_t left_ns);
struct search_answer search_log_answer(const struct search_log *log);
/* SEARCH_END_LIMIT where it was over before it was through. */
enum search_end search_log_end(const struct search_log *log);
