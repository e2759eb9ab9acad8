/* Settings and log lines, alike on every platform. Included after vmmc_variable (reads an environment variable; false when
 * it is not set, or too long) and vmmc_log (writes a line, with time, process and thread). */
OS u32 w2c_os_config(struct w2c_os *o, u32 setting) {
  if (setting >= sizeof vmmc_settings / sizeof *vmmc_settings) return 0;
  const struct vmmc_setting *s = &vmmc_settings[setting];
  char text[32], *end;
  if (!vmmc_variable(s->name, text, sizeof text)) return (u32)s->normal;
  unsigned long value = strtoul(text, &end, 0);
  if (end == text || *end || value < s->least || value > s->most || (s->power && (value & (value - 1)))) return (u32)s->normal;
  return (u32)value;
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
