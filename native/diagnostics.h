/* Settings and log lines, alike on every platform. Included after vmmc_variable (reads an environment variable; false when
 * it is not set, or too long), vmmc_file (the configuration file's text) and vmmc_log (writes a line, with time, process and thread). */
/* A setting's value: the environment's, else that of the file's first line "NAME = value". */
static bool vmmc_value(const char *name, char *text, size_t size) {
  size_t length = strlen(name), bytes = 0;
  if (vmmc_variable(name, text, size)) return true;
  for (const char *line = vmmc_file, *at; *line; line += strcspn(line, "\r\n"), line += strspn(line, "\r\n")) {
    if (strncmp(at = line + strspn(line, " \t"), name, length)) continue;
    at += length, at += strspn(at, " \t");
    if (*at++ != '=') continue;
    for (at += strspn(at, " \t"), bytes = strcspn(at, "\r\n"); bytes && strchr(" \t", at[bytes - 1]);) bytes--;
    return bytes && bytes < size && (memcpy(text, at, bytes), text[bytes] = 0, true);
  }
  return false;
}
OS u32 w2c_os_rules(struct w2c_os *o, uptr text, u32 bytes) { return vmmc_value("VMMC_RULES", (char *)text, bytes) ? (u32)strlen((char *)text) : 0; }
OS u32 w2c_os_config(struct w2c_os *o, u32 setting) {
  if (setting >= sizeof vmmc_settings / sizeof *vmmc_settings) return 0;
  const struct vmmc_setting *s = &vmmc_settings[setting];
  char text[32], line[96], *end;
  if (!vmmc_value(s->name, text, sizeof text)) return (u32)s->normal;
  unsigned long value = strtoul(text, &end, 0);
  bool good = end != text && !*end && value >= s->least && value <= s->most && !(s->power && (value & (value - 1)));
  snprintf(line, sizeof line, "event=%s name=%s value=%s", good ? "setting" : "setting-ignored", s->name, text);
  if (w2c_os_logging(o) && !(good && value == s->normal)) vmmc_log(line);
  return good ? (u32)value : (u32)s->normal;
}
static const char *vmmc_text(const char *const *texts, size_t count, u32 index) { return index < count && texts[index] ? texts[index] : "unknown"; }
#define TEXT_OF(texts, index) vmmc_text(texts, sizeof texts / sizeof *texts, index)
#define QUAD(a) (a) & 255, (a) >> 8 & 255, (a) >> 16 & 255, (a) >> 24
#define PORT(p) ((p) >> 8 & 255) | ((p) & 255) << 8
OS void w2c_os_log_connection(struct w2c_os *o, u32 role, u32 la, u32 lp, u32 pa, u32 pp, u32 mode, u32 reason) {
  char text[256];
  snprintf(text, sizeof text, "event=connection role=%s local=%u.%u.%u.%u:%u peer=%u.%u.%u.%u:%u mode=%s reason=%s", role ? "accept" : "connect",
           QUAD(la), PORT(lp), QUAD(pa), PORT(pp), mode ? "user-level" : "kernel", TEXT_OF(vmmc_reasons, reason));
  vmmc_log(text);
}
OS void w2c_os_log_event(struct w2c_os *o, u32 event, u64 value, u32 reason) {
  char text[256];
  snprintf(text, sizeof text, "event=%s value=%llu reason=%s", TEXT_OF(vmmc_events, event), (unsigned long long)value, TEXT_OF(vmmc_reasons, reason));
  vmmc_log(text);
}
