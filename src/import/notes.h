#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/* What could not be taken over, said once each with where it was first, and counted: a file of a million lines may have
 * one flaw a million times. */

#define NOTES_MAX 200 /* different ones; more are only counted */

enum note_kind {
	NOTE_LEFT_OUT, /* a request is not in the profile */
	NOTE_CHANGED,  /* a request is, but not all of it */
};

struct notes {
	struct note {
		const char *text;
		uint64_t hash;
		size_t place; /* 0: of the file as a whole */
		uint64_t times;
	} list[NOTES_MAX];
	size_t n;
	uint64_t counts[2]; /* of each kind */
	uint64_t unsaid;
};

/* place: the line or entry where it is. */
void notes_add(struct notes *notes, struct arena *arena, enum note_kind kind, size_t place, const char *text);

/* "FILE:12: sentence (and 41 more)"; unit: "line", which is told as FILE:12, or another word: "FILE, entry 12: …". */
void notes_add_text(const struct notes *notes, const char *file, const char *unit, struct buf *into);
