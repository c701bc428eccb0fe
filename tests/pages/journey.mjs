// One association from the start page to the proof, by two people in two windows. Each page is a function here, told apart by what it
// offers, so that a page that comes between two others is one function more.
import { Person } from './people.mjs';

const REVIEWED = 'Done: the owner may decide now';
const MOVE = 'Move the subscription';
const TO_MICROSOFT = 'Continue to Microsoft';
/** More pages than any sign-in has. */
const SIGN_IN_PAGES = 15;

export async function journey(browser, asked, inspector) {
  const { portal, inbox } = asked;
  const contexts = [];
  const person = async (name, account) => {
    const context = await browser.newContext({
      javaScriptEnabled: asked.javaScript,
      colorScheme: asked.scheme,
      viewport: { width: asked.width, height: 900 },
      locale: 'en-GB',
    });
    contexts.push(context);
    const page = await context.newPage();
    inspector.watch(page, portal);
    const inspect = (shown, who) => inspector.inspect(shown, who);
    return new Person(name, account, page, { portal, inbox, hands: asked.hands, inspect });
  };
  const owner = await person('the owner', asked.owner);
  const partner = await person('the partner admin', asked.partner);
  try {
    await signUp(partner, asked);
    await doAsAsked(owner, 'our turn: sign in as subscription owner', asked);
    await doAsAsked(partner, 'our turn: sign in as partner admin', asked);
    await doAsAsked(partner, 'our turn: review the impact', asked);
    asked.phrase = await phrase(partner);
    await doAsAsked(owner, 'our turn: review and confirm the move', asked);
    for (const who of [owner, partner]) await who.waitForMail('Done');
    await everyPage(owner, 'is Owner of the subscription');
    await everyPage(partner, 'is Owner of the subscription');
  } catch (error) {
    const places = await Promise.all([owner, partner].map((who) => who.where().catch(() => who.name)));
    error.message += `\n  ${places.join('\n  ')}`;
    throw error;
  } finally {
    await Promise.all(contexts.map((context) => context.close()));
  }
}

/** From the start page to the onboarding's own page. */
export async function signUp(person, asked) {
  await person.open(portalOf(person));
  await person.follow('Start');
  await fillSignUp(person, asked);
  await person.press('Start the onboarding');
  await proveMailbox(person);
  await on(person, /^\/o\//);
}

/** The code that came by mail. */
export async function proveMailbox(person) {
  await on(person, /^\/check-mail\//);
  const mail = await person.waitForMail('is your code');
  await person.fill('code', mail.subject.split(' ')[0]);
  await person.press('Prove my mailbox and start');
}

/** The sign-up form. */
export async function fillSignUp(person, asked) {
  await person.fill('subscriptionId', asked.subscription.id);
  await person.fill('ownerEmail', asked.owner.email);
  await person.fill('partnerDirectory', asked.partnerDirectory);
  await person.fill('partnerAdminEmail', asked.partner.email);
  await person.tick(person.page.locator(`[name=route][value="${asked.route}"]`));
}

/** Opens a mail and does what the pages ask for until nothing is asked any more. */
export async function doAsAsked(person, subject, asked) {
  await person.openMail(subject);
  if (await person.offers(TO_MICROSOFT)) {
    await toMicrosoft(person);
    await signIn(person);
  }
  const decides = async () => (await person.offers(REVIEWED)) || (await person.offers(MOVE));
  if (/confirm|review/.test(subject) && !(await decides())) await person.follow('Continue');
  if (await person.offers(REVIEWED)) await review(person);
  else if (await person.offers(MOVE)) await confirm(person, asked);
  await on(person, /\/result\/(signed-in|reviewed|confirmed)$/);
}

async function toMicrosoft(person) {
  await person.press(TO_MICROSOFT);
}

/** Microsoft's pages, until they lead back. */
async function signIn(person) {
  const { account } = person;
  for (let pages = 0; pages < SIGN_IN_PAGES; pages += 1) {
    if (person.page.url().startsWith(person.portal)) return;
    if (await person.has('loginfmt')) {
      await person.fill('loginfmt', account.email);
      await person.press('Next');
    } else if (await person.has('passwd')) {
      await person.fill('passwd', account.password);
      await person.press('Sign in');
    } else if (await person.has('otc')) {
      await person.fill('otc', account.code);
      await person.press('Verify');
    } else if (await person.offers('Accept')) {
      await person.press('Accept');
    } else {
      await person.press('Next');
    }
  }
  throw new Error(`the sign-in goes in circles; ${await person.where()}`);
}

/** The review: takes every suggestion that leads to somebody by a verified key, gives every reason asked for, hands over. */
async function review(person) {
  if (await person.offers('Accept all exact')) await person.press('Accept all exact');
  const undecided = await person.page.locator('select[name^="decide-"]').evaluateAll((lists) =>
    lists
      .filter((list) => list.value === '' && list.form.elements[list.name.replace('decide-', 'target-')]?.value)
      .map((list) => list.name),
  );
  for (const name of undecided) await person.choose(name, 'restore');
  if (undecided.length > 0) await person.press('Save the decisions on this page');
  if (await person.offers('Save the reasons')) {
    const reasons = await person.page.locator('[name^="reason"]:not([type=hidden])').evaluateAll((all) => all.map((it) => it.name));
    for (const name of reasons) await person.fill(name, 'It is a test resource and will be created again.');
    await person.press('Save the reasons');
  }
  await person.press(REVIEWED);
}

/** What the partner admin reads out on the phone: it stands on their own page. */
async function phrase(person) {
  await person.open(person.page.url().replace(/(\/o\/[^/]+).*/, '$1'));
  return person.page.locator('#phrase').innerText();
}

/** The confirmation: the subscription's name, the partner admin's phrase, every tick. */
async function confirm(person, asked) {
  for (const box of await person.page.locator('main form input[type=checkbox]').all()) await person.tick(box);
  await person.fill('subscription-name', asked.subscription.name);
  await person.fill('phrase', asked.phrase);
  await person.press(MOVE);
}

/** The person's own page, and every page that it leads to. */
async function everyPage(person, expected) {
  await person.page.goto(person.page.url().replace(/(\/o\/[^/]+).*/, '$1'), { waitUntil: 'load' });
  await person.arrived();
  const said = await person.page.locator('main').innerText();
  if (!said.includes(expected)) throw new Error(`the page does not say “${expected}”; ${await person.where()}`);
  const addresses = await person.page.locator('main a').evaluateAll((links) => links.map((link) => link.href.split('#')[0]));
  for (const address of new Set(addresses)) {
    if (address.startsWith(`${person.portal}/o/`) && !/\.(csv|json)$/.test(address)) await person.open(address);
  }
}

async function on(person, path) {
  if (!path.test(new URL(person.page.url()).pathname)) throw new Error(`not the page ${path}; ${await person.where()}`);
}

function portalOf(person) {
  return `${person.portal}/`;
}
