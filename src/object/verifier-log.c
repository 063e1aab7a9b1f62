/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verifier-log.h"

#include <string.h>

enum { REGISTERS = 11 };

enum line_kind {
	LINE_INSTRUCTION, /* 12: (79) r1 = *(u64 *)(r0 +0) */
	LINE_COMMENT,     /* ; a line of the source */
	LINE_STATE,       /* of registers */
	LINE_NOISE,
	LINE_MESSAGE,
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Spans */

static bool begins(struct span s, const char *with)
{
	size_t len = strlen(with);

	return s.len >= len && memcmp(s.at, with, len) == 0;
}

static struct span behind(struct span s, size_t n)
{
	return n > s.len ? (struct span){s.at + s.len, 0} : (struct span){s.at + n, s.len - n};
}

static struct span trimmed(struct span s)
{
	while (s.len && (*s.at == ' ' || *s.at == '\t'))
		s = behind(s, 1);
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* A number at its beginning, and how long that is; 0: there is none that fits. */
static size_t number_at(struct span s, uint32_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < s.len && is_digit(s.at[i]); i++) {
		value = value * 10 + (uint64_t)(s.at[i] - '0');
		if (value > UINT32_MAX)
			return 0;
	}
	*ret = (uint32_t)value;
	return i;
}

/* The line before the one that begins at `at`, as *ret; false: there is none. */
static bool line_before(const char *text, const char *at, struct span *ret)
{
	if (at == text)
		return false;
	const char *end = at - 1, *begin = end;
	while (begin > text && begin[-1] != '\n')
		begin--;
	*ret = (struct span){begin, (size_t)(end - begin)};
	return true;
}

/* Lines */

/* "R1=", "R1_w=", " R10_rw=": how long that is, and of which register. 0: it is none. */
static size_t register_at(struct span s, uint32_t *ret)
{
	if (!s.len || *s.at != 'R')
		return 0;
	size_t n = number_at(behind(s, 1), ret);
	if (!n || *ret >= REGISTERS)
		return 0;
	for (n++; n < s.len && is_letter(s.at[n]);)
		n++;
	return n < s.len && s.at[n] == '=' ? n + 1 : 0;
}

static bool is_state(struct span s)
{
	uint32_t number;

	s = trimmed(s);
	if (begins(s, "frame")) {
		size_t n = number_at(behind(s, 5), &number);
		return n && begins(behind(s, 5 + n), ": ");
	}
	return register_at(s, &number) > 0;
}

static bool is_noise(struct span s)
{
	static const struct {
		const char *begin;
		bool number; /* follows */
	} noise[] = {
		{"processed ", true},
		{"verification time ", true},
		{"stack depth ", true},
		{"cur state:", false},
		{"old state:", false},
		{"caller:", false},
		{"callee:", false},
		{"returning from ", false},
		{"to caller at ", true},
		{"from ", true},
		{"mark_precise: ", false},
		{"last_idx ", true},
		{"regs=", false},
		{"parent ", false},
		{"propagating ", false},
		{"func#", true},
		{"Func#", true},
		{"Validating ", false},
		{"Live regs before ", false},
	};
	uint32_t number;

	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (begins(s, noise[i].begin) &&
		    (!noise[i].number || number_at(behind(s, strlen(noise[i].begin)), &number)))
			return true;
	return trimmed(s).len == 0;
}

/* Where its text ends: before the registers, which stand behind a ';', or as "13: R0=1" where the
 * next instruction is told of. */
static struct span instruction_text(struct span s)
{
	for (size_t i = 0; i + 1 < s.len; i++) {
		uint32_t number;
		if (s.at[i] != ' ' && s.at[i] != '\t')
			continue;
		size_t n = number_at(behind(s, i + 1), &number);
		if (s.at[i + 1] == ';' || (n && begins(behind(s, i + 1 + n), ": ")))
			s.len = i;
	}
	return trimmed(s);
}

/* What is no instruction for the kernel libbpf says so: "2: <invalid CO-RE relocation>". */
static bool read_instruction(struct span s, struct log_instruction *ret)
{
	uint32_t number;
	size_t n = number_at(s, &number);
	struct span rest = behind(s, n);

	if (!n || !(begins(rest, ": (") || begins(rest, ": <invalid")))
		return false;
	rest = behind(rest, 2);
	/* "(79) " is the byte that the text says again. */
	if (rest.len > 5 && memcmp(rest.at + 3, ") ", 2) == 0)
		rest = behind(rest, 5);
	*ret = (struct log_instruction){s.at, number, instruction_text(rest)};
	return true;
}

static enum line_kind classify(struct span s, struct log_instruction *ret)
{
	uint32_t number;

