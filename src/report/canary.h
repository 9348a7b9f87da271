#pragma once

#include "measure/canary.h"
#include "report/page.h"

/* A canary in words, for every report: nothing where there is none. */

#define CANARY_TEXT_MAX (2 * FINDING_TEXT_MAX)

/* "promoted to 10%", "rolled back: errors: …"; returns into. */
const char *canary_outcome_text(const struct canary_stage_record *stage, char into[CANARY_TEXT_MAX]);
/* What was done about it: "promote took 1.2s", "rollback failed: …"; empty: nothing. Returns into. */
const char *canary_told_text(const struct canary_stage_record *stage, char into[CANARY_TEXT_MAX]);

void canary_add_terminal(const struct canary_record *canary, struct page *page);
