#include "fuzz/fuzz_framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_framing(&ndjson_framing, data, size);
	return 0;
}
