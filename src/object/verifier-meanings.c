/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "verifier-meanings.h"

#include <string.h>

#define NULL_MAP                                                                            \
	"A map lookup gives NULL where the key is not there: compare the pointer with NULL" \
	" before it is used."
#define NULL_ANY "This pointer may be NULL: compare it with NULL, and use it only where it is not."
#define LOOP                                                                                   \
	"The verifier came to the same place with nothing changed that the loop's end depends" \
	" on: count with a variable of the program's up to a constant, or use bpf_loop()."
#define TOO_LONG                                                                                \
	"The verifier follows each way through the program, each turn of a loop anew, and gave" \
	" up: let the loop turn less often, or use bpf_loop(); make what branches in it a"      \
	" global function, which is verified once."
#define UNINITIALISED                                                                         \
	"Nothing was put there on this way through the program. A program has its context as" \
	" its one argument, and a call leaves nothing in R1 to R5."
#define SIZE                                                                                \
	"A size or an index must have limits that the verifier sees: make it unsigned, and" \
	" compare it with the limit, or mask it, right before it is used."
#define POINTER                                                                            \
	"The verifier must know where a pointer leads: it takes a pointer plus or minus a" \
	" number within limits, and no other arithmetic."
#define RETURNED                                                                            \
	"What a program of this type may return has limits, and the verifier must see that" \
	" it keeps them: return a constant, or compare before."
#define STACK                                                                                   \
	"A function has 512 bytes of stack, and so have all together that call each other: put" \
	" large variables into a map's value, of a per-CPU array with one entry."
#define STACK_READ                                                                           \
	"Some of these bytes of the stack were never written, padding among them, or are"    \
	" not for the program, as a dynptr's: give the variable a value as a whole, by = {}" \
	" or __builtin_memset()."
#define TYPES                                                                                   \
	"The function wants another kind of pointer here than it is given: see its description" \
	" in bpf-helpers(7); what was stored and loaded again may be a mere number by now."
#define HELPER                                                                             \
	"Programs of this type may not call it, or this kernel does not have it: crossbpf" \
	" inspect says since when there is what the object calls."
#define RELEASE                                                                                 \
	"What was acquired must be released on each way to the end: submit or discard what was" \
	" reserved, release a socket, put back what was got."
#define NOT_HELD "What is released here is not what was acquired, or was released before."
#define NO_FIELD                                                                                \
	"The running kernel has no such type, member or value: ask by bpf_core_field_exists()," \
	" bpf_core_type_exists() or bpf_core_enum_value_exists() before it is used."
#define NUMBER                                                                                     \
	"To the verifier this is a number, not a pointer that it knows. Memory of the kernel's is" \
	" read by bpf_probe_read_kernel() or BPF_CORE_READ(), a process's by "                     \
	"bpf_probe_read_user()."
#define LOCKED                                                                                    \
	"Between bpf_spin_lock() and bpf_spin_unlock() a program may do next to nothing: unlock " \
	"before."
#define ATTACHES                                                                             \
	"What the program attaches to is not there, or not for a program of this type: its " \
	"section's name"                                                                     \
	" says it, SEC(\"fentry/FUNCTION\")."
#define EXTERN                                                                                   \
	"The running kernel does not have it, or of another type: declare it __weak, and ask by" \
	" bpf_ksym_exists() whether it is there."
#define CALLED_BY "The function is verified by itself, for any argument of its type. "

