/* A small library, as others would have written it. */
#ifndef PRICES_H
#define PRICES_H

/* What an item costs, in cents; -1 for an unknown one. */
int prices_of(const char *item);

/* The sum for several of an item. */
int prices_total(const char *item, int count);

#endif
