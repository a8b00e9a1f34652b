/** Revocations over NATS: core subscriptions for the push, request and reply for the grants. */
import { subjectsOf, type Subjects } from '@portcullis/bus';
import {
  demandFunctionIfGiven,
  demandMethods,
  demandOption,
  demandPrefix,
  type Acknowledgement,
  type Deregistration,
  type GrantRequest,
} from '@portcullis/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { FeedListener, RevocationFeed } from '../../revocation/feed.ts';
import { reasonOf } from '../../wire/reason-of.ts';
import { OpenSubscriptions, type SubscriptionListener } from './open-subscriptions.ts';
import { problemOfRequest } from './problem-of-request.ts';
import { FIX_OF_REFUSED_LOGIN, ReconnectLogin } from './refused-login.ts';

export { connectionOptions, inboxPrefix } from '@portcullis/bus';
export { OpenSubscriptions, type SubscriptionListener } from './open-subscriptions.ts';

export interface NatsFeedOptions {
  /**
   * Connected with this service's own credentials and `connectionOptions`: they have the inbox at which
   * the service may be answered, and reconnect without a limit, after refused logins too. Without
   * `ignoreAuthErrorAbort: true` the library closes the connection permanently at the second refused
   * login, and with its own pings a frozen server goes unnoticed for minutes.
   *
   * A promise is waited for in the background: a service may start while NATS is unavailable.
   */
  connection: NatsConnection | Promise<NatsConnection>;
  /** The prefix of all subjects, as the auth service has it; `portcullis` unless given. */
  prefix?: string;
  /**
   * The connection has closed permanently, and this feed with it: no push and no grant comes by it any
   * more. Connect again and make another verifier, or end the process. Unless given, the process emits
   * a warning.
   *
   * @param error undefined when the owner of the connection has closed it
   */
  onClosed?: (error: Error | undefined) => void;
  /**
   * Called when NATS denies one of the subjects of the push, and when it is open again: meanwhile
   * revocations arrive within S instead of at once. Unless given, the process emits a warning.
   */
  subscriptions?: SubscriptionListener;
}

/**
 * A feed over a connection that the caller owns and closes.
 *
 * @throws TypeError that names the option that cannot be meant
 */
export function natsFeed(options: NatsFeedOptions): RevocationFeed {
  demandNatsOptions(options);
  return new NatsFeed(options);
}

function demandNatsOptions(options: NatsFeedOptions): void {
  const of = 'natsFeed';
  demandOption(typeof options === 'object' && options !== null, of, 'its argument', 'an object');
  const { connection, prefix, onClosed, subscriptions } = options;
  if (!(connection instanceof Promise)) {
    demandMethods(connection, of, 'connection', ['subscribe', 'request', 'publish']);
  }
  demandPrefix(prefix, of);
  demandFunctionIfGiven(onClosed, of, 'onClosed');
  if (subscriptions !== undefined) {
    demandMethods(subscriptions, of, 'subscriptions', ['denied', 'reopened']);
  }
}

class NatsFeed implements RevocationFeed {
  readonly #options: NatsFeedOptions;
  readonly #subjects: Subjects;
  readonly #login = new ReconnectLogin();
  #connection: NatsConnection | undefined;
  #subscriptions: OpenSubscriptions | undefined;
  #service = '';
  #up = false;
  #closed = false;
  /** Why the last question was not answered. */
  #problem: string | undefined;

  constructor(options: NatsFeedOptions) {
    this.#options = options;
    this.#subjects = subjectsOf(options.prefix ?? 'portcullis');
  }

  async open(listener: FeedListener, service: string): Promise<void> {
    this.#service = service;
    const { connection } = this.#options;
    if (connection instanceof Promise) {
      this.#problem = 'there is no connection to NATS yet: check its address, user and password';
      // One that never comes is known to its owner. Grants come by another way then, or not at all.
      void connection
        .then(async (late) => {
          await this.#listen(late, listener);
          listener.restored();
        })
        .catch((error: unknown) => {
          this.#problem = `the connection to NATS has failed: ${reasonOf(error)}`;
        });
      return;
    }
    await this.#listen(connection, listener);
  }

