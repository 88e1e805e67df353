/* Orders of a shop. */
#include <stdio.h>
#include "stock.h"

#define MAX_LINES 100
#define TOTAL(order) order_total((order))

typedef unsigned long cents_t;

struct line {
    const char *name;
    cents_t price;
};

enum state { OPEN, PAID };

typedef struct order {
    struct line lines[MAX_LINES];
    int count;
} order_t;

static int counter = 0;

cents_t order_total(const order_t *order);

/* Sum of all lines. */
cents_t order_total(const order_t *order)
{
    cents_t total = 0;
    for (int i = 0; i < order->count; i++) {
        total += order->lines[i].price; // in cents
    }
    return total;
}

static struct line *
find_line(order_t *order,
          const char *name) {
    char quote = '"';
    if (order == NULL) {
        printf("no order for \"%s\"%c\n", name, quote);
        return NULL;
    }
    while (counter < order->count) {
        counter++;
    }
    return &order->lines[0];
}

int main(int argc, char **argv) {
    return 0;
}
