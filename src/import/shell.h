#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

/* Commands as people type them into sh or bash, taken apart into words (POSIX.1-2017, XCU §2.2 and §2.3; bash's $'…').
 * Words are in the form of literal.h: what a variable stands for becomes a reference to the environment. Nothing is
 * run, expanded or looked up. */

#define SHELL_WORDS_MAX 1024 /* of one command */

struct shell {
	struct arena *arena;
	const char *at, *end;
	size_t line;
};

struct shell_command {
	const char *words[SHELL_WORDS_MAX];
	size_t words_n;
	size_t line;         /* where it begins */
	const char *problem; /* why its words are not what would be run; NULL: they are */
};

void shell_init(struct shell *shell, struct arena *arena, const char *text, size_t length);

/* The next command that has a word; false: there is none. */
bool shell_next(struct shell *shell, struct shell_command *command);
