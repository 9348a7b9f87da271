#pragma once

#include <stdbool.h>

#include "plan/plan.h"

/* Profiles that were sent to a daemon: they may load a target, but run no command, read and write no file, and ask for
 * nothing of the environment. untrusted.def is the list of what is refused. */

/* The profile's text, before anything of it is looked at. False with err set: file:line:column, what stands there and
 * what it would do, or what is no YAML. `name` is what messages call it. */
bool untrusted_check_text(const char *text, size_t length, const char *name, struct error *err);

/* A setting that came along, as --set takes it. */
bool untrusted_check_setting(const struct plan_setting *setting, struct error *err);

/* Whether the text refers to ${env:…} or ${file:…}: it may hold secrets. */
bool untrusted_has_references(const char *text);
