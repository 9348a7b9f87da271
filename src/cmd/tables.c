#include "cmd/tables.h"

#include "judge/judge.h"
#include "load/shape.h"
#include "proto/protocol.h"
#include "reader/dialect.h"
#include "report/reporter.h"

const struct plan_tables *
cmd_tables(void)
{
	static struct plan_tables tables;

	tables = (struct plan_tables){
		.shapes = shape_choices,
		.protocols = protocol_choices,
		.readers = reader_choices,
		.llm_apis = llm_apis,
		.metrics = judge_metrics,
		.formats = reporter_choices,
	};
	return &tables;
}
