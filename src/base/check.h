#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Bugs, and only bugs, end here: always on, prints what was found and aborts. What a user or the world did wrong goes
 * through base/error.h or a row of measure/failure.def. */
#define CHECK(x) ((x) ? (void)0 : check_failed(__FILE__, __LINE__, #x))

/* The same for a comparison of integers, printing both values. */
#define CHECK_OP(a, op, b)                                                                                             \
	do {                                                                                                           \
		long long check_a_ = (long long)(a), check_b_ = (long long)(b);                                        \
		if (!(check_a_ op check_b_))                                                                           \
			check_failed_values(__FILE__, __LINE__, #a " " #op " " #b, check_a_, check_b_);                \
	} while (0)

/* Catches a callback that was handed the wrong object, or one already freed. */
#define CHECK_MAGIC(object, expected) CHECK_OP((object)->magic, ==, (expected))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1u << (n))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

_Noreturn void check_failed(const char *file, int line, const char *expression);
_Noreturn void check_failed_values(const char *file, int line, const char *expression, long long a, long long b);

/* Memory that must be there: start-up allocations abort when there is none, so that no caller handles what it cannot.
 */
void *must_alloc(size_t size); /* zeroed */
void *must_calloc(size_t count, size_t size);
void *must_realloc(void *p, size_t size);
char *must_strdup(const char *s);
char *must_strndup(const char *s, size_t n);
