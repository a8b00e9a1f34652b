// Whoever reads our output may have had enough of it, as `head` has: from then on nothing is written, and what was
// begun is done to its end. Without a listener Node throws, in the middle of a change too.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
