#include "daemon/said.h"

#include <inttypes.h>
#include <string.h>

#include "base/check.h"

void
said_init(struct said *said, size_t size)
{
	*said = (struct said){.first = must_alloc(size), .last = must_alloc(size), .size = size};
}

void
said_fini(struct said *said)
{
	free(said->first);
	free(said->last);
}

void
said_add(struct said *said, const char *bytes, size_t length)
{
	size_t room = said->size - said->first_n, n = length < room ? length : room;

	memcpy(said->first + said->first_n, bytes, n);
	said->first_n += n;
	bytes += n;
	length -= n;
	while (length > 0) {
		size_t at = said->last_n % said->size, piece = said->size - at;

		if (piece > length)
			piece = length;
		memcpy(said->last + at, bytes, piece);
		said->last_n += piece;
		bytes += piece;
		length -= piece;
	}
}

void
said_show(const struct said *said, struct buf *into)
{
	size_t at = said->last_n % said->size;

	buf_add(into, said->first, said->first_n);
	if (said->last_n <= said->size) {
		buf_add(into, said->last, (size_t)said->last_n);
		return;
	}
	buf_printf(into, "\n… %" PRIu64 " bytes are left out here …\n", said->last_n - said->size);
	buf_add(into, said->last + at, said->size - at);
	buf_add(into, said->last, at);
}
