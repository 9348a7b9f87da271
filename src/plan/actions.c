#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "plan/course.h"
#include "plan/names.h"
#include "plan/rows.h"

/* Signals that make sense to send to a server. */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{"TERM", SIGTERM},
	{"KILL", SIGKILL},
	{"STOP", SIGSTOP},
	{"CONT", SIGCONT},
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"USR1", SIGUSR1},
	{"USR2", SIGUSR2},
};

static bool
find_signal(const struct plan_node *node, const char *name, int *number, struct error *err)
{
	struct names names = {.n = 0};
	char advice[256];
	const char *bare = strncmp(name, "SIG", 3) == 0 ? name + 3 : name;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		names_add(&names, signals[i].name);
		if (strcmp(bare, signals[i].name) == 0) {
			*number = signals[i].number;
			return true;
		}
	}
	return plan_error(node, err, "signal: '%.64s' is not one of those%s", node->source,
		names_advice(&names, bare, advice, sizeof(advice)));
}

/* "target", or the path of a pid file. */
static bool
compile_signal(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	const struct action_row *row, struct plan_action *action, struct error *err)
{
	const struct plan_node *to = node_get(item, "to");

	action->kind = ACTION_SIGNAL;
	if (!find_signal(node_get(item, "signal"), row->signal, &action->signal, err))
		return false;
	if (strcmp(row->to, "target") != 0)
		action->pid_file = row->to;
	else if (target->process.command == NULL && target->watch.pid == 0 && target->watch.pid_file == NULL)
		return plan_error(to ? to : item, err,
			"to: which process the target is, nobody knows; write target.command, target.watch.pid or "
			"target.watch.pid_file, or a pid file here");
	action->name = arena_printf(context->arena, "%s to %s", row->signal, row->to);
	return true;
}

static bool
is_of(enum plan_action_kind kind, const char *key)
{
	static const char *const keys[][6] = {
		[ACTION_RUN] = {"run", "within", NULL},
		[ACTION_SIGNAL] = {"signal", "to", NULL},
		[ACTION_FETCH] = {"url", "method", "body", "status", "timeout", NULL},
	};

	for (const char *const *k = keys[kind]; *k != NULL; k++)
		if (strcmp(*k, key) == 0)
			return true;
	return false;
}

/* Keys of another kind than this action is. */
static bool
check_keys(const struct plan_node *item, enum plan_action_kind kind, struct error *err)
{
	static const char *const kinds[] = {[ACTION_RUN] = "run", [ACTION_SIGNAL] = "signal", [ACTION_FETCH] = "url"};

	for (const struct plan_node *key = item->first; key != NULL; key = key->next) {
		if (strcmp(key->key, "at") == 0 || strcmp(key->key, "name") == 0 || is_of(kind, key->key))
			continue;
		for (int other = ACTION_RUN; other <= ACTION_FETCH; other++)
			if (is_of((enum plan_action_kind)other, key->key))
				return plan_error(key, err, "at: '%s' has no place beside '%s'", key->key, kinds[kind]);
	}
	return true;
}

static bool
compile_kind(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	const struct action_row *row, struct plan_action *action, struct error *err)
{
	if (row->run.text != NULL) {
		action->kind = ACTION_RUN;
		action->command = row->run;
		action->within_ns = row->within_ns;
		action->name = row->run.shown;
	} else if (row->signal != NULL) {
		if (!compile_signal(context, item, target, row, action, err))
			return false;
	} else if (row->fetch.place.shown != NULL) {
		action->kind = ACTION_FETCH;
		action->fetch = row->fetch;
		course_place_fetch(context, target, &action->fetch);
		action->name = arena_printf(context->arena, "%s %s", row->fetch.method, row->fetch.place.shown);
	} else
		return plan_error(
			item, err, "at: what is to be done then? write 'run: COMMAND', 'signal: TERM' or 'url: URL'");
	return check_keys(item, action->kind, err);
}

static bool
compile_action(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct plan_action *action, struct error *err)
{
	struct action_row row = {0};

	if (item->kind != NODE_MAP)
		return plan_error(item, err, "at: each is a map such as {at: 30s, run: \"systemctl restart llm\"}");
	if (!plan_parse_map(context, item, action_keys, NULL, &row, err))
		return false;
	for (const char *p = row.fetch.method; *p != '\0'; p++)
		if (!isalpha((unsigned char)*p))
			return plan_error(node_get(item, "method"), err, "method: '%s' is not one", row.fetch.method);
	action->at_ns = row.at_ns;
	action->line = item->line;
	action->column = item->column;
	if (!compile_kind(context, item, target, &row, action, err))
		return false;
	if (row.name != NULL)
		action->name = row.name;
	return true;
}

static int
by_time(const void *a, const void *b)
{
	const struct plan_action *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1; /* as they were written */
	return (x->column > y->column) - (x->column < y->column);
}

bool
course_compile_actions(struct plan_context *context, const struct plan_node *list, const struct plan_target *target,
	struct plan_course *course, struct error *err)
{
	if (list->kind != NODE_LIST || list->n == 0)
		return plan_error(list, err, "at: write a list such as [{at: 30s, run: \"systemctl restart llm\"}]");
	if (list->n > PLAN_ACTIONS_CEILING)
		return plan_error(list, err, "at: more than %zu actions", PLAN_ACTIONS_CEILING);
	course->actions = arena_alloc(context->arena, list->n * sizeof(*course->actions));
	for (const struct plan_node *item = list->first; item != NULL; item = item->next)
		if (!compile_action(context, item, target, &course->actions[course->actions_n++], err))
			return false;
	qsort(course->actions, course->actions_n, sizeof(*course->actions), by_time);
	return true;
}
