#include "daemon/alert_book.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* A rule at one run, or at one name. */
struct page {
	struct alert alert;
	bool is_of_moment;
	double usual_sum; /* of what was known while it did not hold, of rules with `rises` */
	uint64_t usual_n;
};

struct alert_book {
	const struct alert_rules *rules;
	struct page *pages; /* ALERTS_MAX */
	size_t n;
	uint64_t next_number;
};

struct alert_book *
alert_book_new(const struct alert_rules *rules, uint64_t first_number)
{
	struct alert_book *book = must_alloc(sizeof(*book));

	*book = (struct alert_book){
		.rules = rules, .pages = must_calloc(ALERTS_MAX, sizeof(struct page)), .next_number = first_number};
	return book;
}

void
alert_book_free(struct alert_book *book)
{
	if (book == NULL)
		return;
	free(book->pages);
	free(book);
}

static bool
is_firing(const struct page *page)
{
	return page->alert.course.state == ALERT_FIRING;
}

static void
remove_page(struct alert_book *book, struct page *page)
{
	*page = book->pages[--book->n];
}

/* Whom it is about tells pages of one rule apart: a run while it lasts, a name afterwards. What a run has left is its
 * successor's, so that cooldowns outlive runs. */
static struct page *
find_page(struct alert_book *book, const struct alert_rule *rule, const char *id, const char *name)
{
	struct page *left = NULL;

	for (size_t i = 0; i < book->n; i++) {
		const struct alert *alert = &book->pages[i].alert;

		if (strcmp(alert->rule, rule->wish.name) != 0 || strcmp(alert->name, name) != 0)
			continue;
		if (rule->kind != ALERT_OF_MOMENT || strcmp(alert->run, id) == 0)
			return &book->pages[i];
		if (alert->run[0] == '\0')
			left = &book->pages[i];
	}
	if (left != NULL)
		snprintf(left->alert.run, sizeof(left->alert.run), "%s", id);
	return left;
}

/* The one that does not fire and ended longest ago; NULL: all fire. */
static struct page *
least_page(struct alert_book *book)
{
	struct page *least = NULL;

	for (size_t i = 0; i < book->n; i++) {
		struct page *page = &book->pages[i];

		if (!is_firing(page) && (least == NULL || page->alert.ended_ns < least->alert.ended_ns))
			least = page;
	}
	return least;
}

static struct page *
add_page(struct alert_book *book, const struct alert_rule *rule, const char *id, const char *name)
{
	if (book->n == ALERTS_MAX) {
		struct page *least = least_page(book);

		if (least == NULL)
			return NULL;
		remove_page(book, least);
	}
	struct page *page = &book->pages[book->n++];

	*page = (struct page){.is_of_moment = rule->kind == ALERT_OF_MOMENT,
		.alert = {.severity = rule->wish.severity, .value = NAN, .threshold = NAN}};
	snprintf(page->alert.rule, sizeof(page->alert.rule), "%s", rule->wish.name);
	snprintf(page->alert.name, sizeof(page->alert.name), "%s", name);
	snprintf(page->alert.run, sizeof(page->alert.run), "%s", id);
	return page;
}

/* Whether the value is far enough above what it was before it held. */
static bool
has_risen(struct page *page, const struct alert_rule *rule, const struct alert_sight *sight)
{
	double usual = page->usual_n > 0 ? page->usual_sum / (double)page->usual_n : 0;

	if (page->alert.course.state == ALERT_PENDING || is_firing(page))
		return true;
	return sight->value >= rule->wish.rises * usual;
}

static enum alert_seen
seen_of(struct page *page, const struct alert_rule *rule, const struct alert_sight *sight)
{
	if (rule->wish.rises <= 0 || sight->seen == ALERT_UNKNOWN)
		return sight->seen;
	if (sight->seen == ALERT_HOLDS && has_risen(page, rule, sight))
		return ALERT_HOLDS;
	page->usual_sum += sight->value;
	page->usual_n++;
	return ALERT_HOLDS_NOT;
}

