/** Rate, errors and duration of requests. Labels are patterns of ours, never what a client sent. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Seconds. A verified read takes about a millisecond, a password about 50. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface ObservedRequest {
  method: string;
  route: string;
  status: number;
  seconds: number;
  /** The code of the refusal, where it was one. */
  code: string | undefined;
}

export interface HttpMetrics {
  started(): void;
  finished(): void;
  observe(request: ObservedRequest): void;
}

export function httpMetrics(registry: Registry): HttpMetrics {
  const labelNames = ['method', 'route', 'status'] as const;
  const total = new Counter({
    name: 'portcullis_http_requests_total',
    help: 'Requests answered',
    labelNames,
    registers: [registry],
  });
  const refused = new Counter({
    name: 'portcullis_http_refusals_total',
    help: 'Requests refused, by code',
    labelNames: ['route', 'code'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'portcullis_http_request_duration_seconds',
    help: 'From the last header to the last byte of the answer',
    labelNames,
    buckets: BUCKETS,
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'portcullis_http_requests_in_flight',
    help: 'Requests in progress',
    registers: [registry],
  });
  return {
    started: () => inFlight.inc(),
    finished: () => inFlight.dec(),
    observe(request) {
      const method = KNOWN_METHODS.has(request.method) ? request.method : 'other';
      const { route } = request;
      const labels = { method, route, status: `${Math.floor(request.status / 100)}xx` };
      total.inc(labels);
      duration.observe(labels, request.seconds);
      if (request.code !== undefined) refused.inc({ route, code: request.code });
    },
  };
}

export function observeStreams(registry: Registry, streams: { readonly size: number }): void {
  new Gauge({
    name: 'portcullis_http_streams_open',
    help: 'Open subscriptions',
    registers: [registry],
    collect() {
      this.set(streams.size);
    },
  });
}
