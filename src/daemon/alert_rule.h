#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/alert_course.h"
#include "daemon/history.h"
#include "daemon/moment.h"
#include "plan/keys.h"

/* What is wrong, for how long until somebody is told, and whom. A rule is about one of these:
 *
 *   when: 'p95 > 1s'                holds while it does, over the intervals of a run (moment.def; scraped.NAME)
 *   unless: 'cpu < 80%'             holds while that does not
 *   on: [fail, regression]          holds from the end of a run of which one of these words (alert_word.def) is true,
 * to the end of the next of that name of which none is unusual: power.avg              likewise, where that figure of
 * the run (history.def) is far from what it was before
 *
 * With `over: run` when and unless are about runs that ended, too. Far: more than UNUSUAL_SCORE deviations from the
 * median of the last UNUSUAL_RUNS_MAX runs, of which there are UNUSUAL_RUNS_MIN, a deviation being 1.4826 times the
 * median deviation (Iglewicz and Hoaglin 1993), and more than UNUSUAL_SHARE of the median. */

#define ALERT_RULES_MAX 100
#define ALERT_NAME_MAX 64
#define ALERT_TEXT_MAX 240
#define UNUSUAL_SCORE 3.5
#define UNUSUAL_SHARE 0.02
#define UNUSUAL_RUNS_MIN 8
#define UNUSUAL_RUNS_MAX 60

enum alert_severity { ALERT_INFO, ALERT_WARNING, ALERT_CRITICAL, ALERT_SEVERITIES_N };
extern const char *const alert_severity_names[]; /* "info", "warning", "critical", ended by NULL */

enum alert_word {
#define ALERT_WORD(NAME, name, holds, sentence) ALERT_WORD_##NAME,
#include "daemon/alert_word.def"
#undef ALERT_WORD
	ALERT_WORDS_N
};

/* A rule as somebody writes it: exactly one of when, unless, on and unusual. */
struct alert_wish {
	const char *name; /* unique */
	const char *when, *unless, *unusual;
	struct plan_list on; /* of const char * */
	bool is_over_run;
	double rises; /* of when: only where the value is so many times what it was before it held; 0: never mind */
	int64_t for_ns, cooldown_ns;
	enum alert_severity severity;
	struct plan_list profiles; /* of const char *: names of runs, with * and ?; none: all */
	struct plan_list sinks;    /* of const char *: names; none: all */
	const char *text;          /* what to do about it; NULL: nothing is said */
};

enum alert_kind { ALERT_OF_MOMENT, ALERT_OF_RUN, ALERT_OF_WORDS, ALERT_OF_UNUSUAL };

struct alert_rule {
	struct alert_wish wish;
	enum alert_kind kind;
	struct expr expr; /* of moment, run; of unusual its metric alone */
	unsigned words;   /* BIT(enum alert_word) */
	struct alert_terms terms;
};

struct alert_rules;

struct alert_rules *alert_rules_new(void);
void alert_rules_free(struct alert_rules *rules);
/* Copies it. False with err set: what is wrong with it, and what would be right. */
bool alert_rules_add(struct alert_rules *rules, const struct alert_wish *wish, struct error *err);
/* Those of alert_shipped.def: of these names, or, where names is NULL, those that are there by default. One whose name
 * there is a rule of already is left out: that is how a shipped one is changed. */
bool alert_rules_add_shipped(struct alert_rules *rules, const char *const *names, size_t n, struct error *err);
size_t alert_rules_count(const struct alert_rules *rules);
const struct alert_rule *alert_rules_at(const struct alert_rules *rules, size_t i);
const struct alert_rule *alert_rules_find(const struct alert_rules *rules, const char *name); /* NULL: none */

/* Whether it is about runs of that name at all. */
bool alert_rule_is_of(const struct alert_rule *rule, const char *run_name);
/* Whether it wants to be told by that sink. */
bool alert_rule_has_sink(const struct alert_rule *rule, const char *sink);

/* What a rule makes of something: pure. */
struct alert_sight {
	enum alert_seen seen;
	double value, threshold;   /* NAN: it is about none */
	char text[ALERT_TEXT_MAX]; /* in a sentence, where it holds */
};

/* Of kind ALERT_OF_MOMENT. */
void alert_rule_see_moment(const struct alert_rule *rule, const struct moment *moment, struct alert_sight *sight);
/* Of the other kinds. before: what the figure was in the runs before that have it (ALERT_OF_UNUSUAL), the newest first.
 */
void alert_rule_see_run(const struct alert_rule *rule, const struct history_run *run, const double *before, size_t n,
	struct alert_sight *sight);
