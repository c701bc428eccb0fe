// Pages in states that are made up by tests/suite/states.rs: each is shown, judged, and kept as a picture.
import { Inspector } from './inspector.mjs';

export async function states(browser, asked, inspector) {
  await faultsAreFound(browser, asked);
  for (const { name, html, narrow } of asked.states) {
    await inspector.judge(`${asked.portal}/state/${name}`, html, name, name, narrow ? inspector.looks.slice(-1) : inspector.looks);
  }
}

/** What finds nothing wrong must be shown to find what is. */
async function faultsAreFound(browser, asked) {
  const inspector = new Inspector(browser, { looks: inspectorLooks });
  const html = `<!doctype html><html lang="en"><head><title>Faulty</title></head><body><main><h1>Faulty</h1>
    <input type="text"><p style="color:#999;background:#aaa">pale</p><div style="width:3000px">wide</div></main></body></html>`;
  await inspector.judge(`${asked.portal}/state/faulty`, html, 'faulty');
  for (const wanted of ['label', 'color-contrast', 'scrolls sideways']) {
    if (!inspector.faults.some((fault) => fault.includes(wanted))) throw new Error(`the inspector does not see: ${wanted}`);
  }
}

const inspectorLooks = [{ scheme: 'light', width: 320 }];
