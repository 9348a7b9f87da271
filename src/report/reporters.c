#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "report/reporter.h"

#define REPORTER(name) extern const struct reporter_ops name##_reporter;
#include "report/reporters.def"
#undef REPORTER

const struct reporter_ops *const reporters[] = {
#define REPORTER(name) &name##_reporter,
#include "report/reporters.def"
#undef REPORTER
	NULL,
};

const struct plan_choice *const reporter_choices[] = {
#define REPORTER(name) &name##_reporter.choice,
#include "report/reporters.def"
#undef REPORTER
	NULL,
};

const struct reporter_ops *
reporter_by_name(const char *name)
{
	for (size_t i = 0; reporters[i] != NULL; i++)
		if (strcmp(reporters[i]->choice.name, name) == 0)
			return reporters[i];
	return NULL;
}

const struct reporter_ops *
reporter_of(const struct plan_choice *choice)
{
	return container_of(choice, const struct reporter_ops, choice);
}

const struct report_document *
document_by_file(const char *file)
{
	for (size_t i = 0; reporters[i] != NULL; i++)
		for (const struct report_document *d = reporters[i]->documents; d->file != NULL; d++)
			if (strcmp(d->file, file) == 0)
				return d;
	return NULL;
}

static void
add_document(struct document_list *list, const struct report_document *document)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i] == document)
			return;
	CHECK(list->n < DOCUMENTS_MAX); /* more than all reporters have */
	list->items[list->n++] = document;
}

void
documents_add(struct document_list *list, const struct reporter_ops *reporter)
{
	for (const struct report_document *d = reporter->documents; d->file != NULL; d++)
		add_document(list, d);
}

static bool
add_named(struct document_list *list, const char *name, struct error *err)
{
	const struct reporter_ops *reporter = reporter_by_name(name);
	const struct report_document *document = document_by_file(name);
	char known[512] = "";

	if (reporter != NULL)
		documents_add(list, reporter);
	else if (document != NULL)
		add_document(list, document);
	else {
		for (size_t i = 0, used = 0; reporters[i] != NULL && used < sizeof(known); i++)
			used += (size_t)snprintf(
				known + used, sizeof(known) - used, "%s%s", i ? ", " : "", reporters[i]->choice.name);
		return error_set(err, "--format: '%.64s' is not a format; there are %s", name, known);
	}
	return true;
}

bool
documents_parse(struct document_list *list, const char *names, struct error *err)
{
	char *copy = must_strdup(names), *rest = copy, *name;
	bool is_good = true;

	while (is_good && (name = strsep(&rest, ",")) != NULL)
		is_good = add_named(list, name, err);
	free(copy);
	return is_good;
}

struct document_list
documents_of(const struct report *report)
{
	const struct plan_choice *const *formats = report->plan->output.formats.items;
	struct document_list list = {.n = 0};

	for (size_t i = 0; reporters[i] != NULL; i++)
		if (reporters[i]->is_usual)
			documents_add(&list, reporters[i]);
	for (size_t i = 0; i < report->plan->output.formats.n; i++)
		documents_add(&list, reporter_of(formats[i]));
	for (size_t i = 0; report->documents != NULL && i < report->documents->n; i++)
		add_document(&list, report->documents->items[i]);
	return list;
}
