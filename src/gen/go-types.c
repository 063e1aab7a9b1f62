/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "go-types.h"
#include "ident.h"

enum {
	MAX_DEPTH = 32,       /* of types in each other */
	MAX_FIELDS = 1 << 16, /* of one declaration */
};

/* One declaration on its way. */
struct writer {
	struct go_types *of;
	const char *in; /* what is declared, for a sentence */
	size_t fields;  /* in all */
	unsigned depth; /* of what is in each other */
	char **why;
};

static int refuse(struct writer *w, char *why)
{
	*w->why = why;
	return why ? -EINVAL : -ENOMEM;
}

/* A name for a sentence. */
static const char *tell(const char *name)
{
	return ident_is_symbol(name) ? name : "without a name";
}

static const char *find_name(const struct go_types *t, uint32_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->named[i].id == id)
			return t->named[i].name;
	return NULL;
}

static int write_type(struct writer *w, uint32_t id, unsigned tabs, struct strbuf *text);

static void write_bytes(struct go_fields *f, uint32_t n, bool bits)
{
	if (n)
		go_fields_take(
			f, strdup("_"),
			str_printf("[%" PRIu32 "]byte%s", n, bits ? " /* bit fields */" : ""));
}

/* What is written of a structure so far. */
struct layout {
	struct go_fields fields;
	uint32_t end; /* bytes */
	bool bits;    /* bit fields were passed over since */
	unsigned tabs;
};

static bool is_bit_field(const struct types *types, const struct type_member *member)
{
	struct type type;

	types_get(types, types_resolve(types, member->type), &type);
	return member->bits || member->bit_offset % 8 ||
	       (type.kind == TYPE_INT && type.bits && type.bits != 8 * type.size);
}

static char *name_field(const char *name)
{
	char *go = ident_to_go(name);

	if (go && (!*go || (*go >= '0' && *go <= '9'))) {
		char *letter = str_printf("X%s", go);
		free(go);
		return letter;
	}
	return go;
}

static int add_members(struct writer *w, struct layout *l, const struct type *type, uint64_t base);

static int add_field(struct writer *w, struct layout *l, const struct type_member *member,
		     uint64_t base)
{
	const struct types *types = w->of->types;
	uint64_t offset = base + member->bit_offset / 8;
	cleanup_strbuf struct strbuf text = {0};
	struct type type;
	uint32_t size;
	char *result;

	if (is_bit_field(types, member)) {
		l->bits = true;
		return 0;
	}
	if (++w->fields > MAX_FIELDS)
		return refuse(w, str_printf("%s has too many fields for Go", w->in));
	types_get(types, types_skip_qualifiers(types, member->type), &type);
	if (!member->name[0] && (type.kind == TYPE_STRUCT || type.kind == TYPE_UNION)) {
		if (++w->depth > MAX_DEPTH)
			return refuse(w, str_printf("%s is nested too deep for Go", w->in));
		int r = add_members(w, l, &type, offset);
		w->depth--;
		return r;
	}
	if (types_size(types, member->type, &size) < 0 || offset < l->end ||
	    offset + size > UINT32_MAX)
		return refuse(w, str_printf("%s cannot be said in Go: its member %s", w->in,
					    tell(member->name)));
	write_bytes(&l->fields, (uint32_t)offset - l->end, l->bits);
	l->bits = false;
	l->end = (uint32_t)(offset + size);
	int r = write_type(w, member->type, l->tabs, &text);
	if (r < 0)
		return r;
	strbuf_puts(&text, "");
	if (strbuf_finish(&text, &result) < 0)
		return -ENOMEM;
	go_fields_take_unique(&l->fields, name_field(member->name), result);
	return l->fields.error;
}

/* Of a union the first member. */
static int add_members(struct writer *w, struct layout *l, const struct type *type, uint64_t base)
{
	uint32_t n = type->kind == TYPE_UNION && type->n_members ? 1 : type->n_members;
	struct type_member member;
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		types_member(w->of->types, type, i, &member);
		r = add_field(w, l, &member, base);
	}
	return r;
}

static void layout_free(struct layout *l)
{
	go_fields_free(&l->fields);
}
#define cleanup_layout CLEANUP(layout_free)

static int write_struct(struct writer *w, const struct type *type, unsigned tabs,
			struct strbuf *text)
{
	cleanup_layout struct layout l = {.tabs = tabs + 1};

