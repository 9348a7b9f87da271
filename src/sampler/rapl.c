#include "sampler/rapl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define ZONES_MAX 16

static double
read_uj(const struct rapl_domain *domain, const char *file)
{
	char path[320], text[64];
	double uj;

	snprintf(path, sizeof(path), "%s/%s", domain->directory, file);
	return file_read_small(path, text, sizeof(text)) > 0 && sscanf(text, "%lf", &uj) == 1 ? uj : NAN;
}

static bool
is_named(const struct rapl_domain *domain, const char *prefix)
{
	char path[320], text[64];

	snprintf(path, sizeof(path), "%s/name", domain->directory);
	return file_read_small(path, text, sizeof(text)) > 0 && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "package-0", and "dram" below it. What else is below a package is a part of it, and "psys" holds them all. */
static bool
add(struct rapl *rapl, const struct rapl_domain *domain, const char *name)
{
	struct rapl_domain added = *domain;

	added.range_uj = read_uj(domain, "max_energy_range_uj");
	added.before_uj = read_uj(domain, "energy_uj");
	if (rapl->n == RAPL_DOMAINS_MAX || !is_named(domain, name) || isnan(added.before_uj))
		return false;
	rapl->domains[rapl->n++] = added;
	return true;
}

void
rapl_open(struct rapl *rapl, const char *root)
{
	*rapl = (struct rapl){0};
	for (int zone = 0; zone < ZONES_MAX; zone++) {
		struct rapl_domain domain;

		snprintf(domain.directory, sizeof(domain.directory), "%s/sys/class/powercap/intel-rapl:%d", root, zone);
		if (!add(rapl, &domain, "package"))
			continue;
		for (int part = 0; part < ZONES_MAX; part++) {
			snprintf(domain.directory, sizeof(domain.directory), "%s/sys/class/powercap/intel-rapl:%d:%d",
				root, zone, part);
			add(rapl, &domain, "dram");
		}
	}
}

/* A counter that begins again at its range is told by being smaller than before. */
static double
take_uj(struct rapl_domain *domain)
{
	double now_uj = read_uj(domain, "energy_uj"), used_uj = now_uj - domain->before_uj;

	domain->before_uj = now_uj;
	return used_uj < 0 ? used_uj + domain->range_uj : used_uj;
}

double
rapl_take_joules(struct rapl *rapl)
{
	double joules = rapl->n > 0 ? 0 : NAN;

	for (size_t i = 0; i < rapl->n; i++)
		joules += take_uj(&rapl->domains[i]) / 1e6;
	return joules;
}
