#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "measure/against.h"
#include "measure/events.h"
#include "measure/shard_record.h"
#include "measure/summary.h"
#include "measure/verdict.h"

/* A reporter turns a finished run into documents. One file and one row of reporters.def each. */
struct report {
	const struct plan *plan;
	const struct summary *summary;
	const struct verdict *verdict;
	struct run_identity identity;
	int64_t duration_ns;
	const char *pacing;                    /* "precise", "relaxed": what was used */
	struct shard_records shards;           /* the processes that shared the load, side by side */
	uint32_t workers;                      /* processes that shared the load; 0: not known */
	const char *results_dir;               /* NULL: not written */
	const char *target_address;            /* resolved */
	const struct chronicle *chronicle;     /* NULL: not known */
	const struct against *against;         /* what the run is compared with; NULL: nothing */
	const struct experiment *experiment;   /* several runs; the summary holds their counts alone. NULL: one run */
	const struct document_list *documents; /* wanted beside those of the plan and the usual ones; NULL: none */
};

/* What the comparisons in it found: between arms, or with an earlier run; NULL: there are none. */
static inline const struct experiment *
report_comparisons(const struct report *report)
{
	return report->experiment != NULL ? report->experiment
	       : report->against != NULL  ? report->against->experiment
					  : NULL;
}

struct report_document {
	const char *file; /* its name in a results directory: "result.json" */
	/* Appends the document; false: the buffer's ceiling. */
	bool (*write)(const struct report *report, struct buf *into);
};

struct reporter_ops {
	struct plan_choice choice; /* its name, "csv", in output.formats and --format; and its help */
	bool is_usual;             /* written into every results directory; else where somebody asks for it */
	const struct report_document *documents; /* ended by one without a file */
};

extern const struct reporter_ops *const reporters[]; /* from reporters.def, ended by NULL */
extern const struct plan_choice *const reporter_choices[];
const struct reporter_ops *reporter_by_name(const char *name);
const struct reporter_ops *reporter_of(const struct plan_choice *choice);

const struct report_document *document_by_file(const char *file); /* NULL: nobody writes one of that name */

/* Documents, each once, in the order in which they were wanted. */
#define RESULT_FILE "result.json" /* of reporters; written last: where it is, everything is */
#define DOCUMENTS_MAX 32
struct document_list {
	const struct report_document *items[DOCUMENTS_MAX];
	size_t n;
};

void documents_add(struct document_list *list, const struct reporter_ops *reporter);
/* "csv,junit": what the reporters of these names write; or a document by its own, "levels.csv". */
bool documents_parse(struct document_list *list, const char *names, struct error *err);
/* Those of a results directory: the usual ones, the plan's and those that are wanted beside. */
struct document_list documents_of(const struct report *report);

/* How the terminal is drawn. */
struct terminal_style {
	bool is_tty, has_colour; /* NO_COLOR, TERM=dumb */
	unsigned width;          /* columns; 100 where not known */
};
struct terminal_style terminal_style_of(FILE *stream);

/* The final report: verdict first, then target/achieved/dropped/lateness, the level table, latency, histogram, errors
 * in words, resources, generator. Everything that a server said is escaped. */
void terminal_report(const struct report *report, const struct terminal_style *style, struct buf *into);

/* The live view: on a TTY a block that is redrawn in place at least twice a second, else one plain line per interval.
 */
struct live_view;
struct live_view *live_view_new(
	FILE *stream, const struct plan *plan, const struct terminal_style *style, int64_t planned_ns);
/* It is one of several runs: which, in words, and how long those after it will take (0: none, or not known). title
 * outlives the view. */
void live_view_of_several(struct live_view *view, const char *title, int64_t after_ns);
/* The processes that share the load, as of now; only lent until the next update is over. */
void live_view_shards(struct live_view *view, const struct shard_records *shards);
void live_view_update(struct live_view *view, const struct summary *summary, int64_t now_ns, const char *phase);
void live_view_line(struct live_view *view, const char *text); /* a line that stays: a level was judged */
void live_view_clear(struct live_view *view);                  /* leaves the terminal as it was */
bool live_view_failed(
	const struct live_view *view); /* its output was closed or full: the view is lost, the run is not */
void live_view_free(struct live_view *view);

/* The results directory: written under a temporary name, fsynced, renamed. events.ndjson and run.hlog grow during the
 * run (whole intervals, appended by the thread pool); a killed run leaves them as its journal. */
struct result_dir;
struct result_dir *result_dir_open(
	const struct plan *plan, const struct run_identity *identity, const char *exactly, struct error *err);
/* Appends whole lines; a failure is remembered, reported once, and never stops the run. Called from the thread pool. */
void result_dir_add_events(struct result_dir *dir, const char *bytes, size_t length);
void result_dir_add_hlog(struct result_dir *dir, const char *bytes, size_t length);
void result_dir_add_requests(struct result_dir *dir, const char *bytes, size_t length); /* where the plan keeps them */
/* Writes result.json, profile.yaml and the terminal report, then gives the directory its final name. False: something
 * was lost, err says what. */
bool result_dir_finish(struct result_dir *dir, const struct report *report, struct error *err);
const char *result_dir_path(const struct result_dir *dir);    /* final name */
const char *result_dir_working(const struct result_dir *dir); /* where it is written until then */
/* A link `latest` beside the results, replaced in one step; one that cannot be made is no loss worth a failed run. */
void result_dir_link_latest(const char *path);
bool result_dir_failed(const struct result_dir *dir, char *text, size_t size);
void result_dir_free(struct result_dir *dir);
/* Instead of result_dir_free, where nothing was measured: removes what result_dir_open made, so that the same place can
 * be used again. A directory that was there before stays, empty. */
void result_dir_discard(struct result_dir *dir);
