#include "proto/protocol.h"

#include <string.h>

#include "base/check.h"

const struct protocol_ops *const protocols[] = {
#define PROTOCOL(name) &name##_protocol,
#include "proto/protocols.def"
#undef PROTOCOL
	NULL,
};

const struct plan_choice *const protocol_choices[] = {
#define PROTOCOL(name) &name##_protocol.choice,
#include "proto/protocols.def"
#undef PROTOCOL
	NULL,
};

const struct protocol_ops *
protocol_of(const struct plan_choice *choice)
{
	return container_of(choice, const struct protocol_ops, choice);
}

bool
protocol_method_is_idempotent(const char *method)
{
	static const char *const idempotent[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < ARRAY_LEN(idempotent); i++)
		if (strcmp(method, idempotent[i]) == 0)
			return true;
	return false;
}
