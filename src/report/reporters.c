#include <string.h>

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

const struct reporter_ops *
reporter_by_name(const char *name)
{
	for (size_t i = 0; reporters[i] != NULL; i++)
		if (strcmp(reporters[i]->name, name) == 0)
			return reporters[i];
	return NULL;
}
