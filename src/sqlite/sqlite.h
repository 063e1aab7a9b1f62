/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a state needs of SQLite.
 *
 * A module of its own, sqlite.so: it would be a third of what each start of crossbpf costs, and a
 * build that has nothing to do can do without (core/state-image.h). It exports one symbol,
 * crossbpf_sqlite_init.
 */
#ifndef CROSSBPF_SQLITE_H
#define CROSSBPF_SQLITE_H

#include <sqlite3.h>
#include <stdint.h>

#include "crossbpf-backend.h"

/* Each is sqlite3_ and its name. */
struct sqlite_module {
	uint32_t size;
	int (*open_v2)(const char *file, sqlite3 **ret_db, int flags, const char *vfs);
	int (*close)(sqlite3 *db);
	int (*busy_timeout)(sqlite3 *db, int milliseconds);
	int (*exec)(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **),
		    void *ctx, char **ret_error);
	int (*prepare_v2)(sqlite3 *db, const char *sql, int len, sqlite3_stmt **ret_statement,
			  const char **ret_tail);
	int (*step)(sqlite3_stmt *statement);
	int (*reset)(sqlite3_stmt *statement);
	int (*finalize)(sqlite3_stmt *statement);
	int (*bind_blob)(sqlite3_stmt *statement, int i, const void *data, int len,
			 void (*release)(void *));
	int (*bind_int64)(sqlite3_stmt *statement, int i, sqlite3_int64 number);
	int (*bind_null)(sqlite3_stmt *statement, int i);
	const void *(*column_blob)(sqlite3_stmt *row, int i);
	int (*column_bytes)(sqlite3_stmt *row, int i);
	int (*column_int)(sqlite3_stmt *row, int i);
	sqlite3_int64 (*column_int64)(sqlite3_stmt *row, int i);
	int (*column_type)(sqlite3_stmt *row, int i);
};

CROSSBPF_BACKEND_EXPORT const struct sqlite_module *crossbpf_sqlite_init(void);

#endif
