#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static int log_is_quiet;

void
log_set_quiet(int is_quiet)
{
	log_is_quiet = is_quiet;
}

/* One write per line, so that lines of several processes do not interleave. */
static void
log_line(const char *kind, const char *format, va_list args)
{
	char line[2048];

	vsnprintf(line, sizeof(line), format, args);
	fprintf(stderr, "brunt: %s%s\n", kind, line);
}

#define LOG_BODY(kind)                                                                                                 \
	va_list args;                                                                                                  \
	va_start(args, format);                                                                                        \
	log_line(kind, format, args);                                                                                  \
	va_end(args)

void
log_info(const char *format, ...)
{
	if (log_is_quiet)
		return;
	LOG_BODY("");
}

void
log_warn(const char *format, ...)
{
	LOG_BODY("warning: ");
}

void
log_error(const char *format, ...)
{
	LOG_BODY("error: ");
}
