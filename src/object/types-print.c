/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "types.h"

enum {
	PRINT_DEPTH_MAX = 32,
	PRINT_LEN_MAX = 1000, /* a hostile type would take for ever; nobody reads more */
};

struct printer {
	const struct types *types;
	struct strbuf *text;
	size_t limit;
};

static void print(struct printer *p, uint32_t id, int depth);

static void print_tagged(struct printer *p, const char *tag, const struct type *type)
{
	strbuf_printf(p->text, "%s %s", tag, type->name[0] ? type->name : "{...}");
}

static void print_parameters(struct printer *p, const struct type *proto, int depth)
{
	struct type_member m;

	strbuf_putc(p->text, '(');
	for (uint32_t i = 0; i < proto->n_members && p->text->len < p->limit; i++) {
		types_member(p->types, proto, i, &m);
		strbuf_puts(p->text, i ? ", " : "");
		if (m.type || i + 1 < proto->n_members || m.name[0])
			print(p, m.type, depth);
		else
			strbuf_puts(p->text, "...");
	}
	strbuf_puts(p->text, proto->n_members ? ")" : "void)");
}

static void print_pointer(struct printer *p, const struct type *pointer, int depth)
{
	struct type to;

	types_get(p->types, pointer->type, &to);
	if (to.kind == TYPE_FUNC_PROTO) {
		print(p, to.type, depth);
		strbuf_puts(p->text, " (*)");
		print_parameters(p, &to, depth);
		return;
	}
	print(p, pointer->type, depth);
	bool follows = p->text->len && p->text->data[p->text->len - 1] == '*';
	strbuf_puts(p->text, follows ? "*" : " *");
}

/* What is constant is the pointer, and the word stands behind it; else it stands before. */
static void print_qualified(struct printer *p, const char *word, const struct type *type, int depth)
{
	struct type of;

	types_get(p->types, type->type, &of);
	if (of.kind != TYPE_PTR)
		strbuf_printf(p->text, "%s ", word);
	print(p, type->type, depth);
	if (of.kind == TYPE_PTR)
		strbuf_printf(p->text, " %s", word);
}

static void print_array(struct printer *p, struct type type, int depth)
{
	uint32_t n[PRINT_DEPTH_MAX];
	int dimensions = 0;
	uint32_t element = 0;

	while (type.kind == TYPE_ARRAY && dimensions < PRINT_DEPTH_MAX) {
		n[dimensions++] = type.n_elements;
		element = type.type;
		types_get(p->types, element, &type);
	}
	print(p, element, depth);
	for (int i = 0; i < dimensions; i++)
		strbuf_printf(p->text, "[%u]", n[i]);
}

static void print(struct printer *p, uint32_t id, int depth)
{
	struct type type;

	if (depth >= PRINT_DEPTH_MAX || p->text->len >= p->limit) {
		strbuf_puts(p->text, "...");
		return;
	}
	depth++;
	types_get(p->types, id, &type);
	switch (type.kind) {
	case TYPE_VOID:
		strbuf_puts(p->text, "void");
		break;
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_TYPEDEF:
	case TYPE_DATASEC:
		strbuf_puts(p->text, type.name);
		break;
	case TYPE_PTR:
		print_pointer(p, &type, depth);
		break;
	case TYPE_ARRAY:
		print_array(p, type, depth);
		break;
	case TYPE_STRUCT:
		print_tagged(p, "struct", &type);
		break;
	case TYPE_UNION:
		print_tagged(p, "union", &type);
		break;
	case TYPE_ENUM:
	case TYPE_ENUM64:
		print_tagged(p, "enum", &type);
		break;
	case TYPE_FWD:
		print_tagged(p, type.flag ? "union" : "struct", &type);
		break;
	case TYPE_CONST:
		print_qualified(p, "const", &type, depth);
		break;
	case TYPE_VOLATILE:
		print_qualified(p, "volatile", &type, depth);
		break;
	case TYPE_RESTRICT:
		print_qualified(p, "restrict", &type, depth);
		break;
	case TYPE_FUNC:
	case TYPE_VAR:
	case TYPE_DECL_TAG:
	case TYPE_TYPE_TAG:
		print(p, type.type, depth);
		break;
	case TYPE_FUNC_PROTO:
		print(p, type.type, depth);
		strbuf_putc(p->text, ' ');
		print_parameters(p, &type, depth);
		break;
	}
}

void types_print(const struct types *t, uint32_t id, struct strbuf *text)
{
	struct printer p = {t, text, text->len + PRINT_LEN_MAX};

	print(&p, id, 0);
}