	if (begins(s, ";"))
		return LINE_COMMENT;
	if (read_instruction(s, ret))
		return LINE_INSTRUCTION;
	size_t n = number_at(s, &number);
	if ((n && begins(behind(s, n), ": ")) || is_state(s))
		return LINE_STATE;
	return is_noise(s) ? LINE_NOISE : LINE_MESSAGE;
}

/* Nobody reads more of one. */
enum { MESSAGE_MAX = 1000 };

static void add_message(struct log *log, struct span s)
{
	if (log->n_messages == LOG_MESSAGES)
		return;
	s = trimmed(s);
	if (s.len > MESSAGE_MAX)
		s.len = MESSAGE_MAX;
	memmove(log->messages + 1, log->messages, log->n_messages * sizeof(s));
	log->messages[0] = s;
	log->n_messages++;
}

void log_open(struct log *ret, const char *text)
{
	const char *at = text + strlen(text) + 1; /* the last line need not end */
	struct span line;
	bool ended = false; /* what it has against the program */

	*ret = (struct log){.text = text};
	while (!ret->last.at && line_before(text, at, &line)) {
		enum line_kind kind = classify(line, &ret->last);
		at = line.at;
		if (kind == LINE_MESSAGE && !ended)
			add_message(ret, line);
		else if (ret->n_messages)
			ended = true;
	}
}

/* The one before that at `at`; its `at` is NULL: there is none. */
static struct log_instruction instruction_before(const struct log *log, const char *at)
{
	struct log_instruction i = {0};
	struct span line = {.at = at};

	while (line_before(log->text, line.at, &line))
		if (read_instruction(line, &i))
			break;
	return i;
}

struct log_instruction log_find(const struct log *log, uint32_t number)
{
	struct log_instruction i = log->last;

	while (i.at && i.number != number)
		i = instruction_before(log, i.at);
	return i;
}

static bool is_in(struct log_range range, uint32_t number)
{
	return number >= range.first && number <= range.last;
}

bool log_loop(const struct log *log, uint32_t number, struct log_range function,
	      struct log_range *ret)
{
	struct log_range range = {number, number};

	for (struct log_instruction i = log->last; i.at; i = instruction_before(log, i.at)) {
		if (!is_in(function, i.number))
			continue;
		if (i.number == number && i.at != log->last.at) {
			*ret = range;
			return true;
		}
		range.first = i.number < range.first ? i.number : range.first;
		range.last = i.number > range.last ? i.number : range.last;
	}
	return false;
}

/* Registers */

/* "map_value(id=0,var_off=(0x0; 0xff))" is one word. */
static struct span value_at(struct span s)
{
	size_t depth = 0, i = 0;

	for (; i < s.len && (depth || s.at[i] != ' '); i++)
		if (s.at[i] == '(')
			depth++;
		else if (s.at[i] == ')' && depth)
			depth--;
	return (struct span){s.at, i};
}

/* The last that a line says of a register. */
static struct span register_in(struct span s, unsigned number)
{
	struct span found = {0};

	for (size_t i = 0; i < s.len; i++) {
		uint32_t which;
		size_t n = i == 0 || s.at[i - 1] == ' ' ? register_at(behind(s, i), &which) : 0;
		if (n && which == number)
			found = value_at(behind(s, i + n));
	}
	return found;
}

/* "r1 = r0", "w1 += 3": which it writes to. A copy is of *ret_source. */
static bool writes_to(struct span text, uint32_t *ret, uint32_t *ret_source)
{
	*ret_source = REGISTERS;
	if (!text.len || (*text.at != 'r' && *text.at != 'w'))
		return false;
	size_t n = number_at(behind(text, 1), ret);
	struct span rest = behind(text, 1 + n);
	if (!n || !begins(rest, " "))
		return false;
	for (rest = behind(rest, 1); rest.len && *rest.at != ' ' && *rest.at != '=';)
		rest = behind(rest, 1);
	if (!begins(rest, "= "))
		return false;
	struct span from = behind(rest, 2);
	uint32_t source;
	size_t digits =
		begins(from, "r") || begins(from, "w") ? number_at(behind(from, 1), &source) : 0;
	bool is_plain = rest.at == text.at + n + 2;
	if (is_plain && digits && from.len == digits + 1)
		*ret_source = source;
	return true;
}

static bool is_call(struct span text)
{
	return begins(text, "call ");
}

static bool changes(struct span text, unsigned number)
{
	uint32_t written, source;

	if (is_call(text))
		return number <= 5;
	return writes_to(text, &written, &source) && written == number;
}

struct span log_register(const struct log *log, const char *at, unsigned number)
{
	struct span line, none = {0};

