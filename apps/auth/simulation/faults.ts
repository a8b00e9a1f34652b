/** What goes wrong, when, and for how long: chosen by the seed, and over at `until`. */
import type { Auth } from './auth.ts';
import { FAIR, type Link } from './bus/network.ts';
import { endBackup } from './verbs/end-backup.ts';
import type { Setting } from './setting.ts';
import type { Verifier } from './verifier.ts';
import type { Machine } from './world/machine.ts';
import type { Point, Process } from './world/process.ts';
import type { Random } from './world/random.ts';

export interface Stage {
  setting: Setting;
  auths: readonly Auth[];
  verifiers: readonly Verifier[];
  maxStalenessMs: number;
  until: number;
}

/** No fault happens before every process has started. Milliseconds. */
const QUIET_MS = 300;
/** S and this after its last grant a verifier is no longer waited for, or a little later. */
const DISCOUNTED_AFTER_S_MS = 1_500;
const SHORTEST_SLEEP_MS = 1_100;

export class Faults {
  readonly stage: Stage;
  readonly random: Random;
  /** The latest commit for which a caller was given a receipt. */
  #answeredFor = 0;

  constructor(stage: Stage) {
    this.stage = stage;
    this.random = stage.setting.random.fork();
    stage.setting.history.listen((entry) => {
      if (entry.what !== 'answered for') return;
      for (const { committedAt } of entry.revocations) {
        this.#answeredFor = Math.max(this.#answeredFor, committedAt);
      }
    });
  }

  tell(what: string): void {
    this.stage.setting.history.tell('fault', what);
  }

  /** Again and again, that far apart on average. */
  often(apartMs: number, strike: () => void): void {
    const { world } = this.stage.setting;
    const next = (earliest: number): void => {
      const at = earliest + this.random.between(0, 2 * apartMs);
      if (at > this.stage.until) return;
      world.at(at, () => {
        strike();
        next(world.now);
      });
    };
    next(QUIET_MS);
  }

  /** When a verifier starts, with that probability. */
  atStarts(probability: number, strike: (verifier: Verifier) => void): void {
    const { setting, verifiers, until } = this.stage;
    setting.history.listen((entry) => {
      if (entry.what !== 'started' || setting.world.now > until) return;
      const started = verifiers.find(({ life }) => life === entry.life);
      if (started !== undefined && this.random.chance(probability)) strike(started);
    });
  }

  /** Ends right before `until` at the latest. */
  lasting(milliseconds: number, end: () => void): void {
    const { world } = this.stage.setting;
    world.at(Math.min(world.now + milliseconds, this.stage.until - 1), end);
  }

  /** Something shorter than S, or longer than it takes to be discounted. */
  spell(): number {
    const { maxStalenessMs: s } = this.stage;
    return this.random.chance(0.5)
      ? this.random.between(0.1, 1) * s
      : this.random.between(s, 2 * s + DISCOUNTED_AFTER_S_MS);
  }

  anyProcess(): Auth | Verifier {
    return this.random.pick([...this.stage.auths, ...this.stage.verifiers]);
  }

  pause(process: Process | undefined, forMs = this.spell()): void {
    if (process?.isRunning !== true) return;
    this.tell(`${process.name} is paused`);
    process.pause();
    this.lasting(forMs, () => {
      this.tell(`${process.name} goes on`);
      process.resume();
    });
  }

  /**
   * A verifier until another instance has discounted it; one instance until the verifier is back, and has
   * perhaps been granted as often as before.
   */
  pauseTogether(verifier: Process | undefined): void {
    const { auths, maxStalenessMs } = this.stage;
    const discountedMs = maxStalenessMs + DISCOUNTED_AFTER_S_MS;
    this.pause(
      this.random.pick(auths).life?.process,
      discountedMs + this.random.between(0, maxStalenessMs),
    );
    this.pause(verifier, discountedMs);
  }

  sleep(process: Process | undefined, machine: Machine): void {
    const { setting, until } = this.stage;
    // A shorter sleep is within the bound by which a verifier's clocks may move apart.
    if (process?.isRunning !== true || setting.world.now > until - SHORTEST_SLEEP_MS) return;
    this.tell(`the machine of ${process.name} sleeps`);
    process.pause();
    machine.sleep();
    this.lasting(SHORTEST_SLEEP_MS + this.spell(), () => {
      this.tell(`the machine of ${process.name} wakes`);
      machine.wake();
      process.resume();
    });
  }

