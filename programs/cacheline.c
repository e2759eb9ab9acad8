/*
 * The physical limit: one word to and fro between two processes through shared memory, both spinning.
 *
 *   cacheline [--rounds N]
 *
 * Starts a second process of itself. Prints cacheline_median_us, of batches of 1,000 round trips.
 */
#include "net.h"

enum { BATCH = 1000, LINE_WORDS = 32 };

/* Each side writes one line only; 128 bytes apart, as processors fetch lines in pairs. */
typedef struct { volatile LONG asked, unused[LINE_WORDS - 1], answered; } Lines;

static int by_value(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return difference < 0 ? -1 : difference > 0;
}

int main(int count, char **words) {
  int rounds = (int)option(count, words, "rounds", 500000), samples = rounds / BATCH > 0 ? rounds / BATCH : 1;
  const char *shared = option_text(count, words, "answer", NULL);
  char name[64];
  if (shared) strncpy(name, shared, 63);
  else sprintf(name, "Local\\cacheline-%lu", GetCurrentProcessId());
  HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(Lines), name);
  Lines *lines = section ? MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, sizeof(Lines)) : NULL;
  if (!lines) {
    printf("error=cannot share memory under the name %s: error %lu\n", name, GetLastError());
    return 1;
  }
  if (shared) {
    for (LONG i = 1; i <= samples * BATCH; i++) {
      while (lines->asked != i) YieldProcessor();
      lines->answered = i;
    }
    return 0;
  }
  char command[600];
  STARTUPINFOA start = {.cb = sizeof start};
  PROCESS_INFORMATION process;
  sprintf(command, "\"%s\" --answer %s --rounds %d", words[0], name, rounds);
  if (!CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process)) {
    printf("error=cannot start a second process: error %lu\n", GetLastError());
    return 1;
  }
  double *times = calloc((size_t)samples, sizeof *times);
  LONG number = 0;
  for (int i = 0; i < samples; i++) {
    double from = seconds_now();
    for (int j = 0; j < BATCH; j++) {
      lines->asked = ++number;
      while (lines->answered != number) YieldProcessor();
    }
    times[i] = (seconds_now() - from) / BATCH;
  }
  qsort(times, (size_t)samples, sizeof *times, by_value);
  printf("cacheline_median_us=%.4f\ncacheline_min_us=%.4f\n", times[samples / 2] * 1e6, times[0] * 1e6);
  WaitForSingleObject(process.hProcess, 10000);
  return 0;
}
