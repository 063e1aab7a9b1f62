# SPDX-License-Identifier: BSD-2-Clause
# eBPF programs in a Makefile of GNU make, 3.81 and later; see crossbpf-make(7):
#
#     EBPF_SOURCES = bpf/probe.bpf.c      # variables come before the include
#     include $(or $(shell pkg-config --variable=makefile crossbpf),/usr/share/crossbpf/crossbpf.mk)
#     daemon: daemon.go $(EBPF_OBJECTS)
#     	go build -o $@ .
#
#     make ebpf         compile what changed
#     make ebpf-dev     the same with DWARF, in a directory of its own
#     make ebpf-check   are the objects those that the sources make?
#     make ebpf-clean   remove them
#
# Each makes one run of crossbpf build for all objects, which knows what changed: sources and
# headers by content, options, clang. An object that is up to date keeps its time, so that what
# depends on it is not made anew.

CROSSBPF ?= crossbpf
# Without sources, crossbpf.conf says what is built; others' rules can depend on EBPF_OBJECTS where
# that is set by hand then.
EBPF_SOURCES ?=
EBPF_OUTDIR ?= build/bpf
EBPF_DEV_OUTDIR ?= $(EBPF_OUTDIR)-dev
# Parted by commas or blanks: x86,arm64.
EBPF_ARCH ?=
EBPF_BACKEND ?=
EBPF_CFLAGS ?=
# Further options of crossbpf build.
EBPF_FLAGS ?=

# The names that crossbpf build gives: OUTDIR/NAME.bpf.o, and OUTDIR/ARCH/NAME.bpf.o for several.
crossbpf_comma := ,
crossbpf_space := $(subst ,, )
crossbpf_archs = $(sort $(subst $(crossbpf_comma), ,$(EBPF_ARCH)))
crossbpf_names = $(addsuffix .o,$(basename $(notdir $(EBPF_SOURCES))))
crossbpf_dirs = $(if $(word 2,$(crossbpf_archs)),$(addprefix $(1)/,$(crossbpf_archs)),$(1))
crossbpf_objects = $(foreach dir,$(call crossbpf_dirs,$(1)),$(addprefix $(dir)/,$(crossbpf_names)))
EBPF_OBJECTS ?= $(call crossbpf_objects,$(EBPF_OUTDIR))
EBPF_DEV_OBJECTS ?= $(call crossbpf_objects,$(EBPF_DEV_OUTDIR))

# Quoted for the shell: single quotes in it are written '\''.
crossbpf_quote = '$(subst ','\'',$(1))'
crossbpf_verbose = $(if $(filter 1,$(V)),,@)
crossbpf_on = $(if $(EBPF_BACKEND),--backend=$(call crossbpf_quote,$(EBPF_BACKEND)))
crossbpf_build = $(CROSSBPF) build -d $(call crossbpf_quote,$(1)) \
	$(if $(crossbpf_archs),--arch=$(subst $(crossbpf_space),$(crossbpf_comma),$(crossbpf_archs))) \
	$(crossbpf_on) \
	$(if $(EBPF_CFLAGS),--cflags=$(call crossbpf_quote,$(EBPF_CFLAGS))) \
	$(if $(filter 1,$(V)),-v) $(EBPF_FLAGS)

# What is included must not be what make makes without a goal.
crossbpf_goal := $(.DEFAULT_GOAL)

.PHONY: ebpf ebpf-dev ebpf-check ebpf-clean crossbpf-build crossbpf-build-dev
ebpf: crossbpf-build
ebpf-dev: crossbpf-build-dev

crossbpf-build:
	$(crossbpf_verbose)$(call crossbpf_build,$(EBPF_OUTDIR)) $(EBPF_SOURCES)

crossbpf-build-dev:
	$(crossbpf_verbose)$(call crossbpf_build,$(EBPF_DEV_OUTDIR)) --debug $(EBPF_SOURCES)

# Its time is looked at again after a command, even one that does nothing else.
$(sort $(EBPF_OBJECTS)): crossbpf-build
	@test -e '$@' || { echo 'crossbpf.mk: $@ was not made: where crossbpf.conf names several archs, set EBPF_ARCH' >&2; exit 1; }

# All is made once more, in a directory of the same name, for that names the package of Go files.
# Dependency files name their directory.
crossbpf_check = .crossbpf-check/$(notdir $(abspath $(EBPF_OUTDIR)))
ebpf-check:
	$(crossbpf_verbose)test ! -e crossbpf.lock || $(CROSSBPF) lock --check $(crossbpf_on)
	$(crossbpf_verbose)trap 'rm -rf .crossbpf-check' EXIT; trap 'exit 1' HUP INT TERM; \
	rm -rf .crossbpf-check; \
	$(call crossbpf_build,$(crossbpf_check)) $(EBPF_SOURCES) && \
	find $(call crossbpf_quote,$(crossbpf_check)) -type f ! -name '*.d' | sort | { status=0 n=0; \
	while IFS= read -r made; do \
		n=$$((n + 1)); \
		there=$(call crossbpf_quote,$(EBPF_OUTDIR))$${made#$(call crossbpf_quote,$(crossbpf_check))}; \
		if ! test -e "$$there"; then \
			echo "crossbpf.mk: $$there is not there; make ebpf makes it" >&2; status=1; \
		elif ! cmp -s "$$there" "$$made"; then \
			echo "crossbpf.mk: $$there is not what its sources make; make ebpf makes it anew" >&2; status=1; \
		fi; \
	done; \
	[ $$n != 0 ] || { echo 'crossbpf.mk: nothing was made to compare with: EBPF_FLAGS must not say where' >&2; status=1; }; \
	[ $$status != 0 ] || echo "crossbpf.mk: $$n files are what their sources make"; exit $$status; }

ebpf-clean:
	$(crossbpf_verbose)rm -f $(sort $(EBPF_OBJECTS)) $(sort $(EBPF_DEV_OBJECTS))

.DEFAULT_GOAL := $(crossbpf_goal)
