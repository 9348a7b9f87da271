#pragma once

#include "target/llm.h"

/* What an operator does to a server: changes its model, saves and loads its cache, fails it, shuts it down. */

/* POST /admin/load {"model": NAME}: each engine ends what it does, then loads for --swap; its cache is empty then. */
void control_load_model(struct llm *llm, struct httpd_request *request);

/* POST /cache/save, /cache/load, each {} or {"session_id": KEY}: what is in the caches is kept aside, or brought back,
 * which takes --save-per-token, --load-per-token. POST /cache/clear empties them. */
void control_save_cache(struct llm *llm, struct httpd_request *request);
void control_load_cache(struct llm *llm, struct httpd_request *request);
void control_clear_cache(struct llm *llm, struct httpd_request *request);

/* The client of an operation has gone; it goes on. */
void control_forget(struct llm *llm, const struct httpd_request *request);

/* Ends what is due; when the next is (INT64_MAX: none). */
void control_run(struct llm *llm, int64_t at_ns);
int64_t control_next_ns(const struct llm *llm);

/* --state: what a former process left. False with err set if the file is no such thing; one that is not there is fine.
 */
bool control_restore(struct llm *llm, struct error *err);

/* Saves it; returns how long that takes. */
int64_t control_save_at_end(struct llm *llm);

void control_free(struct llm *llm);
