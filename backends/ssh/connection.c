/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "connection.h"

void connection_free(struct connection *c)
{
	if (c->link)
		c->link_free(c->link);
	c->link = NULL;
	free(TAKE_PTR(c->control));
	strv_free(&c->options);
	strv_free(&c->overrides);
	strv_free(&c->files);
}
