#include "reader/reader.h"

#include "base/check.h"

const struct reader_ops *const readers[] = {
#define READER(name) &name##_reader,
#include "reader/readers.def"
#undef READER
	NULL,
};

const struct plan_choice *const reader_choices[] = {
#define READER(name) &name##_reader.choice,
#include "reader/readers.def"
#undef READER
	NULL,
};

const struct reader_ops *
reader_of(const struct plan_choice *choice)
{
	return container_of(choice, const struct reader_ops, choice);
}