  crash(who: Auth | Verifier, downMs: number): void {
    this.tell(`${who.name} crashes`);
    who.kill();
    this.lasting(downMs, () => who.start());
  }

  cut(link: Link | undefined): void {
    const { setting, until } = this.stage;
    if (link === undefined || link.cut !== 'none' || setting.world.now > until) return;
    link.cut = this.random.pick(['lossy', 'holding']);
    link.alone = this.random.chance(0.5);
    const from = link.alone ? 'everything' : 'the bus';
    this.tell(`${link.process.name} is cut off from ${from}, ${link.cut}`);
    this.lasting(this.spell(), () => this.#heal(link));
  }

  /** For a while pushes do not reach it, from its start on or later. */
  deafen(link: Link | undefined): void {
    if (link === undefined || link.deaf) return;
    this.tell(`${link.process.name} hears nothing`);
    link.deaf = true;
    this.lasting(this.spell(), () => {
      link.deaf = false;
    });
  }

  /**
   * Back to a former moment: one that has all commits with a receipt, or a backup, which may lack even
   * some of those. Lost commits stay lost, and no other fault may happen.
   */
  restore(lostMs: number): void {
    const { database, world } = this.stage.setting;
    this.tell('the database fails');
    database.break();
    const least = this.random.chance(0.5) ? () => this.#answeredFor : () => 0;
    this.lasting(this.random.between(20, 2 * this.stage.maxStalenessMs), () => {
      this.tell('the database is restored, and its log is another one');
      database.restore(Math.max(least(), world.now - lostMs));
      database.recover();
    });
  }

  /** The same in silence: the log gets no other epoch, and auth runs on. */
  goBack(lostMs: number): void {
    const { database, world } = this.stage.setting;
    this.tell('the database fails');
    database.break();
    this.lasting(this.random.between(20, 2 * this.stage.maxStalenessMs), () => {
      this.tell('the database is as it was before, under the same epoch');
      database.goBack(world.now - lostMs);
      database.recover();
    });
  }

  /** As the operators' guide says: auth is stopped, the backup put out of effect, and S waited for. */
  restoreBackup(lostMs: number): void {
    const { setting, auths, maxStalenessMs } = this.stage;
    const { database, world, variant } = setting;
    this.tell('auth is stopped, and a backup is restored');
    database.break();
    for (const auth of auths) auth.kill();
    database.restoreBackup(world.now - lostMs, () =>
      variant.endsBackup === false ? [] : endBackup(setting),
    );
    this.lasting(maxStalenessMs * 1.01 + this.random.between(0, 1_000), () => {
      this.tell('auth starts on the backup');
      database.recover();
      for (const auth of auths) auth.start();
    });
  }

  strike(chances: ReadonlyMap<Point, number>): void {
    const { setting, auths, until } = this.stage;
    setting.strike = (point, process) => {
      if (setting.world.now > until || !this.random.chance(chances.get(point) ?? 0)) return;
      const auth = auths.find(({ life }) => life?.process === process);
      this.tell(`at the point "${point}":`);
      if (auth === undefined || this.random.chance(0.5)) this.pause(process);
      else this.crash(auth, this.random.between(10, 2_000));
    };
  }

  /** Everything works from here on. */
  heal(): void {
    const { setting, auths, verifiers } = this.stage;
    const { network } = setting.bus;
    this.tell('everything is well again');
    network.up = true;
    network.weather = FAIR;
    setting.database.thaw();
    setting.database.recover();
    setting.database.pace = { hop: 1, slow: 0, longest: 0 };
    setting.longestTransactionMs = 0;
    for (const who of [...auths, ...verifiers]) {
      who.machine.wake();
      who.life?.process.resume();
      if (who.life !== undefined) this.#heal(who.life.link);
      who.start();
    }
  }

  #heal(link: Link): void {
    const { network, subscribers } = this.stage.setting.bus;
    link.deaf = false;
    if (link.cut === 'none') return;
    const noticed = link.cut === 'lossy';
    this.tell(`${link.process.name} is connected again`);
    network.heal(link);
    for (const subscriber of subscribers) {
      if (noticed && subscriber.link === link) link.process.enter(() => subscriber.restored());
    }
  }
}