	if (w->of->dialect->host_layout) {
		go_fields_take(&l.fields, strdup("_"), strdup("structs.HostLayout"));
		w->of->has_structs = true;
	}
	int r = add_members(w, &l, type, 0);
	if (r < 0)
		return r;
	if (l.end > type->size)
		return refuse(
			w, str_printf("%s cannot be said in Go: a member ends behind it", w->in));
	write_bytes(&l.fields, type->size - l.end, false);
	if (!l.fields.n && !l.fields.error) {
		strbuf_puts(text, "struct{}");
		return text->error;
	}
	strbuf_puts(text, "struct {\n");
	go_fields_write(&l.fields, tabs + 1, text);
	for (unsigned tab = 0; tab < tabs; tab++)
		strbuf_putc(text, '\t');
	strbuf_puts(text, "}");
	return text->error;
}

static bool is_number_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static void write_int(uint32_t size, bool is_signed, struct strbuf *text)
{
	const char *stem = is_signed ? "int" : "uint";

	if (is_number_size(size))
		strbuf_printf(text, "%s%" PRIu32, stem, 8 * size);
	else
		strbuf_printf(text, "[%" PRIu32 "]byte", size);
}

static bool is_signed_enum(const struct go_types *t, const struct type *type)
{
	return type->flag || !t->dialect->unsigned_enums;
}

/* The type itself, though it may have a name. */
static int write_kind(struct writer *w, const struct type *type, unsigned tabs, struct strbuf *text)
{
	switch (type->kind) {
	case TYPE_INT:
		if (type->encoding & TYPE_INT_BOOL && type->size == 1)
			strbuf_puts(text, "bool");
		else
			write_int(type->size, type->encoding & TYPE_INT_SIGNED, text);
		return text->error;
	case TYPE_ENUM:
	case TYPE_ENUM64:
		if (!is_number_size(type->size))
			return refuse(w, str_printf("%s cannot be said in Go: an enum of %" PRIu32
						    " bytes",
						    w->in, type->size));
		write_int(type->size, is_signed_enum(w->of, type), text);
		return text->error;
	case TYPE_PTR:
		strbuf_puts(text, "uint64");
		return text->error;
	case TYPE_FLOAT:
		if (!type->size)
			return refuse(w, str_printf("%s cannot be said in Go: a float of 0 bytes",
						    w->in));
		if (type->size == 4 || type->size == 8)
			strbuf_printf(text, "float%" PRIu32, 8 * type->size);
		else
			write_int(type->size, false, text);
		return text->error;
	case TYPE_TYPEDEF:
		return write_type(w, type->type, tabs, text);
	case TYPE_ARRAY:
		strbuf_printf(text, "[%" PRIu32 "]", type->n_elements);
		return write_type(w, type->type, tabs, text);
	case TYPE_STRUCT:
	case TYPE_UNION:
		return write_struct(w, type, tabs, text);
	default:
		return refuse(w, str_printf("%s cannot be said in Go: it has no size", w->in));
	}
}

static int write_literal(struct writer *w, uint32_t id, unsigned tabs, struct strbuf *text)
{
	struct type type;

	if (++w->depth > MAX_DEPTH)
		return refuse(w, str_printf("%s is nested too deep for Go", w->in));
	types_get(w->of->types, id, &type);
	int r = write_kind(w, &type, tabs, text);
	w->depth--;
	return r;
}

static int write_type(struct writer *w, uint32_t id, unsigned tabs, struct strbuf *text)
{
	uint32_t bare = types_skip_qualifiers(w->of->types, id);
	const char *name = find_name(w->of, bare);

	if (!name)
		return write_literal(w, bare, tabs, text);
	strbuf_puts(text, name);
	return text->error;
}

/* The values of an enumeration, as constants. */
static int write_values(struct writer *w, const struct go_named *named, const struct type *type,
			struct strbuf *text)
{
	cleanup_go_fields struct go_fields fields = {0};
	bool is_signed = is_signed_enum(w->of, type);
	unsigned shift = type->size < 8 ? 64 - 8 * type->size : 0;

	for (uint32_t i = 0; i < type->n_members; i++) {
		struct type_value value;
		types_value(w->of->types, type, i, &value);
		cleanup_free char *end = ident_to_go(value.name);
		uint64_t bits = value.value << shift;
		char *number =
			is_signed ? str_printf("%s = %" PRId64, named->name, (int64_t)bits >> shift)
				  : str_printf("%s = %" PRIu64, named->name, bits >> shift);
		go_fields_take_unique(&fields, end ? str_printf("%s%s", named->name, end) : NULL,
				      number);
	}
	for (size_t i = 0; i < fields.n; i++)
		go_fields_take(&w->of->declared, strdup(fields.v[i].name),
			       str_printf("a value of its enum %s", tell(type->name)));
	if (fields.n) {
		strbuf_puts(text, "\nconst (\n");
		go_fields_write(&fields, 1, text);
		strbuf_puts(text, ")\n");
	}
	return fields.error ? fields.error : text->error;
}

