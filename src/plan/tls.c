#include "plan/tls.h"

#include "base/check.h"

const struct plan_tls plan_tls_defaults = {.verify = true, .resume = true};

bool
tls_compile(struct plan_context *context, const struct plan_node *node, struct plan_tls *tls, struct error *err)
{
	const struct {
		const char *key;
		struct plan_said *said;
	} values[] = {
		{"ca", &tls->said_ca},
		{"cert", &tls->said_cert},
		{"key", &tls->said_key},
		{"ciphers", &tls->said_ciphers},
		{"ciphersuites", &tls->said_ciphersuites},
	};

	if (node == NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		const struct plan_node *value = node_get(node, values[i].key);

		if (value != NULL)
			*values[i].said = plan_said_at(context, value);
	}
	if (tls->key != NULL && tls->cert == NULL)
		return plan_error(node_get(node, "key"), err, "key: there is no 'cert' that this is the key of");
	return true;
}
