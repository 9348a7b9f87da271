#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "daemon/api_parts.h"
#include "daemon/folder.h"
#include "report/reporter.h"

/* GET /runs/{id}/reports/{format}: as the run itself wrote it, as it was made before, or made now by `brunt report`, in
 * a process of its own; kept in DATA/runs/ID/reports, whole or not at all. What a format has several documents of comes
 * as `brunt report` prints it: one after the other, an empty line between them. */

#define REPORT_MAX ((size_t)32 * 1024 * 1024)
#define NAME_BYTES 64

struct making {
	struct desk_order order;
	struct api_call *call;
	char format[NAME_BYTES]; /* as --format takes it; its name among those that were made */
	char shown[NAME_BYTES];  /* the name of its document */
	bool is_single;          /* of one document, that the run may have written */
	bool is_download;
	int fd;
	struct buf output;
};

static void
making_free(struct making *making)
{
	buf_fini(&making->output);
	free(making);
}

/* "md" → "markdown"; false: there is no such format. */
static bool
take_format(struct making *making, const char *asked)
{
	const char *name = strcmp(asked, "md") == 0 ? "markdown" : asked;
	const struct reporter_ops *reporter = reporter_by_name(name);
	const struct report_document *document = document_by_file(name);

	if (reporter != NULL)
		document = &reporter->documents[0];
	if (document == NULL)
		return false;
	making->is_single = reporter == NULL || reporter->documents[1].file == NULL;
	snprintf(making->format, sizeof(making->format), "%s",
		reporter != NULL ? reporter->choice.name : document->file);
	if (making->is_single)
		snprintf(making->shown, sizeof(making->shown), "%s", document->file);
	else
		snprintf(making->shown, sizeof(making->shown), "report%s", strrchr(document->file, '.'));
	return true;
}

static const char *
path_below(const struct making *making, const char *below, char *into, size_t size)
{
	char dir[4096];

	jobs_dir(api_config_of(making->call)->config, making->call->id, dir, sizeof(dir));
	snprintf(into, size, "%s/%s", dir, below);
	return into;
}

/* It may have left none, or retention has taken them. */
static bool
must_have_results(struct making *making)
{
	char path[4200];

	return access(path_below(making, "results", path, sizeof(path)), F_OK) == 0 ||
	       api_fail(making->call, 404, "the run '%.64s' has no results, or none any more", making->call->id);
}

static void
find_work(struct desk_order *order, struct ledger *ledger)
{
	struct making *making = container_of(order, struct making, order);
	struct api_call *call = making->call;
	char path[4200];
	uint64_t bytes;

	if (!api_must_have_run(call, ledger, call->id))
		return;
	if (making->is_single)
		making->fd = folder_open(path_below(making, "results", path, sizeof(path)), making->shown, &bytes);
	if (making->fd < 0)
		making->fd = folder_open(path_below(making, "reports", path, sizeof(path)), making->format, &bytes);
	if (making->fd < 0)
		must_have_results(making);
}

/* The run, or its files, may have been removed meanwhile: then nothing of it is left behind. */
static void
keep_work(struct desk_order *order, struct ledger *ledger)
{
	struct making *making = container_of(order, struct making, order);
	struct api_call *call = making->call;
	char dir[4200], path[4300];
	uint64_t bytes;

	if (!api_must_have_run(call, ledger, call->id) || !must_have_results(making))
		return;
	path_below(making, "reports", dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/%s", dir, making->format);
	if (!file_make_dirs(dir, &call->err) ||
		!file_write_atomic(path, making->output.bytes, making->output.length, &call->err))
		return;
	making->fd = folder_open(dir, making->format, &bytes);
	if (making->fd < 0)
		api_fail(call, 500, "the report cannot be read");
}

static void make(struct making *making);

static void
found(struct desk_order *order)
{
	struct making *making = container_of(order, struct making, order);
	struct api_call *call = making->call;

	if (making->fd < 0 && !error_is_set(&call->err)) {
		make(making);
		return;
	}
	if (making->fd >= 0)
		api_answer_file(call, making->fd, making->shown, making->is_download);
	else
		api_answer_failure(call);
	making_free(making);
}

static void
on_made(void *context, const struct errand_end *end)
{
	struct making *making = context;

	if (end->exit_code != 0) {
		api_answer_errand(making->call, end);
		making_free(making);
		return;
	}
	buf_add(&making->output, end->output, end->output_length);
	making->order = (struct desk_order){.work = keep_work, .done = found};
	desk_give(api_config_of(making->call)->desk, &making->order);
}

static void
make(struct making *making)
{
	char results[4200];
	const char *const arguments[] = {
		"report", path_below(making, "results", results, sizeof(results)), "--format", making->format, NULL};

	if (errands_give(jobs_errands(api_config_of(making->call)->jobs),
		    &(struct errand_wish){
			    .arguments = arguments, .output_max = REPORT_MAX, .done = on_made, .context = making}))
		return;
	api_answer_sentence(making->call, 503, API_BUSY);
	making_free(making);
}

static void
say_formats(struct api_call *call)
{
	char sentence[512];
	size_t n = 0;

	n += (size_t)snprintf(sentence, sizeof(sentence), "'%.64s' is no format; there are", call->rest);
	for (size_t i = 0; reporter_choices[i] != NULL && n < sizeof(sentence); i++)
		n += (size_t)snprintf(
			sentence + n, sizeof(sentence) - n, "%s %s", i > 0 ? "," : "", reporter_choices[i]->name);
	api_answer_sentence(call, 404, sentence);
}

void
api_run_report(struct api_call *call)
{
	struct making *making = must_alloc(sizeof(*making));
	size_t position;

	*making = (struct making){.order = {.work = find_work, .done = found},
		.call = call,
		.is_download = api_is_download(call),
		.fd = -1};
	buf_init(&making->output, REPORT_MAX);
	if (take_format(making, call->rest) && jobs_find(api_config_of(call)->jobs, call->id, &position) == NULL) {
		desk_give(api_config_of(call)->desk, &making->order);
		return;
	}
	if (making->format[0] == '\0')
		say_formats(call);
	else
		api_answer_sentence(call, 409, "this run has not ended");
	making_free(making);
}
