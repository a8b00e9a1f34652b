/** The kinds of faults. A run has some of them; one in twelve has none. */
import type { Faults } from './faults.ts';
import type { Point } from './world/process.ts';

const POINTS: readonly Point[] = [
  'committed',
  'stored',
  'numbering',
  'numbered',
  'registered',
  'read',
  'asked',
];

type Kind = (faults: Faults) => void;

const KINDS: Record<string, Kind> = {
  'verifiers paused': (faults) =>
    faults.often(2_500, () =>
      faults.pause(faults.random.pick(faults.stage.verifiers).life?.process),
    ),
  'instances paused': (faults) =>
    faults.often(4_000, () => faults.pause(faults.random.pick(faults.stage.auths).life?.process)),
  'paused together': (faults) => {
    const { random, stage } = faults;
    faults.atStarts(0.3, (verifier) => {
      // After its first grants.
      const soon = random.between(0, stage.maxStalenessMs);
      const { life } = verifier;
      stage.setting.world.after(soon, () => faults.pauseTogether(life?.process));
    });
  },
  'verifiers crash': (faults) =>
    faults.often(2_500, () => {
      faults.crash(faults.random.pick(faults.stage.verifiers), faults.random.between(5, 2_000));
    }),
  'instances crash': (faults) =>
    faults.often(4_000, () => {
      faults.crash(faults.random.pick(faults.stage.auths), faults.random.between(5, 3_000));
    }),
  'verifiers restart': (faults) =>
    faults.often(1_500, () => {
      const verifier = faults.random.pick(faults.stage.verifiers);
      verifier.close();
      faults.lasting(faults.random.between(5, 1_000), () => {
        verifier.kill();
        verifier.start();
      });
    }),
  'all restart at once': (faults) =>
    faults.often(2_500, () => {
      for (const verifier of faults.stage.verifiers) {
        faults.crash(verifier, faults.random.between(5, 60));
      }
    }),
  'links cut': (faults) => {
    const { random, stage } = faults;
    faults.often(1_500, () => faults.cut(faults.anyProcess().life?.link));
    faults.atStarts(0.2, (verifier) => {
      // Somewhere around its first grants.
      const soon = random.between(0, stage.maxStalenessMs / 2);
      stage.setting.world.after(soon, () => faults.cut(verifier.life?.link));
    });
  },
  'deaf verifiers': (faults) => {
    const { random, stage } = faults;
    faults.often(1_500, () => faults.deafen(random.pick(stage.verifiers).life?.link));
    faults.atStarts(0.4, (verifier) => faults.deafen(verifier.life?.link));
  },
  'bus down': (faults) =>
    faults.often(4_000, () => {
      const { network, subscribers } = faults.stage.setting.bus;
      faults.tell('the bus is down');
      network.up = false;
      faults.lasting(faults.spell(), () => {
        faults.tell('the bus is up');
        network.up = true;
        for (const { link, restored } of subscribers) link.process.enter(() => restored());
      });
    }),
  'bad weather': (faults) => {
    const { random } = faults;
    const { network } = faults.stage.setting.bus;
    network.weather = {
      loss: random.between(0, 0.35),
      repeat: random.between(0, 0.2),
      slow: random.between(0, 0.3),
      longestMs: random.between(10, 1_500),
      damage: random.between(0, 0.1),
      mixUp: random.between(0, 0.3),
    };
  },
  'database slow': (faults) => {
    const { random } = faults;
    faults.stage.setting.database.pace = {
      hop: random.between(1, 20),
      slow: random.between(0, 0.2),
      longest: random.between(50, 1_200),
    };
  },
  'database frozen': (faults) =>
    faults.often(4_000, () => {
      faults.tell('the database is paused');
      faults.stage.setting.database.freeze();
      faults.lasting(faults.spell(), () => {
        faults.tell('the database goes on');
        faults.stage.setting.database.thaw();
      });
    }),
  'database restarts': (faults) =>
    faults.often(4_000, () => {
      faults.tell('the database restarts');
      faults.stage.setting.database.break();
      faults.lasting(faults.spell(), () => faults.stage.setting.database.recover());
    }),
  'log replaced': (faults) =>
    faults.often(2_500, () => {
      faults.restore(faults.random.chance(0.3) ? 0 : faults.random.between(100, 4_000));
    }),
  'log goes back': (faults) =>
    faults.often(2_500, () => faults.goBack(faults.random.between(50, 4_000))),
  'backup restored': (faults) =>
    faults.often(4_000, () => faults.restoreBackup(faults.random.between(100, 4_000))),
  'long transactions': ({ random, stage }) => {
    stage.setting.longestTransactionMs = random.between(200, 4_000);
  },
  'struck in the middle': (faults) => {
    const points = POINTS.filter(() => faults.random.chance(0.5));
    faults.strike(new Map(points.map((point) => [point, faults.random.between(0.005, 0.06)])));
  },
  'wall clocks set': (faults) =>
    faults.often(3_000, () => {
      const { machine, name } = faults.anyProcess();
      const by = faults.random.between(-1, 1) * faults.random.pick([3_000, 60_000, 3_600_000]);
      faults.tell(`the wall clock of ${name} is set by ${Math.round(by)} ms`);
      machine.setWall(by);
    }),
  'machines sleep': (faults) =>
    faults.often(4_000, () => {
      const { life, machine } = faults.anyProcess();
      faults.sleep(life?.process, machine);
    }),
  'database clock set': (faults) => {
    const { database, history } = faults.stage.setting;
    let offset = 0;
    faults.often(4_000, () => {
      const by = faults.random.between(-2_000, 2_000) - offset;
      offset += by;
      faults.tell(`the database's clock is set by ${Math.round(by)} ms`);
      database.clock.set(by);
      history.record({ what: 'stepped', clock: 'database' });
    });
  },
};

/** By these names they are spared and added. */
export const FAULTS: readonly string[] = Object.keys(KINDS);

/** Faults that show best together: a run in three has one of these, besides its others. */
const THEMES: readonly (readonly string[])[] = [
  // Registrations that take their time while revocations commit.
  ['verifiers restart', 'deaf verifiers', 'database slow'],
  // Another history under positions that were given out before.
  ['log replaced', 'deaf verifiers', 'long transactions'],
  // The same positions once more, with no sign that they are others.
  ['log goes back', 'deaf verifiers'],
  // A discounted verifier comes back before an instance that was disconnected has looked.
  ['paused together', 'deaf verifiers', 'verifiers crash'],
];

/**
 * @param added kinds that the run must stand, regardless of its seed
 * @returns the kinds that this run must stand
 */
export function chooseFaults({ random }: Faults, added: readonly string[]): string[] {
  if (random.chance(1 / 12)) return [...added];
  const share = random.between(0.05, 0.4);
  const theme = random.chance(1 / 3) ? random.pick(THEMES) : [];
  const sure = [...theme, ...added];
  const chosen = FAULTS.filter((name) => random.chance(share) || sure.includes(name));
  // Set back while it sleeps, a wall clock hides that the machine slept.
  return chosen.filter((name) => name !== 'wall clocks set' || !chosen.includes('machines sleep'));
}

export function startFaults(faults: Faults, chosen: readonly string[]): void {
  for (const name of chosen) KINDS[name]?.(faults);
  const { setting, until } = faults.stage;
  setting.world.at(until, () => faults.heal());
}
