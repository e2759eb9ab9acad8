/* Everything that costs more than a euro is half price. All other functions of the library stay as they are. */
#include "intercept.h"

int wrap_prices_of(const char *item) {
  int price = real_prices_of(item);
  return price > 100 ? price / 2 : price;
}
