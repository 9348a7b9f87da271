#include "request/uuid.h"

/* The variant, binary 10, and the version around what is there. */
static char *
write_version(char *into, uint64_t version, uint64_t high, uint64_t low)
{
	static const char hex[] = "0123456789abcdef";

	high = (high & ~UINT64_C(0xf000)) | version << 12;
	low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	for (int i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*into++ = '-';
		*into++ = hex[(i < 16 ? high : low) >> (60 - 4 * (i & 15)) & 15];
	}
	return into;
}

char *
uuid_write(char *into, uint64_t high, uint64_t low)
{
	return write_version(into, 4, high, low);
}

char *
uuid_write_7(char *into, uint64_t unix_ms, uint64_t high, uint64_t low)
{
	return write_version(into, 7, unix_ms << 16 | (high & 0xffff), low);
}
