#include "callee.h"

__declspec(dllexport) int callee(int a, int b) { return a ^ b; }
