/** A probe in a process of its own, that can be stopped and killed. Its settings are its argument. */
import { startProbe, type ProbeOptions } from './probe.ts';

const settings: ProbeOptions = JSON.parse(process.argv[2] ?? '{}');
startProbe(settings);
