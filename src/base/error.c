#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static void
error_vset(struct error *err, const char *format, va_list args)
{
	if (!error_is_set(err))
		vsnprintf(err->message, sizeof(err->message), format, args);
}

bool
error_set(struct error *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_vset(err, format, args);
	va_end(args);
	return false;
}

bool
error_at(struct error *err, const char *file, size_t line, size_t column, const char *format, ...)
{
	va_list args;
	bool is_first = !error_is_set(err);

	va_start(args, format);
	error_vset(err, format, args);
	va_end(args);
	if (is_first)
		error_place(err, file, line, column);
	return false;
}

bool
error_place(struct error *err, const char *file, size_t line, size_t column)
{
	if (err->where[0] != '\0')
		return false;
	if (line == 0)
		snprintf(err->where, sizeof(err->where), "%s", file);
	else
		snprintf(err->where, sizeof(err->where), "%s:%zu:%zu", file, line, column);
	return false;
}

bool
error_is_set(const struct error *err)
{
	return err->message[0] != '\0';
}

const char *
error_text(const struct error *err, char *into, size_t size)
{
	snprintf(into, size, "%s%s%s", err->where, err->where[0] ? ": " : "", err->message);
	return into;
}
