/**
 * Threads for the calls of the system that take their time: files, names of hosts, compression. Node.js has four, and
 * each call on a network mount that does not answer keeps one for good: with more, the others go on. To be imported
 * before anything that uses one. https://nodejs.org/api/cli.html#uv_threadpool_sizesize
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16'
