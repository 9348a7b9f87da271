#include "measure/run_file.h"

#include "measure/json.h"

void
run_files_encode(struct buf *into, const struct run_file *files, size_t n)
{
	if (n == 0)
		return;
	json_open(into, "files", '[');
	for (size_t i = 0; i < n; i++) {
		json_open(into, NULL, '{');
		json_add_text(into, "file", files[i].shown);
		json_add_text(into, "hash", files[i].hash);
		json_close(into, '}');
	}
	json_close(into, ']');
}
