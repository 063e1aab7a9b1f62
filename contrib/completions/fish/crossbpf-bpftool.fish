# SPDX-License-Identifier: BSD-2-Clause
complete -c crossbpf-bpftool -w bpftool