/* The first that fits. What is more special stands first; words are those of Linux 5.10 to 6.18. */
static const struct meaning meanings[] = {
	{.words = "CO-RE relocation", .meaning = NO_FIELD},
	{.words = "unknown#195896080", .meaning = NO_FIELD}, /* as libbpf wrote it before 0.8 */
	{.words = "invalid BPF map reference",
	 .meaning = "The map is not created, for the kernel lacks its type or the loader was told "
		    "not to."},
	{.words = "is referenced but wasn't",
	 .meaning = "The kernel lacks it: ask whether it is there, as by bpf_ksym_exists(), before "
		    "it is used."},

	{.words = "Unreleased reference",
	 .place = PLACE_NUMBER,
	 .number = "alloc_insn=",
	 .still = "it is still held at",
	 .meaning = RELEASE},
	{.words = "reference leak", .meaning = RELEASE},
	{.words = "unacquired reference", .meaning = NOT_HELD},
	{.words = "reference has not been acquired", .meaning = NOT_HELD},

	{.words = "infinite loop detected",
	 .place = PLACE_LOOP,
	 .number = "at insn ",
	 .meaning = LOOP},
	{.words = "back-edge",
	 .place = PLACE_BACK,
	 .number = "from insn ",
	 .meaning = "This kernel takes no loops: have clang unroll it by #pragma unroll, or load "
		    "it with CAP_BPF on Linux 5.3 or later."},
	{.words = "unreachable insn",
	 .place = PLACE_NUMBER,
	 .number = "insn ",
	 .meaning = "No way leads to this instruction, and the kernel takes no such code."},
	{.words = "jump out of range",
	 .place = PLACE_NUMBER,
	 .number = "from insn ",
	 .meaning = "A function jumps into another one, or behind the end."},
	{.words = "last insn is not an exit",
	 .place = PLACE_NONE,
	 .meaning = "A function must end by returning: clang ends one so that has no return, or "
		    "calls what is not to return."},

	{.words = "combined stack size", .place = PLACE_STACK, .meaning = STACK},
	{.words = "call stack of",
	 .also = "too deep",
	 .place = PLACE_CALLS,
	 .meaning = "No more than eight functions may call each other, and none itself: let clang "
		    "inline some of them."},
	{.words = "tail_calls are not allowed",
	 .place = PLACE_STACK,
	 .meaning = "A program that makes tail calls has less of a stack: 256 bytes for the "
		    "functions that lead to one."},
	{.words = "program is too large", .place = PLACE_LOOP, .meaning = TOO_LONG},
	{.words = "jumps is too complex", .place = PLACE_LOOP, .meaning = TOO_LONG},
	{.words = "too many states", .place = PLACE_LOOP, .meaning = TOO_LONG},

	{.words = "GPL",
	 .meaning = "The kernel gives this to programs alone whose licence goes with the GPL: char "
		    "_license[] SEC(\"license\") = \"GPL\"; or \"Dual BSD/GPL\", if that is so."},
	{.words = "cannot use helper", .meaning = HELPER},
	{.words = "unknown func ", .meaning = HELPER},
	{.words = "invalid func ", .meaning = HELPER},
	{.words = "helper call is not allowed in probe", .meaning = HELPER},
	{.words = "calling kernel function", .also = "not allowed", .meaning = HELPER},
	{.words = "might sleep",
	 .meaning = "It may sleep, and the program may not, here: a section such as \"fentry.s\" "
		    "makes one that may; within a lock or bpf_rcu_read_lock() none may."},
	{.words = "holding a lock", .meaning = LOCKED},
	{.words = "inside bpf_spin_lock", .meaning = LOCKED},
	{.words = "bpf_rcu_read_",
	 .also = "missing",
	 .meaning = "Each bpf_rcu_read_lock() needs its bpf_rcu_read_unlock() on every way."},

	{.words = "pointer arithmetic on",
	 .also = "null-check it first",
	 .meaning =
		 "This pointer may be NULL: compare it with NULL before anything is added to it."},
	{.words = "invalid mem access 'map_value_or_null'", .meaning = NULL_MAP},
	{.words = "type=map_value_or_null expected=", .meaning = NULL_MAP},
	{.words = "invalid mem access", .also = "or_null", .meaning = NULL_ANY},
	{.words = "_or_null expected=", .meaning = NULL_ANY},
	{.words = "_or_null_ expected=", .meaning = NULL_ANY},
	{.words = "Possibly NULL pointer", .meaning = NULL_ANY},
	{.words = "invalid mem access 'scalar'", .meaning = NUMBER},
	{.words = "invalid mem access 'inv'", .meaning = NUMBER},
	{.words = "invalid mem access",
	 .meaning = "A pointer of this kind cannot be read or written through."},

	{.words = "invalid access to packet",
	 .meaning = "The packet may end before that: compare the pointer, plus the bytes to be "
		    "read, with data_end first. An offset in it must have a limit below 64 KiB; "
		    "what changes the packet makes a comparison void."},
	{.words = "math between", .also = "pointer", .has_operand = true, .meaning = SIZE},
	{.words = "makes pkt pointer be out of bounds", .has_operand = true, .meaning = SIZE},
	{.words = "makes",
	 .also = "pointer be out of bounds",
	 .has_operand = true,
	 .meaning = SIZE},
	{.words = "invalid access to map value",
	 .meaning = "This may lie outside of the map's value: compare the index with how many "
		    "there are, or mask it, right before it is used."},
	{.words = "invalid access to memory",
	 .meaning = "This may lie outside of the memory that the pointer has: compare the offset "
		    "with its size first."},
	{.words = "unbounded memory access", .meaning = SIZE},
	{.words = "min value is negative", .meaning = SIZE},
	{.words = "unbounded min value", .has_operand = true, .meaning = SIZE},
	{.words = "invalid zero-sized read",
	 .meaning = "The size may be 0, which this helper does not take: compare it with 0 first."},
	{.words = "outside of the allowed memory range", .meaning = SIZE},

	{.words = "At program exit", .place = PLACE_VALUE, .meaning = RETURNED},
	{.words = "At subprogram exit", .place = PLACE_VALUE, .meaning = RETURNED},
	{.words = "At async callback", .place = PLACE_VALUE, .meaning = RETURNED},
	{.words = "At callback return", .place = PLACE_VALUE, .meaning = RETURNED},
	{.words = "leaks addr as return value",
	 .place = PLACE_VALUE,
	 .meaning = "An address of the kernel's would get out: return a number."},
	{.words = "leaks addr",
	 .meaning = "An address of the kernel's would get out to where processes can read it: "
		    "store what it leads to, or load the program with CAP_PERFMON."},
	{.words = "!read_ok", .meaning = UNINITIALISED},
	{.words = "invalid indirect read from stack", .meaning = STACK_READ},
	{.words = "invalid read from stack", .meaning = STACK_READ},
	{.words = "invalid stack ",
	 .meaning = "This lies outside of the variables of the function. " STACK},
	{.words = "invalid write to stack",
	 .meaning = "This lies outside of the variables of the function. " STACK},
	{.words = "invalid variable-offset",
	 .meaning = "An index into a variable on the stack has no limits that the verifier sees: "
		    "compare it with how many there are, or mask it."},
	{.words = "invalid bpf_context access",
	 .meaning = "Programs of this type may not read or write this of their context, or not in "
		    "a piece of this size."},
	{.words = "dereference of modified ctx ptr",
	 .meaning = "The context must be read by the pointer that the program was given, nothing "
		    "added: clang may have done that; a barrier, asm volatile(\"\" : \"+r\"(ctx)), "
		    "keeps it from it."},
	{.words = "misaligned",
	 .meaning = "The address is no multiple of what is read or written at once: align the "
		    "variable, or read it in smaller pieces."},

	{.words = "only read is supported",
	 .meaning = "A program may read the kernel's own structures, not write to them."},
	{.words = "write into map forbidden",
	 .meaning = "The map, or the section of constants that it is, may be read alone."},
	{.words = "read from map forbidden",
	 .meaning = "The map may be written alone, by BPF_F_WRONLY_PROG."},
	{.words = "cannot write into", .meaning = "What this pointer leads to may be read alone."},
	{.words = "access beyond",
	 .meaning = "This is not within the kernel's structure, as the kernel has it: use a type "
		    "of its own vmlinux.h, with CO-RE."},
	{.words = "invalid kptr access",
	 .meaning = "A kptr in a map's value must be of the type that the map declares, and "
		    "changes by bpf_kptr_xchg() alone."},
	{.words = "kptr",
	 .meaning = "A kptr in a map's value is read and written as a whole, at its own place, and "
		    "one that is referenced by bpf_kptr_xchg() alone."},
	{.words = "Unsupported reg type",
	 .also = "bpf_dynptr_from_mem",
	 .meaning = "bpf_dynptr_from_mem() takes memory of a map's value, and of none else."},
	{.words = "dynptr",
	 .meaning = "A dynptr is made, used and released by its helpers alone; its bytes on the "
		    "stack are not for the program, and what is not made or is released is none."},

	{.words = "doesn't return scalar",
	 .meaning = CALLED_BY "It must return a number: return one, or make it static."},
	{.words = "size cannot be determined",
	 .meaning = CALLED_BY "What a pointer leads to must have a size that is known: declare the "
			      "type as a whole, or make the function static."},
	{.words = "expects pointer to ctx",
	 .meaning = CALLED_BY "This argument is the program's context: hand that on as it is, or "
			      "make the function static."},
	{.words = "must be a known constant",
	 .meaning = "The verifier must know the number here: give a constant."},
	{.words = "is not a known constant",
	 .meaning = "The verifier must know the number here: give a constant."},
	{.words = "type=", .also = " expected=", .meaning = TYPES},
	{.words = "expected pointer to", .meaning = TYPES},
	{.words = "must be referenced",
	 .meaning = "The function takes what is held alone: acquire it first, and compare it with "
		    "NULL."},
	{.words = "Caller passes invalid args",
	 .meaning = CALLED_BY "What it is given here does not go with that."},

	{.words = "pointer arithmetic", .meaning = POINTER},
	{.words = "on pointer prohibited", .meaning = POINTER},
	{.words = "pointer comparison prohibited", .meaning = POINTER},
	{.words = "pointer prohibited", .meaning = POINTER},
	{.words = "subtraction from stack pointer", .meaning = POINTER},

	{.words = "find kernel BTF type ID", .place = PLACE_NONE, .meaning = ATTACHES},
	{.words = "(func ksym)", .place = PLACE_NONE, .meaning = EXTERN},
	{.words = "(var ksym)", .place = PLACE_NONE, .meaning = EXTERN},
	{.words = "valid kernel BTF",
	 .place = PLACE_NONE,
	 .meaning = "The kernel does not tell its types, which CO-RE, fentry and kfuncs need: --btf"
		    " takes them from a file, for CO-RE alone."},
	{.words = "kernel symbol",
	 .place = PLACE_NONE,
	 .meaning =
		 "The running kernel does not have this variable under an address that it tells."},
	{.words = "kernel function",
	 .place = PLACE_NONE,
	 .meaning = "The running kernel does not have this function for programs: crossbpf inspect "
		    "says since when there is what the object calls."},
	{.words = "btf_id", .place = PLACE_NONE, .meaning = ATTACHES},
	{.words = "is not a modifiable return",
	 .place = PLACE_NONE,
	 .meaning = "Programs of fmod_ret go with functions alone that the kernel says may be "
		    "overridden."},
};

static bool fits(const struct log *log, const struct meaning *m)
{
	return log_says(log, m->words) && (!m->also || log_says(log, m->also));
}

static bool s_begins(struct span s, const char *with)
{
	return s.len >= strlen(with) && memcmp(s.at, with, strlen(with)) == 0;
}

static bool begins_digit(struct span s)
{
	return s.len && *s.at >= '0' && *s.at <= '9';
}

const char *meaning_of_number(struct span state)
{
	bool is_inv = s_begins(state, "inv");
	struct span value = is_inv ? (struct span){state.at + 3, state.len - 3} : state;

	if (value.len && *value.at == 'P')
		value = (struct span){value.at + 1, value.len - 1};
	if (value.len == 1 && *value.at == '0')
		return "This pointer is NULL on this way through the program.";
	if (!state.len || is_inv || begins_digit(state) || *state.at == '-' ||
	    s_begins(state, "scalar") || s_begins(state, "Pscalar"))
		return NULL;
	return "What it led to was released since then, or a call made the pointer void: use it"
	       " before, or get it anew.";
}

const struct meaning *meaning_of(const struct log *log)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (fits(log, &meanings[i]))
			return &meanings[i];
	return NULL;
}
