/* The player for scripts about WSAStartup: they want to be the first to call it. */
#define UNSTARTED
#include "player.h"
