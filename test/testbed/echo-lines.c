/* Says who it is, repeats its input line by line, then sleeps as long as its argument says and ends with code 7. */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int main(int argc, char **argv)
{
    char line[256];
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("process %lu, %u-bit\n", GetCurrentProcessId(), (unsigned)sizeof(void *) * 8);
    while (fgets(line, sizeof line, stdin))
        printf("got %s", line);
    fprintf(stderr, "end of input\n");
    printf("sleeping\n");
    if (argc > 1)
        Sleep((DWORD)atoi(argv[1]));
    return 7;
}
