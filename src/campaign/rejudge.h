#pragma once

#include "judge/judge.h"
#include "report/rebuild.h"

/* What a run left in its journal, judged again: how a killed run is reported, and how a finished one is compared. */
struct rejudged {
	struct judge *judge;
	struct rebuilt rebuilt;
	struct run_facts facts;
	const struct verdict *verdict; /* the judge's */
};

/* events_path: its events.ndjson. False with err set and nothing to free. The plan must outlive it. */
bool rejudge(struct rejudged *rejudged, const char *events_path, const struct plan *plan, struct error *err);
void rejudged_fini(struct rejudged *rejudged);
