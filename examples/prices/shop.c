/* A program that uses the library. */
#include "prices.h"
#include <stdio.h>

int main(void) {
  printf("apple %d\n", prices_of("apple"));
  printf("bread %d\n", prices_of("bread"));
  printf("comet %d\n", prices_of("comet"));
  printf("3 apples %d\n", prices_total("apple", 3));
  return 0;
}
