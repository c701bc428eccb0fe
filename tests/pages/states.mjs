// Pages in states that are made up by tests/suite/states.rs: each is shown, judged, and kept as a picture.
export async function states(_browser, asked, inspector) {
  for (const { name, html, narrow } of asked.states) {
    await inspector.judge(`${asked.portal}/state/${name}`, html, name, name, narrow ? inspector.looks.slice(-1) : inspector.looks);
  }
}
