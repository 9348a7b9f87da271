#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A whole file of at most `ceiling` bytes as a malloc'ed, NUL-ended text; NULL with err set. */
char *file_read(const char *path, size_t ceiling, size_t *length, struct error *err);

/* FNV-1a (Fowler, Noll, Vo), 64 bits, of all its bytes. False: it is no file of bytes that stay, or cannot be read. */
bool file_hash(const char *path, uint64_t *hash);

/* Old or new, never torn: writes beside it, fsyncs, renames, fsyncs the directory. */
bool file_write_atomic(const char *path, const void *bytes, size_t length, struct error *err);

/* The same with another file's bytes, in pieces of bounded size. */
bool file_copy_atomic(const char *from, const char *path, struct error *err);

/* With all that is below it; links are removed, not followed. False: errno says why. */
bool file_remove_tree(const char *path);

/* Makes the directory and those above it (0777 less umask); a directory that is there already is fine. */
bool file_make_dirs(const char *path, struct error *err);

/* A directory that can be read and holds nothing. */
bool file_is_empty_dir(const char *path);

/* Small kernel files such as those of /proc: no error text, -1 when it cannot be read, else the length. */
long file_read_small(const char *path, char *into, size_t size);
