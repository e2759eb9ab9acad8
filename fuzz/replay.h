/* Carries out inputs from files, with a line for each step if wanted: for tests, without libFuzzer, and to look at a finding. */
#include <dirent.h>

static u32 replay_file(const char *path) {
  static u8 bytes[1 << 20];
  FILE *file = fopen(path, "rb");
  if (!file) return fprintf(stderr, "cannot read %s\n", path), 0;
  size_t length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  u8 *exact = malloc(length);
  memcpy(exact, bytes, length);
  run_input(exact, length);
  free(exact);
  return 1;
}
int main(int count, char **arguments) {
  u32 inputs = 0;
  for (int n = 1; n < count; n++) {
    if (!strcmp(arguments[n], "--explain")) { explaining = true; continue; }
    DIR *folder = opendir(arguments[n]);
    if (!folder) { inputs += replay_file(arguments[n]); continue; }
    for (struct dirent *entry; (entry = readdir(folder));) {
      char path[4096];
      snprintf(path, sizeof path, "%s/%s", arguments[n], entry->d_name);
      if (entry->d_name[0] != '.') setenv("VMMC_FUZZ_INPUT", path, 1), inputs += replay_file(path);
    }
    closedir(folder);
  }
  printf("inputs=%u\n", inputs);
  return inputs == 0;
}
