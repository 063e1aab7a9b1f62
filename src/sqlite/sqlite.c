/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "sqlite.h"

const struct sqlite_module *crossbpf_sqlite_init(void)
{
	static const struct sqlite_module module = {
		.size = sizeof(module),
		.open_v2 = sqlite3_open_v2,
		.close = sqlite3_close,
		.busy_timeout = sqlite3_busy_timeout,
		.exec = sqlite3_exec,
		.prepare_v2 = sqlite3_prepare_v2,
		.step = sqlite3_step,
		.reset = sqlite3_reset,
		.finalize = sqlite3_finalize,
		.bind_blob = sqlite3_bind_blob,
		.bind_int64 = sqlite3_bind_int64,
		.bind_null = sqlite3_bind_null,
		.column_blob = sqlite3_column_blob,
		.column_bytes = sqlite3_column_bytes,
		.column_int = sqlite3_column_int,
		.column_int64 = sqlite3_column_int64,
		.column_type = sqlite3_column_type,
	};

	return &module;
}
