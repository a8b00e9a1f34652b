/**
 * An instance of auth that lives again and again: the real protocol in a simulated process, and a
 * stand-in for the verbs that mint and revoke.
 */
import { startProtocol, type Protocol } from '../src/revocation/protocol.ts';
import { Snapshots } from '../src/revocation/snapshots.ts';
import { Link } from './bus/network.ts';
import { Connection, MAIN_CONNECTION, PROTOCOL_CONNECTION } from './database/connection.ts';
import { changeState, type Cut } from './verbs/cut.ts';
import { readToken, type Login } from './database/mint.ts';
import { simulatedRevocationLog, type PrunedRevocationLog } from './database/revocation-log.ts';
import { simulatedSnapshotSource } from './database/snapshot-source.ts';
import { simulatedVerifierRegistry } from './database/verifier-registry.ts';
import type { Revocation, Token } from './history.ts';
import type { Setting } from './setting.ts';
import type { Machine } from './world/machine.ts';
import { Process } from './world/process.ts';

interface Running {
  process: Process;
  link: Link;
  main: Connection;
  log: PrunedRevocationLog;
  protocol: Protocol | undefined;
}

export class Auth {
  readonly name: string;
  readonly machine: Machine;
  readonly #setting: Setting;
  readonly #maxStalenessMs: number;
  #lives = 0;
  #life: Running | undefined;

  constructor(setting: Setting, name: string, machine: Machine, maxStalenessMs: number) {
    this.#setting = setting;
    this.name = name;
    this.machine = machine;
    this.#maxStalenessMs = maxStalenessMs;
  }

  get life(): Running | undefined {
    return this.#life;
  }

  start(): void {
    if (this.#life !== undefined) return;
    this.machine.wake();
    const { world, history, database, bus, variant, page } = this.#setting;
    this.#lives += 1;
    const process = new Process(world, this.machine, `${this.name}.${this.#lives}`);
    process.strike = (point) => this.#setting.strike(point, process);
    const link = new Link(process);
    const main = new Connection(database, process, MAIN_CONNECTION);
    const connection = new Connection(database, process, PROTOCOL_CONNECTION);
    const ports = {
      log: simulatedRevocationLog(connection, page),
      registry: simulatedVerifierRegistry(connection),
      bus: bus.of(link),
    };
    const life: Running = { process, link, main, log: ports.log, protocol: undefined };
    process.onDeath(() => {
      if (this.#life === life) this.#life = undefined;
    });
    this.#life = life;
    history.tell(process.name, 'starts');
    const failed = (error: unknown, what: string): void =>
      history.tell(process.name, `${what} failed: ${String(error)}`);
    const snapshots = new Snapshots({
      source: simulatedSnapshotSource(connection, page),
      clock: process.clock,
      failed: (error) => failed(error, 'following the log'),
    });
    bus.offerSnapshots(link, () => snapshots.take());
    void startProtocol({
      ...(variant.auth?.(ports, database) ?? ports),
      clock: process.clock,
      maxStalenessMs: this.#maxStalenessMs,
      failed,
    }).then((protocol) => {
      life.protocol = protocol;
    });
  }

  kill(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#setting.history.tell(life.process.name, 'is killed');
    life.process.kill();
  }

  /** A token for that login; never, when this instance does not live to give it. */
  async mint(login: Login): Promise<Token | undefined> {
    const { history, database, tokenLifeMs } = this.#setting;
    const life = this.#life;
    if (life === undefined) return undefined;
    const { lockMs } = MAIN_CONNECTION;
    const reading = { lifeMs: tokenLifeMs, lockMs };
    const token = await life.main.statement(() => readToken(database, login, reading));
    if (token === undefined) return undefined;
    const { jti, sid, sub, gen } = token.claims;
    history.tell(life.process.name, `minted ${jti} for ${sub} at ${gen} in ${sid}`);
    history.record({ what: 'minted', token });
    return token;
  }

  /**
   * Revokes access, and asks for a receipt.
   *
   * @param then what the same caller does right after the commit
   */
  async revoke(cuts: readonly Cut[], waitMs: number, then: () => void = () => {}): Promise<void> {
    const { random, longestTransactionMs } = this.#setting;
    const life = this.#life;
    if (life?.protocol === undefined) return;
    const { process, main, protocol } = life;
    const tx = main.begin();
    const revocations: Revocation[] = [];
    for (const cut of cuts) {
      await tx.step(async () => {
        const revocation = await changeState(this.#setting, tx, cut);
        if (revocation !== undefined) revocations.push(revocation);
      });
    }
    if (longestTransactionMs > 0 && random.chance(0.3)) {
      const pause = random.between(0, longestTransactionMs);
      await new Promise<void>((resolve) => process.clock.after(pause, resolve));
    }
    await tx.commit();
    await process.pass('committed');
    if (revocations.length === 0) return;
    protocol.committed(revocations.map(({ event }) => event));
    then();
    const events = revocations.map(({ event }) => event);
    await this.#collect(life, revocations, waitMs, async (receipts) => {
      return await receipts.collect(events, waitMs);
    });
  }

  /** The same logout once more, perhaps to another instance. */
  async again(revocation: Revocation, waitMs: number): Promise<void> {
    const life = this.#life;
    if (life?.protocol === undefined) return;
    await this.#collect(life, [revocation], waitMs, async (receipts) => {
      return await receipts.again(revocation.event.id, waitMs);
    });
  }

  /** Lets go of old rows, as it does every minute. */
  async prune(): Promise<void> {
    await this.#life?.log.prune();
  }

  async #collect(
    { process, protocol }: Running,
    revocations: readonly Revocation[],
    waitMs: number,
    ask: (receipts: Protocol['receipts']) => ReturnType<Protocol['receipts']['again']>,
  ): Promise<void> {
    const { history, variant } = this.#setting;
    if (protocol === undefined) return;
    const receipt = await ask(variant.receipts?.(protocol.receipts) ?? protocol.receipts);
    const ids = revocations.map(({ event }) => event.id).join(' ');
    history.tell(process.name, `answers for ${ids}: ${receipt.confirmed} of ${receipt.expected}`);
    history.record({ what: 'answered for', revocations, receipt, waitMs });
  }
}
