/** The system's Chromium, headless, that reaches this machine and nothing else. */
import { accessSync, constants } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { findBinary } from '../system/find-binary.ts';

/** Undefined where there is none: then what needs a browser is skipped, and counted as skipped. */
export const CHROMIUM = findBinary('chromium');

export async function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('there is no Chromium on this machine');
  accessSync(CHROMIUM, constants.X_OK);
  return await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    // Without its sandbox it runs as root; it shows nothing but pages of this test.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-proxy-server',
    ],
  });
}
