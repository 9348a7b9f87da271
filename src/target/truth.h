#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The truth log: one line per request, in order of completion:
 *   arrival_ns done_ns status connection modelled_ns
 * arrival_ns: the kernel's receive stamp; done_ns: when the answer's last byte was handed to the kernel; status 0: no
 * whole answer (reset, dropped, or the peer left; done_ns is when that was known); modelled_ns: when the model wanted
 * it done. All on CLOCK_MONOTONIC. Written in pieces, whole after truth_flush. */
struct truth {
	int fd; /* -1: nobody asked for it */
	char *bytes;
	size_t length;
	bool has_failed;
};

struct truth_line {
	int64_t arrival_ns, done_ns;
	int status;
	uint64_t connection;
	int64_t modelled_ns;
};

bool truth_open(struct truth *truth, const char *path, struct error *err); /* path NULL: no log */
void truth_add(struct truth *truth, const struct truth_line *line);

/* The same in pieces, for lines that go on: the five fields, then words and numbers, then the end. */
void truth_put_line(struct truth *truth, const struct truth_line *line);
void truth_put_number(struct truth *truth, char before, uint64_t value);
void truth_put_word(struct truth *truth, const char *word); /* after a space */
void truth_put_end(struct truth *truth);

bool truth_flush(struct truth *truth); /* false if any line was lost; said once on stderr */
void truth_close(struct truth *truth);
