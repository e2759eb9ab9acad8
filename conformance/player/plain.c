/* The player that imports WinSock 1.1 itself and nothing of Microsoft's extensions. See player.h. */
#include "player.h"
