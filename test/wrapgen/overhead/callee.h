/* A function that does nothing worth mentioning. */
int callee(int a, int b);
