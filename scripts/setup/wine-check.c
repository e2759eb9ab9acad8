/* Shows that Wine runs programs of this architecture: set-up compiles and runs it once for each. */
#include <stdio.h>

int main(void)
{
    printf("pointer size %u\n", (unsigned)sizeof(void *));
    return 0;
}
