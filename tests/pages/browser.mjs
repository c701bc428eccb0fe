// The browser that all tests of the pages use: always the packaged one, whatever else the machine has.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const folder = process.env.MOORING_BROWSER;
const modules = process.env.MOORING_BROWSER_MODULES;
if (!folder || !modules) throw new Error('MOORING_BROWSER and MOORING_BROWSER_MODULES name no folders: run `cargo test -p tests`');
const require = createRequire(join(modules, 'package.json'));
const { chromium } = require('playwright-core');

/** The source of the accessibility rules. */
export const axeSource = require('axe-core').source;

/** Starts the browser. It runs as the user who runs the tests, who may be root, and opens only what the tests serve on loopback. */
export function launch() {
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--font-render-hinting=none',
    ],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, 'al2023/lib'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
      FONTCONFIG_FILE: join(folder, 'fonts/fonts.conf'),
    },
  });
}
