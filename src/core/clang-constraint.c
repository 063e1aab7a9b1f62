/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "clang-constraint.h"

enum { MAX_PARTS = 4, MAX_PART = 1000000 };

struct version {
	int part[MAX_PARTS];
	int n;
};

enum relation { AT_LEAST, ABOVE, EQUAL, AT_MOST, BELOW };

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Numbers parted by dots; *at moves behind the last. */
static int read_version(const char **at, struct version *ret_version)
{
	struct version v = {0};

	for (;;) {
		int part = 0;
		if (!is_digit(**at) || v.n == MAX_PARTS)
			return -EINVAL;
		for (; is_digit(**at); (*at)++)
			if ((part = part * 10 + (**at - '0')) > MAX_PART)
				return -EINVAL;
		v.part[v.n++] = part;
		if (**at != '.' || !is_digit((*at)[1]))
			break;
		(*at)++;
	}
	*ret_version = v;
	return 0;
}

static int read_relation(const char **at, enum relation *ret_relation)
{
	static const struct {
		const char *sign;
		enum relation relation;
	} signs[] = {
		{">=", AT_LEAST}, {"<=", AT_MOST}, {"==", EQUAL}, {">", ABOVE}, {"<", BELOW},
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t len = strlen(signs[i].sign);
		if (strncmp(*at, signs[i].sign, len) == 0) {
			*at += len;
			*ret_relation = signs[i].relation;
			return 0;
		}
	}
	return -EINVAL;
}

static bool holds(const struct version *v, enum relation relation, const struct version *limit)
{
	int order = 0;

	for (int i = 0; i < limit->n && order == 0; i++)
		order = v->part[i] - limit->part[i];
	switch (relation) {
	case AT_LEAST:
		return order >= 0;
	case ABOVE:
		return order > 0;
	case AT_MOST:
		return order <= 0;
	case BELOW:
		return order < 0;
	case EQUAL:
		break;
	}
	return order == 0;
}

bool clang_constraint_is(const char *text)
{
	skip_blanks(&text);
	return *text && strchr("<>=!", *text);
}

int clang_constraint_check(const char *constraint, const char *version, bool *ret_holds)
{
	struct version v;
	bool all = true;

	if (read_version(&version, &v) < 0)
		return -EINVAL;
	for (const char *at = constraint;; at++) {
		enum relation relation;
		struct version limit;

		skip_blanks(&at);
		if (read_relation(&at, &relation) < 0)
			return -EINVAL;
		skip_blanks(&at);
		if (read_version(&at, &limit) < 0)
			return -EINVAL;
		all = all && holds(&v, relation, &limit);
		skip_blanks(&at);
		if (!*at)
			break;
		if (*at != ',')
			return -EINVAL;
	}
	*ret_holds = all;
	return 0;
}