	while (line_before(log->text, at, &line)) {
		struct log_instruction i;
		enum line_kind kind = classify(line, &i);
		struct span found = {0};
		at = line.at;
		if (kind == LINE_INSTRUCTION)
			found = register_in(
				behind(line, (size_t)(i.text.at + i.text.len - line.at)), number);
		else if (kind == LINE_STATE || kind == LINE_NOISE)
			found = register_in(line, number);
		if (found.len)
			return found;
		if (kind == LINE_INSTRUCTION && changes(i.text, number))
			return none;
	}
	return none;
}

struct log_instruction log_origin(const struct log *log, const char *at, unsigned number,
				  struct log_range function, bool *ret_lost)
{
	struct log_instruction copy = {0};

	*ret_lost = false;
	for (struct log_instruction i = instruction_before(log, at); i.at;
	     i = instruction_before(log, i.at)) {
		uint32_t written, source;
		if (!is_in(function, i.number))
			continue;
		if (is_call(i.text) && number <= 5) {
			*ret_lost = number > 0;
			return i;
		}
		bool writes = writes_to(i.text, &written, &source) && written == number;
		if (writes && source == REGISTERS)
			return i;
		if (writes) {
			copy = i;
			number = source;
		}
		if (i.number == function.first)
			break;
	}
	return copy;
}

/* Comments */

/* "text @ file.c:12": Linux 6.9 and later. */
static void split_comment(struct span s, struct log_comment *ret)
{
	*ret = (struct log_comment){.text = trimmed(s)};
	for (size_t i = s.len; i-- > 0;) {
		if (s.at[i] != ':')
			continue;
		size_t n = number_at(behind(s, i + 1), &ret->line);
		if (!n || i + 1 + n != s.len)
			break;
		for (size_t k = i; k-- > 1;) {
			if (s.at[k] != '@' || s.at[k - 1] != ' ' || s.at[k + 1] != ' ')
				continue;
			ret->text = trimmed((struct span){s.at, k});
			ret->file = (struct span){s.at + k + 2, i - k - 2};
			return;
		}
		break;
	}
	ret->line = 0;
}

bool log_comment(const struct log *log, const char *at, struct log_comment *ret)
{
	struct span line;

	for (; line_before(log->text, at, &line); at = line.at) {
		if (!begins(line, ";"))
			continue;
		split_comment(trimmed(behind(line, 1)), ret);
		if (ret->text.len)
			return true;
	}
	return false;
}

/* Messages */

/* Where it stands in it, or NULL. */
static const char *find(struct span s, const char *words)
{
	size_t len = strlen(words);

	for (size_t i = 0; len && i + len <= s.len; i++)
		if (s.at[i] == words[0] && memcmp(s.at + i, words, len) == 0)
			return s.at + i;
	return NULL;
}

bool log_says(const struct log *log, const char *words)
{
	for (size_t i = 0; i < log->n_messages; i++)
		if (find(log->messages[i], words))
			return true;
	return false;
}

bool log_number(const struct log *log, const char *words, uint32_t *ret)
{
	for (size_t i = 0; i < log->n_messages; i++) {
		struct span s = log->messages[i];
		const char *at = find(s, words);
		if (at && number_at(behind(s, (size_t)(at - s.at) + strlen(words)), ret))
			return true;
	}
	return false;
}

bool log_names_register(const struct log *log, unsigned *ret)
{
	for (size_t i = 0; i < log->n_messages; i++) {
		struct span s = log->messages[i];
		for (size_t k = 0; k < s.len; k++) {
			uint32_t number;
			bool starts =
				s.at[k] == 'R' &&
				(k == 0 || (!is_letter(s.at[k - 1]) && !is_digit(s.at[k - 1])));
			size_t n = starts ? number_at(behind(s, k + 1), &number) : 0;
			if (!n || number >= REGISTERS ||
			    (k + 1 + n < s.len && is_letter(s.at[k + 1 + n])))
				continue;
			*ret = number;
			return true;
		}
	}
	return false;
}