static int declare(struct go_types *t, const struct go_named *named, struct strbuf *text,
		   char **ret_why)
{
	struct type type;
	struct writer w = {.of = t, .in = named->name, .why = ret_why};

	types_get(t->types, named->id, &type);
	go_fields_take(&t->declared, strdup(named->name),
		       str_printf("its type %s", tell(type.name)));
	strbuf_printf(text, "\ntype %s ", named->name);
	int r = write_literal(&w, named->id, 0, text);
	if (r < 0)
		return r;
	strbuf_puts(text, "\n");
	return type.kind == TYPE_ENUM || type.kind == TYPE_ENUM64
		       ? write_values(&w, named, &type, text)
		       : text->error;
}

static int compare_named(const void *a, const void *b)
{
	const struct go_named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

/* Is the second another name of the first? `typedef struct flow flow` makes one type of two. */
static bool is_same(const struct go_types *t, uint32_t a, uint32_t b)
{
	return types_resolve(t->types, a) == types_resolve(t->types, b);
}

int go_types_write(struct go_types *t, struct strbuf *text, char **ret_why)
{
	int r = 0;

	if (t->n)
		qsort(t->named, t->n, sizeof(*t->named), compare_named);
	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct go_named *named = &t->named[i];
		/* The one without a typedef tells what it is. */
		bool again = i > 0 && strcmp(named->name, named[-1].name) == 0;
		if (again && !is_same(t, named->id, named[-1].id)) {
			*ret_why = str_printf("two types would be called %s", named->name);
			return *ret_why ? -EINVAL : -ENOMEM;
		}
		if (!again) {
			struct go_named itself = {types_resolve(t->types, named->id), named->name};
			bool more = i + 1 < t->n && strcmp(named[1].name, named->name) == 0;
			r = declare(t, more ? &itself : named, text, ret_why);
		}
	}
	return r < 0 ? r : t->declared.error;
}

/* Declares a type that C has a name for. */
static int add_named(struct go_types *t, uint32_t id, const char *name, char **ret_why)
{
	cleanup_free char *end = ident_to_go(name);

	if (!end)
		return -ENOMEM;
	if (!ident_is_symbol(name) || !*end) {
		*ret_why = strdup("a type's name has no letter that Go could call it by");
		return *ret_why ? -EINVAL : -ENOMEM;
	}
	if (find_name(t, id))
		return 0;
	if (t->n == t->room) {
		size_t room = t->room ? 2 * t->room : 16;
		struct go_named *named = realloc(t->named, room * sizeof(*named));
		if (!named)
			return -ENOMEM;
		t->named = named;
		t->room = room;
	}
	t->named[t->n] = (struct go_named){id, str_printf("%s%s", t->ident, end)};
	return t->named[t->n++].name ? 0 : -ENOMEM;
}

int go_types_add(struct go_types *t, uint32_t id, char **ret_why)
{
	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		uint32_t bare = types_skip_qualifiers(t->types, id);
		struct type type, under;
		types_get(t->types, bare, &type);
		types_get(t->types, types_resolve(t->types, bare), &under);
		bool is_array = under.kind == TYPE_ARRAY;
		bool declared = under.kind == TYPE_STRUCT || under.kind == TYPE_UNION ||
				under.kind == TYPE_ENUM || under.kind == TYPE_ENUM64 ||
				(is_array && !t->dialect->variables);
		if (declared && type.name[0])
			return add_named(t, bare, type.name, ret_why);
		if (!is_array || !t->dialect->variables)
			return 0;
		id = under.type;
	}
	return 0;
}

int go_types_ask(struct go_types *t, const char *name, char **ret_why)
{
	static const enum type_kind kinds[] = {TYPE_STRUCT,  TYPE_UNION, TYPE_ENUM, TYPE_ENUM64,
					       TYPE_TYPEDEF, TYPE_INT,   TYPE_FLOAT};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint32_t id = types_find(t->types, kinds[i], name);
		if (id)
			return add_named(t, id, name, ret_why);
	}
	*ret_why = str_printf("it has no type %s", name);
	return *ret_why ? -ENOENT : -ENOMEM;
}

void go_types_free(struct go_types *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->named[i].name);
	free(t->named);
	go_fields_free(&t->declared);
	*t = (struct go_types){0};
}
