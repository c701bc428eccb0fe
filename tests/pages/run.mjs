// Plays one task, read as JSON from standard input, and says what is wrong with the pages. Started by tests/suite/pages.rs.
import { text } from 'node:stream/consumers';
import { launch } from './browser.mjs';
import { forms } from './forms.mjs';
import { Inspector, LOOKS } from './inspector.mjs';
import { journey } from './journey.mjs';
import { states } from './states.mjs';

const tasks = { journey, forms, states };
const asked = JSON.parse(await text(process.stdin));
const task = tasks[asked.task];
if (!task) throw new Error(`no task ${asked.task}; there are: ${Object.keys(tasks).join(', ')}`);

const began = Date.now();
const browser = await launch();
// `looks` takes the first and the last only: light and wide, dark and narrow.
const inspector = new Inspector(browser, {
  looks: asked.fewLooks ? [LOOKS[0], LOOKS.at(-1)] : LOOKS,
  pictures: asked.pictures ?? null,
});
try {
  await task(browser, asked, inspector);
} finally {
  await browser.close();
}
console.log(`${inspector.pages} pages in ${((Date.now() - began) / 1000).toFixed(1)} s`);
if (inspector.faults.length > 0) {
  console.error(`${inspector.faults.length} faults:\n${[...new Set(inspector.faults)].map((fault) => `- ${fault}`).join('\n')}`);
  process.exitCode = 1;
}
