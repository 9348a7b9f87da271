#pragma once

#include "base/error.h"
#include "engine/follow.h"
#include "plan/plan.h"
#include "reader/reader.h"
#include "request/checks.h"
#include "request/extract.h"
#include "request/feed.h"
#include "request/split.h"
#include "request/template.h"

/* The plan's requests made ready to be sent: wire bytes with slots, and who reads the answers. */
struct requests {
	struct template **templates; /* n of each backend, since Host is its own, one backend after the other */
	size_t templates_n;
	const struct reader_ops **readers;
	struct template **expected;    /* what their answers must contain, where that has slots; else NULL */
	struct template **until;       /* likewise, what the last message of an answer contains */
	struct follow **follows;       /* as templates; NULL: it follows no redirects */
	struct checks **checks;        /* NULL: there are none of its answers */
	struct extractor **extractors; /* NULL: nothing of the answer goes into a session */
	size_t n;
	struct feeds *feeds; /* what they are filled in with */
	uint64_t *rows_most; /* per scenario: arrivals that there are rows for */
	struct split *split; /* which arrivals are not sent from here; NULL: all are */
};

/* False with err set: a request holds a slot that does not exist, or something that its protocol cannot send. */
bool requests_init(struct requests *requests, const struct plan *plan, struct error *err);
void requests_fini(struct requests *requests);

/* The same question, answered when a profile is loaded: before anything is started or sent. */
bool requests_check(const struct plan *plan, struct error *err);
