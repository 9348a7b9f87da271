#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

/* Text as a profile's requests hold it, where "${" begins a reference or a slot: what was read from a file is meant as
 * it stands, so that its own "${" becomes "$${". All texts of a draft are of this form. */

void literal_add(struct buf *into, const char *bytes, size_t length);
const char *literal_copy(struct arena *arena, const char *bytes, size_t length);

/* "${env:NAME}". False: what is before it ends in '$', and that pair would mean a "${" that stands for itself. */
bool literal_add_env(struct buf *into, const char *name, size_t length);
/* Whether it holds any such reference. */
bool literal_has_reference(const char *text);

/* The bytes that it stands for; it holds no reference. */
void literal_add_plain(struct buf *into, const char *text, size_t length);
