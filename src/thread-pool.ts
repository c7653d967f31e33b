// Gives libuv's pool more threads, before anything uses it: main.ts imports this file first, and there is nothing in it to import.
// Name lookups of every thread of this process share one pool, which lets at most half of its threads do them at once. Of the
// usual four that is two: the third client's lookup would wait for the first, and its wait be recorded as the resolver's time.

/** 64 lookups at once; a thread that has nothing to do costs address space only. A size that the user set stays. */
const THREADS = '128';

process.env['UV_THREADPOOL_SIZE'] ??= THREADS;
