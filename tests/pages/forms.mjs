// Forms that are sent with something wrong: the page says so at once, leads to each field, says it there too, and keeps what was typed.
// And the pages that are only reached when something goes wrong, opened by their addresses.
import { Person } from './people.mjs';
import { fillSignUp } from './journey.mjs';

export async function forms(browser, asked, inspector) {
  const context = await browser.newContext({ javaScriptEnabled: asked.javaScript, viewport: { width: 320, height: 900 }, locale: 'en-GB' });
  const page = await context.newPage();
  inspector.watch(page, asked.portal);
  const inspect = (shown, who) => inspector.inspect(shown, who);
  const person = new Person('somebody', asked.partner, page, { portal: asked.portal, inbox: asked.inbox, hands: 'keyboard', inspect });
  const fault = (what) => inspector.fault(page.url(), what);

  await person.open(`${asked.portal}/new`);
  const wrong = { ...asked, subscription: { id: 'no subscription' }, owner: { email: 'nobody' }, partnerDirectory: 'not a domain' };
  await fillSignUp(person, wrong);
  await person.press('Start the onboarding');
  await told(page, fault, ['subscriptionId', 'ownerEmail', 'partnerDirectory'], asked.javaScript);
  for (const [name, typed] of Object.entries({
    subscriptionId: 'no subscription',
    ownerEmail: 'nobody',
    partnerDirectory: 'not a domain',
    partnerAdminEmail: asked.partner.email,
  })) {
    const kept = await person.field(name).first().inputValue();
    if (kept !== typed) fault(`what was typed into ${name} became “${kept}”`);
  }

  for (const address of asked.addresses) await person.open(`${asked.portal}${address}`);
  await context.close();
}

/** The summary of what is wrong, and each field that it leads to. */
export async function told(page, fault, fields, script) {
  const summary = page.locator('main [role=alert]');
  if ((await summary.count()) !== 1) return fault(`${await summary.count()} summaries of what is wrong`);
  if (!/^Error/.test(await page.title())) fault(`the title “${await page.title()}” does not say that something is wrong`);
  const focused = await summary.evaluate((it) => it === document.activeElement);
  if (script && !focused) fault('the summary does not have the focus');
  for (const name of fields) {
    const link = summary.locator(`a[href="#${name}"]`);
    if ((await link.count()) !== 1) {
      fault(`the summary does not lead to ${name}`);
      continue;
    }
    await link.focus();
    await page.keyboard.press('Enter');
    const field = page.locator(`[id="${name}"]`);
    if (!(await field.evaluate((it) => it === document.activeElement))) fault(`the link to ${name} does not take the focus there`);
    if ((await field.getAttribute('aria-invalid')) !== 'true') fault(`${name} is not marked as wrong`);
    const described = ((await field.getAttribute('aria-describedby')) ?? '').split(' ').filter((id) => id.endsWith('-error'));
    const said = described.length === 1 ? await page.locator(`[id="${described[0]}"]`).innerText() : '';
    if (said.trim() === '') fault(`${name} is not described by what is wrong with it`);
  }
}
