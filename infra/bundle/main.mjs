/** `build` of an app's manifest, run in its folder. */
import { bundleApp } from './bundle-app.mjs';

await bundleApp(process.cwd());
