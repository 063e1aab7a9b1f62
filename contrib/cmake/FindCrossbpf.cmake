# SPDX-License-Identifier: BSD-2-Clause
#[=======================================================================[.rst:
FindCrossbpf
------------

Finds crossbpf, which compiles eBPF programs; see crossbpf-make(7)::

  list(APPEND CMAKE_MODULE_PATH /usr/share/crossbpf/cmake)
  find_package(Crossbpf 0.1 REQUIRED)
  crossbpf_add_object(probe SOURCES bpf/probe.bpf.c)
  add_dependencies(daemon probe)

The directory is what ``pkg-config --variable=cmakedir crossbpf`` prints; this file may as well be
copied into a project.

``Crossbpf_FOUND``, ``Crossbpf_VERSION``
  Is it there, and which.
``Crossbpf_EXECUTABLE``
  The program, a cache variable.

::

  crossbpf_add_object(TARGET SOURCES source... [ARCH arch...] [OUTPUT_DIRECTORY dir]
                      [INCLUDE_DIRECTORIES dir...] [CFLAGS string] [BACKEND name[:where]]
                      [DEBUG] [OPTIONS option...])

Adds a target, which ALL depends on, that compiles each source for each arch (x86, arm64, ...; this
machine's where none is named) to NAME.bpf.o in the output directory, the current binary directory
where none is given; with several archs in a directory for each. What a source includes is a
dependency. Of a target ``probe`` the objects are ``${probe_OBJECTS}``; two targets of one source take
an output directory each.
``OPTIONS`` are further options of crossbpf build.
#]=======================================================================]

cmake_minimum_required(VERSION 3.20) # DEPFILE of Makefiles

find_program(Crossbpf_EXECUTABLE NAMES crossbpf DOC "compiles eBPF programs")
mark_as_advanced(Crossbpf_EXECUTABLE)

unset(Crossbpf_VERSION)
if(Crossbpf_EXECUTABLE)
  execute_process(COMMAND "${Crossbpf_EXECUTABLE}" --version
    OUTPUT_VARIABLE _crossbpf_version ERROR_QUIET)
  if(_crossbpf_version MATCHES "^crossbpf ([0-9.]+)")
    set(Crossbpf_VERSION "${CMAKE_MATCH_1}")
  endif()
  unset(_crossbpf_version)
endif()

include(FindPackageHandleStandardArgs)
# One that does not run has no version.
find_package_handle_standard_args(Crossbpf
  REQUIRED_VARS Crossbpf_EXECUTABLE Crossbpf_VERSION VERSION_VAR Crossbpf_VERSION)

function(crossbpf_add_object target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "DEBUG" "OUTPUT_DIRECTORY;CFLAGS;BACKEND"
    "SOURCES;ARCH;INCLUDE_DIRECTORIES;OPTIONS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "crossbpf_add_object(${target}): '${arg_UNPARSED_ARGUMENTS}' is no argument, or SOURCES is missing before it; CFLAGS is one string. crossbpf-make(7) has all arguments")
  endif()
  if(arg_OPTIONS MATCHES "(^|;)(--emit|-o|-d|--outdir)")
    message(FATAL_ERROR "crossbpf_add_object(${target}): OPTIONS has ${CMAKE_MATCH_2}, which is this function's own; skeletons are made of an object by crossbpf gen, in a command of yours")
  endif()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
  endif()
  get_filename_component(outdir "${arg_OUTPUT_DIRECTORY}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")

  set(options)
  foreach(dir IN LISTS arg_INCLUDE_DIRECTORIES)
    get_filename_component(dir "${dir}" ABSOLUTE)
    list(APPEND options -I "${dir}")
  endforeach()
  if(arg_DEBUG)
    list(APPEND options --debug)
  endif()
  if(arg_BACKEND)
    list(APPEND options "--backend=${arg_BACKEND}")
  endif()
  if(arg_CFLAGS)
    string(REPLACE ";" "\\;" cflags "${arg_CFLAGS}")
    list(APPEND options "--cflags=${cflags}")
  endif()
  list(APPEND options ${arg_OPTIONS})

  string(REPLACE "," ";" arg_ARCH "${arg_ARCH}")
  list(LENGTH arg_ARCH n_archs)
  set(archs ${arg_ARCH})
  if(n_archs EQUAL 0)
    set(archs "-")
  endif()
  # The project's own configuration, here or above, is read by each compile.
  set(conf)
  set(dir "${CMAKE_CURRENT_SOURCE_DIR}")
  while(dir AND NOT conf)
    if(EXISTS "${dir}/crossbpf.conf")
      set(conf "${dir}/crossbpf.conf")
    endif()
    get_filename_component(above "${dir}" DIRECTORY)
    if(above STREQUAL dir)
      break()
    endif()
    set(dir "${above}")
  endwhile()

  set(objects)
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(source "${source}" ABSOLUTE)
    get_filename_component(name "${source}" NAME)
    string(REGEX REPLACE "\\.[^.]*$" "" name "${name}") # probe.bpf
    foreach(arch IN LISTS archs)
      set(dir "${outdir}")
      set(for_arch)
      if(n_archs GREATER 0)
        set(for_arch "--arch=${arch}")
      endif()
      if(n_archs GREATER 1)
        string(APPEND dir "/${arch}")
      endif()
      set(object "${dir}/${name}.o")
      # Where a header was only touched, the object keeps its time, and make would ask again each
      # time. Ninja takes the dependency file away, for which both are written anew.
      set(touch)
      if(CMAKE_GENERATOR MATCHES "Makefiles")
        set(touch COMMAND "${CMAKE_COMMAND}" -E touch "${object}")
      endif()
      add_custom_command(OUTPUT "${object}"
        COMMAND "${Crossbpf_EXECUTABLE}" build -q --emit dep ${for_arch} ${options} -o "${object}" "${source}"
        ${touch}
        DEPENDS "${source}" ${conf} "${Crossbpf_EXECUTABLE}"
        DEPFILE "${dir}/${name}.d"
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
        COMMENT "Compiling ${object}"
        VERBATIM)
      list(APPEND objects "${object}")
    endforeach()
  endforeach()
  add_custom_target(${target} ALL DEPENDS ${objects})
  set(${target}_OBJECTS ${objects} PARENT_SCOPE)
endfunction()