static void
take_sight(struct page *page, const struct alert_rule *rule, const struct alert_sight *sight)
{
	struct alert *alert = &page->alert;

	alert->value = sight->value;
	alert->threshold = sight->threshold;
	snprintf(alert->text, sizeof(alert->text), "%s", sight->text);
	snprintf(alert->advice, sizeof(alert->advice), "%s", rule->wish.text != NULL ? rule->wish.text : "");
}

static void
step(struct alert_book *book, struct page *page, const struct alert_terms *terms, enum alert_seen seen, int64_t from_ns,
	int64_t now_ns, const struct alert_ear *ear)
{
	struct alert *alert = &page->alert;
	bool fired_before = is_firing(page);
	enum alert_news news = alert_course_step(&alert->course, terms, seen, from_ns, now_ns);

	if (news == ALERT_NO_NEWS)
		return;
	if (!fired_before) {
		alert->number = book->next_number++;
		alert->acknowledged_by[0] = '\0';
		alert->acknowledged_ns = alert->ended_ns = 0;
	}
	if (news == ALERT_RECOVERED || news == ALERT_RECOVERED_QUIETLY)
		alert->ended_ns = now_ns;
	ear->tell(ear->context, alert, news);
}

static void
see(struct alert_book *book, const struct alert_rule *rule, const struct alert_run *run,
	const struct alert_sight *sight, int64_t from_ns, int64_t now_ns, const struct alert_ear *ear)
{
	struct page *page = find_page(book, rule, run->id, run->name);
	bool is_worth_a_page = sight->seen == ALERT_HOLDS || rule->wish.rises > 0;

	if (page == NULL && is_worth_a_page)
		page = add_page(book, rule, run->id, run->name);
	if (page == NULL)
		return; /* there is nothing to end; or all that there may be fire already, and say so loudly enough */
	enum alert_seen seen = seen_of(page, rule, sight);

	if (seen == ALERT_HOLDS) {
		take_sight(page, rule, sight);
		snprintf(page->alert.run, sizeof(page->alert.run), "%s", run->id);
	}
	step(book, page, &rule->terms, seen, from_ns, now_ns, ear);
}

void
alert_book_look(struct alert_book *book, const struct alert_run *run, const struct moment *moment, int64_t from_ns,
	int64_t now_ns, const struct alert_ear *ear)
{
	for (size_t i = 0; i < alert_rules_count(book->rules); i++) {
		const struct alert_rule *rule = alert_rules_at(book->rules, i);
		struct alert_sight sight;

		if (rule->kind != ALERT_OF_MOMENT || !alert_rule_is_of(rule, run->name))
			continue;
		alert_rule_see_moment(rule, moment, &sight);
		see(book, rule, run, &sight, from_ns, now_ns, ear);
	}
}

static void
end_moments(struct alert_book *book, const char *id, int64_t now_ns, const struct alert_ear *ear)
{
	static const struct alert_terms any = {0, 0};

	for (size_t i = book->n; i > 0; i--) {
		struct page *page = &book->pages[i - 1];

		if (!page->is_of_moment || strcmp(page->alert.run, id) != 0)
			continue;
		step(book, page, &any, ALERT_OVER, now_ns, now_ns, ear);
		page->alert.run[0] = '\0';
		page->usual_sum = 0;
		page->usual_n = 0;
		if (page->alert.course.ended_ns == 0)
			remove_page(book, page);
	}
}

void
alert_book_run_gone(struct alert_book *book, const char *run_id, int64_t now_ns, const struct alert_ear *ear)
{
	end_moments(book, run_id, now_ns, ear);
}

/* What it is about must have been measured: by words alone a run says something however it ended. */
static bool
says_something(const struct alert_rule *rule, const struct history_run *run)
{
	bool was_measured =
		!run->is_lost && !run->was_limited && (run->status == VERDICT_PASS || run->status == VERDICT_FAIL);

	return rule->kind == ALERT_OF_WORDS || was_measured;
}

/* A run that was stopped has not shown that all is well again. */
static bool
may_recover(const struct history_run *run)
{
	return run->status == VERDICT_PASS || run->status == VERDICT_FAIL;
}

static size_t
column_of(const struct alert_rule *rule, const double (*before)[HISTORY_FIGURES_N], size_t before_n, double *into)
{
	size_t n = 0;

	for (size_t i = 0; rule->kind == ALERT_OF_UNUSUAL && i < before_n && n < UNUSUAL_RUNS_MAX; i++) {
		double value = before[i][history_of_metric(rule->expr.metric)];

		if (!isnan(value))
			into[n++] = value;
	}
	return n;
}

