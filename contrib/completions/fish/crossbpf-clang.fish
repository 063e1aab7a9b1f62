# SPDX-License-Identifier: BSD-2-Clause
complete -c crossbpf-clang -w clang
