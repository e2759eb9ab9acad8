/* The player that also imports AcceptEx, GetAcceptExSockaddrs and TransmitFile. See player.h. */
#define WITH_EXTENSIONS
#include "player.h"
