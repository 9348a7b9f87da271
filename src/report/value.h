#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* cJSON values as a result wants them: what is not known is null, integers are written digit by digit, since cJSON's
 * own numbers are doubles, and texts are escaped. No memory is fatal, as in must_alloc. */
void value_set(cJSON *object, const char *key, cJSON *value);
void value_set_text(cJSON *object, const char *key, const char *text); /* NULL or empty: null; escaped */
void value_set_count(cJSON *object, const char *key, uint64_t n);
void value_set_ns(cJSON *object, const char *key, int64_t ns);       /* negative: null */
void value_set_seconds(cJSON *object, const char *key, int64_t ns);  /* negative: null */
void value_set_number(cJSON *object, const char *key, double value); /* not finite: null */
void value_set_bool(cJSON *object, const char *key, bool value);
cJSON *value_object(void);
cJSON *value_array(void);
cJSON *value_add_object(cJSON *object, const char *key);
cJSON *value_add_array(cJSON *object, const char *key);
cJSON *value_of_text(const char *text);
cJSON *value_of_count(uint64_t n);
cJSON *value_of_ns(int64_t ns);
cJSON *value_of_number(double value);
