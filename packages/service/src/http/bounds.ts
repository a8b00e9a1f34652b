/** How much of anything one request may be. */

/** Bytes of a body. */
export const MAX_BODY = 64 * 1024;
/** Bytes of all headers together, the request line included. */
export const MAX_HEADERS = 16 * 1024;
/** Characters of one path parameter; a tRPC batch names all of its procedures in one. */
export const MAX_PATH_PARAMETER = 2_048;
/** Members of a query or a form. */
export const MAX_MEMBERS = 64;
/** Levels of a JSON document. */
export const MAX_DEPTH = 16;
/** Calls of one tRPC batch. */
export const MAX_BATCH = 20;
/** Connections of one process. */
export const MAX_CONNECTIONS = 10_000;
/** Requests in progress at once in one process; one more is asked to come back. */
export const MAX_IN_FLIGHT = 2_000;
/** Streams that are open at once in one process; they leave room for requests in the connections. */
export const MAX_STREAMS = 5_000;
/** Streams that one user or client has open at once in one process: tabs and devices. */
export const MAX_STREAMS_OF_ONE = 20;

/** From the first byte to the last of a request, in milliseconds: slow senders hold nothing for long. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** The same for the headers alone. */
export const HEADERS_TIMEOUT_MS = 10_000;
/** How long an idle connection is kept; longer than the 60 s of common load balancers. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How often Node looks for connections that have run into the bounds above. */
export const TIMEOUT_CHECK_INTERVAL_MS = 2_000;
/** For the work on one request, in milliseconds; a receipt may be waited for 10 s. */
export const MAX_HANDLING_MS = 20_000;
/** For requests under way when the service stops, in milliseconds. */
export const DRAIN_BOUND_MS = 10_000;
/**
 * For requests that are on their way on connections that are kept, when the service stops taking new
 * ones, in milliseconds.
 */
export const LAST_REQUESTS = 100;
/** For a stream to end once its client got the reason, in milliseconds; then it is broken off. */
export const STREAM_END_BOUND_MS = 1_000;
