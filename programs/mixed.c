/*
 * A process in which a second module uses the same sockets through another library: this program imports wsock32.dll,
 * its own library mixed-helper.dll imports ws2_32.dll and sends on a socket of the program's.
 *
 *   mixed server [--port N]                         echoes; never loads the helper
 *   mixed client --port N [--patience SECONDS]      every second message is sent by the helper
 */
#include "net.h"

__declspec(dllimport) int WINAPI helper_send(SOCKET s, const char *bytes, int count);

int main(int count, char **words) {
  char message[64], echo[64];
  int port = (int)option(count, words, "port", 0), good = 0;
  start_winsock();
  if (count > 1 && !strcmp(words[1], "server")) {
    SOCKET listener = listen_on("127.0.0.1", port, 5), s = accept(listener, NULL, NULL);
    int got;
    if (s == INVALID_SOCKET) fail("accept");
    while ((got = recv(s, message, sizeof message, 0)) > 0 && send_all(s, message, got)) {}
    closesocket(s);
    return 0;
  }
  SOCKET s = connect_to("127.0.0.1", port, option(count, words, "patience", 0));
  for (int i = 0; i < 100; i++) {
    memset(message, 'A' + i % 26, sizeof message);
    int sent = i % 2 ? helper_send(s, message, sizeof message) : send(s, message, sizeof message, 0);
    good += sent == sizeof message && recv_all(s, echo, sizeof echo) && !memcmp(message, echo, sizeof echo);
  }
  printf("rounds=100\ngood=%d\nbytes_ok=%d\n", good, good == 100);
  closesocket(s);
  return good != 100;
}
