#pragma once

#include "base/error.h"
#include "plan/plan.h"
#include "reader/reader.h"
#include "request/template.h"

/* The plan's requests made ready to be sent: wire bytes with slots, and who reads the answers. */
struct requests {
	struct template **templates;
	const struct reader_ops **readers;
	size_t n;
};

bool requests_init(struct requests *requests, const struct plan *plan, struct error *err);
void requests_fini(struct requests *requests);