void
alert_book_run_ended(struct alert_book *book, const struct history_run *run, const double (*before)[HISTORY_FIGURES_N],
	size_t before_n, int64_t now_ns, const struct alert_ear *ear)
{
	const struct alert_run which = {run->id, run->name};

	end_moments(book, run->id, now_ns, ear);
	for (size_t i = 0; i < alert_rules_count(book->rules); i++) {
		const struct alert_rule *rule = alert_rules_at(book->rules, i);
		double column[UNUSUAL_RUNS_MAX];
		struct alert_sight sight;

		if (rule->kind == ALERT_OF_MOMENT || !alert_rule_is_of(rule, run->name) || !says_something(rule, run))
			continue;
		alert_rule_see_run(rule, run, column, column_of(rule, before, before_n, column), &sight);
		if (sight.seen == ALERT_HOLDS_NOT && !may_recover(run))
			continue;
		see(book, rule, &which, &sight, now_ns, now_ns, ear);
	}
}

void
alert_book_set_rules(
	struct alert_book *book, const struct alert_rules *rules, int64_t now_ns, const struct alert_ear *ear)
{
	static const struct alert_terms any = {0, 0};

	book->rules = rules;
	for (size_t i = book->n; i > 0; i--) {
		struct page *page = &book->pages[i - 1];
		const struct alert_rule *rule = alert_rules_find(rules, page->alert.rule);

		if (rule != NULL && (rule->kind == ALERT_OF_MOMENT) == page->is_of_moment)
			continue;
		step(book, page, &any, ALERT_OVER, now_ns, now_ns, ear);
		remove_page(book, page);
	}
}

bool
alert_book_restore(struct alert_book *book, const struct alert *alert)
{
	const struct alert_rule *rule = alert_rules_find(book->rules, alert->rule);

	CHECK(alert->course.state == ALERT_FIRING);
	if (rule == NULL)
		return false;
	struct page *page = add_page(book, rule, alert->run, alert->name);

	if (page == NULL)
		return false;
	page->alert = *alert;
	if (alert->number >= book->next_number)
		book->next_number = alert->number + 1;
	return true;
}

void
alert_book_cool(struct alert_book *book, const char *name_of_rule, const char *name, int64_t ended_ns)
{
	const struct alert_rule *rule = alert_rules_find(book->rules, name_of_rule);
	bool is_there = false;

	for (size_t i = 0; i < book->n; i++) {
		struct alert *alert = &book->pages[i].alert;

		if (strcmp(alert->rule, name_of_rule) != 0 || strcmp(alert->name, name) != 0)
			continue;
		is_there = true;
		if (alert->course.ended_ns < ended_ns)
			alert->course.ended_ns = ended_ns;
	}
	struct page *page = rule != NULL && !is_there ? add_page(book, rule, "", name) : NULL;

	if (page != NULL) {
		page->alert.course = (struct alert_course){.state = ALERT_RESOLVED, .ended_ns = ended_ns};
		page->alert.ended_ns = ended_ns;
	}
}

const struct alert *
alert_book_acknowledge(struct alert_book *book, uint64_t number, const char *by, int64_t now_ns)
{
	for (size_t i = 0; i < book->n; i++) {
		struct alert *alert = &book->pages[i].alert;

		if (alert->number != number || !is_firing(&book->pages[i]))
			continue;
		snprintf(alert->acknowledged_by, sizeof(alert->acknowledged_by), "%s", by);
		alert->acknowledged_ns = now_ns;
		return alert;
	}
	return NULL;
}

size_t
alert_book_firing(const struct alert_book *book)
{
	size_t n = 0;

	for (size_t i = 0; i < book->n; i++)
		n += is_firing(&book->pages[i]);
	return n;
}

void
alert_book_each_firing(
	const struct alert_book *book, void (*each)(void *context, const struct alert *alert), void *context)
{
	for (size_t i = 0; i < book->n; i++)
		if (is_firing(&book->pages[i]))
			each(context, &book->pages[i].alert);
}
