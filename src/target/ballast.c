#include "target/ballast.h"

#include <string.h>
#include <sys/mman.h>

#define LEAK_CHUNK_BYTES ((size_t)1 << 20)
#define FILL 0x5a /* not 0: a page of zeroes can be shared */

static void *
map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void *
ballast_hold(size_t bytes)
{
	void *memory = map(bytes);

	if (memory != NULL)
		memset(memory, FILL, bytes);
	return memory;
}

void
ballast_drop(void *memory, size_t bytes)
{
	if (memory != NULL)
		munmap(memory, bytes);
}

int
leak_more(struct leak *leak, size_t bytes)
{
	leak->bytes += bytes;
	while (bytes > 0) {
		if (leak->left == 0) {
			leak->chunk = map(LEAK_CHUNK_BYTES);
			if (leak->chunk == NULL)
				return 0;
			leak->left = LEAK_CHUNK_BYTES;
		}
		size_t step = bytes < leak->left ? bytes : leak->left;

		memset(leak->chunk, FILL, step);
		leak->chunk += step;
		leak->left -= step;
		bytes -= step;
	}
	return 1;
}
