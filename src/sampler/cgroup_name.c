#include "sampler/cgroup_name.h"

#include <ctype.h>
#include <string.h>

#include "base/check.h"

/* Ids have 64 digits, those of Fargate's tasks 32. Shorter hexadecimal words are others': a pod's UUID ends in 12. */
#define CONTAINER_DIGITS_MIN 32

const char *
cgroup_part_end(const char *part)
{
	return part + strcspn(part, "/");
}

static bool
ends_with(const char *part, size_t length, const char *ending)
{
	size_t n = strlen(ending);

	return length >= n && strncmp(part + length - n, ending, n) == 0;
}

bool
cgroup_part_has_unit_type(const char *part, size_t length)
{
	static const char *const types[] = {".service", ".scope", ".slice", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (ends_with(part, length, types[i]))
			return true;
	return false;
}

const char *
cgroup_part_unit(const char *part)
{
	return part + (*part == '_');
}

/* conmon is podman's and CRI-O's monitor of a container, in a cgroup with the same id. */
size_t
cgroup_part_container(const char *part, size_t length, const char **id)
{
	size_t digits = 0;

	if (ends_with(part, length, ".scope"))
		length -= strlen(".scope");
	while (digits < length && isxdigit((unsigned char)part[length - digits - 1]))
		digits++;
	*id = part + length - digits;
	return digits >= CONTAINER_DIGITS_MIN && !ends_with(part, length - digits, "conmon-") ? digits : 0;
}
