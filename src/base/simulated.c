#include "base/simulated.h"

#include <stddef.h>

const struct simulated *simulated = NULL;
