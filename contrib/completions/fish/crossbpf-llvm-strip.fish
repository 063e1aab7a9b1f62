# SPDX-License-Identifier: BSD-2-Clause
complete -c crossbpf-llvm-strip -w llvm-strip
