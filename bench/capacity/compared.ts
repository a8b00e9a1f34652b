import { measure } from './measure.ts';
import type { Measurement } from './measurement.ts';
import type { Part } from './part.ts';
import { reportOf, tableOf } from './report.ts';
import { startSubject, type Subject, type SubjectOptions } from './subject.ts';

/** Of the calls that a part makes in a round, when it is only looked whether it runs. */
const SHORT = 0.05;

/** A part measured at ours, and unless it is measured alone at ours once more and at that of another commit. */
export function compared(part: Part): Measurement {
  return {
    name: part.name,
    about: `${part.about}; ${part.atOnce} at once`,
    onlyNamed: part.onlyNamed ?? false,
    async run({ rounds, short, checkout, progress }) {
      const wanted: SubjectOptions[] = [{ name: 'ours' }];
      if (part.alone !== true) wanted.push({ name: 'ours again' });
      if (part.alone !== true && checkout !== undefined) wanted.push({ name: 'former', checkout });
      const subjects = new Array<Subject>();
      try {
        for (const options of wanted) subjects.push(await startSubject(options));
        const share = short ? SHORT : 1;
        const standings = await measure(part, subjects, {
          rounds: short ? 1 : rounds,
          share,
          progress,
        });
        const report = reportOf(part, standings);
        return { table: tableOf([report]), figures: report };
      } finally {
        for (const subject of subjects) await subject[Symbol.asyncDispose]();
      }
    },
  };
}
