/* The player that imports everything: windows and Microsoft's extensions too. Random programs mix them. See player.h. */
#define WITH_MESSAGES
#define WITH_EXTENSIONS
#include "player.h"
