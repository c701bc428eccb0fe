// Unpacks the browser of the package @sparticuz/chromium into the folder given as the first argument, with the libraries and fonts
// that it needs, and starts it once. `node unpack.mjs <folder> <folder of node_modules>`
//
// The package is made for machines without any library of a desktop, which is what a fresh test machine is too. It holds a build of
// Chromium's headless shell for x86-64 Linux only. It unpacks to the temporary folder, so TMPDIR must be the folder wanted.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [folder, modules] = process.argv.slice(2);
if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error(`the packaged browser is for Linux on x86-64, and this is ${process.platform} on ${process.arch}`);
}
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
process.env.TMPDIR = folder;

const require = createRequire(join(modules, 'package.json'));
const packaged = require('@sparticuz/chromium');
const bin = join(dirname(require.resolve('@sparticuz/chromium')), '..', 'bin');
const [program] = await Promise.all([packaged.default.executablePath(bin), packaged.inflate(join(bin, 'al2023.tar.br'))]);
if (program !== join(folder, 'chromium')) throw new Error(`unpacked to ${program}`);

// The same fonts on every machine, so that widths and pictures are the same too. DejaVu has the signs that Open Sans lacks.
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const fonts = [join(folder, 'fonts'), join(modules, 'node_modules/dejavu-fonts-ttf/ttf')];
await writeFile(
  join(folder, 'fonts/fonts.conf'),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
${fonts.map((path) => `  <dir>${escape(path)}</dir>`).join('\n')}
  <cachedir>${escape(join(folder, 'fonts-cache'))}</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`,
);

process.env.MOORING_BROWSER = folder;
process.env.MOORING_BROWSER_MODULES = modules;
const { launch } = await import('./browser.mjs');
const browser = await launch();
console.log(`Chromium ${browser.version()} starts`);
await browser.close();
