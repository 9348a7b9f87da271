#pragma once

#include "import/draft.h"

/* Names for requests, of what they ask for: "items-17", "post-orders"; each is the only one of its kind. */
void profile_name_requests(struct draft *draft);

/* What results are called: "shop.example-8080". */
const char *profile_name(struct draft *draft, const char *base);