  async request(request: GrantRequest, timeoutMs: number): Promise<Uint8Array> {
    // A question that waits in a buffer for the link to come back is of no use.
    if (this.#connection?.isClosed())
      throw new Error('the connection to NATS is closed permanently');
    if (this.#connection === undefined || !this.#up) throw new Error('not connected to NATS');
    const subject = this.#subjects.grant(request.service);
    try {
      const reply = await this.#connection.request(subject, JSON.stringify(request), {
        timeout: Math.max(1, Math.floor(timeoutMs)),
      });
      this.#problem = undefined;
      return reply.data;
    } catch (error) {
      this.#problem = problemOfRequest(error, subject);
      throw error;
    }
  }

  problems(): string[] {
    if (this.#connection?.isClosed()) return ['the connection to NATS is closed permanently'];
    if (this.#connection !== undefined && !this.#up) {
      if (this.#login.isRefused) {
        return [`NATS refuses the login (Authorization Violation): ${FIX_OF_REFUSED_LOGIN}`];
      }
      return ['the link to NATS is down: check that NATS runs, and its address'];
    }
    return this.#problem === undefined ? [] : [this.#problem];
  }

  acknowledge(acknowledgement: Acknowledgement): void {
    this.#publish(this.#subjects.acknowledge(this.#service), acknowledgement);
  }

  async deregister(deregister: Deregistration): Promise<void> {
    if (!this.#publish(this.#subjects.deregister(this.#service), deregister)) return;
    const heard = this.#connection?.flush().catch(() => undefined);
    await Promise.race([heard, after(DEREGISTER_TIMEOUT_MS)]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#subscriptions?.close();
  }

  async #listen(connection: NatsConnection, listener: FeedListener): Promise<void> {
    if (this.#closed) return;
    this.#connection = connection;
    this.#up = !connection.isClosed();
    const { pushes, numbered } = this.#subjects;
    const { subscriptions = warnOfDenial } = this.#options;
    this.#subscriptions = new OpenSubscriptions(connection, {
      denied: (subject, error) => subscriptions.denied(subject, error),
      reopened(subject) {
        subscriptions.reopened(subject);
        listener.restored();
      },
    });
    this.#subscriptions.add(pushes, ({ data }) => listener.revocation(data));
    this.#subscriptions.add(numbered, ({ data }) => listener.numbered(data));
    void this.#watchLink(connection, listener);
    void connection.closed().then((error) => this.#lost(error ?? undefined));
    // Answered only after the server has seen the subscriptions. One that does not answer is not waited
    // for: grants show the state.
    await Promise.race([connection.flush().catch(() => undefined), after(OPEN_TIMEOUT_MS)]);
  }

  async #watchLink(connection: NatsConnection, listener: FeedListener): Promise<void> {
    for await (const status of connection.status()) {
      if (this.#closed) return;
      this.#login.note(status);
      const { type } = status;
      if (type === 'disconnect') this.#up = false;
      if (type === 'reconnect') {
        this.#up = true;
        listener.restored();
      }
    }
  }

  #lost(error: Error | undefined): void {
    this.#up = false;
    if (this.#closed) return;
    const { onClosed = warnOfClosing } = this.#options;
    onClosed(error);
  }

  #publish(subject: string, message: unknown): boolean {
    if (this.#connection === undefined || !this.#up || this.#connection.isClosed()) return false;
    this.#connection.publish(subject, JSON.stringify(message));
    return true;
  }
}

const warnOfDenial: SubscriptionListener = {
  denied(subject, error) {
    process.emitWarning(
      `NATS lets this verifier not hear ${subject} (${error.message}): revocations take effect within ` +
        'S instead of at once. Allow it to the user of this service; it is tried again until then.',
    );
  },
  reopened: () => undefined,
};

function warnOfClosing(error: Error | undefined): void {
  if (error === undefined) return;
  process.emitWarning(
    `the connection to NATS is closed permanently (${error.message}): this verifier hears of no ` +
      'revocation by it. Connect with connectionOptions of @portcullis/verify/feeds/nats.',
  );
}

const OPEN_TIMEOUT_MS = 1_000;
const DEREGISTER_TIMEOUT_MS = 500;

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
