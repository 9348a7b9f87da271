#pragma once

/* What a person should know that is not a result: to stderr, one line each, "brunt: …". */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2))); /* silenced by log_set_quiet */
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

void log_set_quiet(int is_quiet);
