// Whoever reads our output may have had enough of it, as `head` has, or be gone with its terminal: from then on nothing is
// written, and what was begun is done to its end, or ended in order. Without a listener Node throws, in the middle of a
// change too. No other fault of an output is worth that either.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
