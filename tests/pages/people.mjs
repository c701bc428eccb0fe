// People with a browser of their own. They read mails, fill in forms and press buttons, with the mouse or with the keyboard only.

const LOOK = 250;
const PATIENCE = 90_000;
/** More stops than any page has; the mapping of a large subscription comes closest. */
const MOST_STOPS = 600;

/** Somebody with an account and a window. `hands` is `mouse` or `keyboard`. */
export class Person {
  constructor(name, account, page, { portal, inbox, hands, inspect }) {
    Object.assign(this, { name, account, page, portal, inbox, hands, inspect, read: 0 });
  }

  /** Opens an address, as typed or from a mail. */
  async open(address) {
    await this.page.goto(address, { waitUntil: 'load' });
    await this.arrived();
  }

  /** Does what leads to another page, and waits for that page. */
  async leadsOn(action) {
    const arrived = this.page.waitForNavigation({ waitUntil: 'load', timeout: 45_000 });
    // Where the action fails, its error says more than the missing page.
    arrived.catch(() => {});
    await action();
    await arrived;
    await this.arrived();
  }

  async arrived() {
    if (this.page.url().startsWith(this.portal)) await this.inspect(this.page, this.name);
  }

  /** What stands on the page, for the error of a test. */
  async where() {
    const said = (await this.page.locator('body').innerText().catch(() => '')).replace(/\s+/g, ' ').slice(0, 400);
    // An address may hold a code, so only its path is told.
    return `${this.name} at ${new URL(this.page.url()).pathname}: ${said}`;
  }

  field(name) {
    return this.page.locator(`[name="${name}"]:not([type=hidden])`);
  }

  button(words) {
    return this.page.getByRole('button', { name: words, exact: false }).first();
  }

  async offers(words) {
    return (await this.page.getByRole('button', { name: words, exact: false }).count()) > 0;
  }

  async has(name) {
    return (await this.field(name).count()) > 0;
  }

  async fill(name, text) {
    const field = this.field(name).first();
    if (this.hands === 'mouse') return field.fill(text);
    await this.tabTo(field);
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.type(text);
  }

  /** Ticks a box, or chooses one of several round buttons. */
  async tick(choice) {
    if (await choice.isChecked()) return;
    if (this.hands === 'mouse') return choice.check();
    if ((await choice.getAttribute('type')) === 'checkbox') {
      await this.tabTo(choice);
      await this.page.keyboard.press('Space');
    } else {
      // Tab stops at a group once, at what is chosen; arrows choose another.
      const group = this.page.locator(`input[type=radio][name="${await choice.getAttribute('name')}"]`);
      await this.tabTo(group);
      for (let left = await group.count(); left > 0 && !(await choice.isChecked()); left -= 1) {
        await this.page.keyboard.press('ArrowDown');
      }
    }
    if (!(await choice.isChecked())) throw new Error(`the keyboard ticks nothing; ${await this.where()}`);
  }

  async choose(name, value) {
    const list = this.field(name).first();
    if (this.hands === 'mouse') return void (await list.selectOption(value));
    await this.tabTo(list);
    const values = await list.evaluate((select) => [...select.options].map((option) => option.value));
    await this.page.keyboard.press('Home');
    for (let left = values.indexOf(value); left > 0; left -= 1) await this.page.keyboard.press('ArrowDown');
    if ((await list.inputValue()) !== value) throw new Error(`the keyboard does not choose “${value}” in ${name}; ${await this.where()}`);
  }

  /** Presses a button that leads to another page. */
  async press(words) {
    const button = this.button(words);
    if ((await button.count()) === 0) throw new Error(`no button “${words}”; ${await this.where()}`);
    await this.activate(button);
  }

  /** Follows a link by its words. */
  async follow(words) {
    const link = this.page.getByRole('link', { name: words, exact: false }).first();
    if ((await link.count()) === 0) throw new Error(`no link “${words}”; ${await this.where()}`);
    await this.activate(link);
  }

  async activate(target) {
    if (this.hands === 'mouse') return this.leadsOn(() => target.click());
    await this.tabTo(target);
    await this.leadsOn(() => this.page.keyboard.press('Enter'));
  }

  /** Presses Tab until one of the elements has the focus, and holds every stop on the way against what somebody must see. */
  async tabTo(target) {
    const wanted = await target.elementHandles();
    for (let stop = 0; stop < MOST_STOPS; stop += 1) {
      await this.page.keyboard.press('Tab');
      for (const element of wanted) {
        if (await element.evaluate((it) => it === document.activeElement)) {
          await this.seesFocus();
          return;
        }
      }
      await this.seesFocus();
    }
    throw new Error(`Tab does not reach ${target}; ${await this.where()}`);
  }

  async seesFocus() {
    if (!this.page.url().startsWith(this.portal)) return;
    const wrong = await this.page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body || element === document.documentElement) return null;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const named = `<${element.localName} id="${element.id}" name="${element.getAttribute('name') ?? ''}">`;
      if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return `${named} shows no outline`;
      if (box.width < 1 || box.height < 1) return `${named} has no size`;
      const outside = box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth;
      return outside ? `${named} has the focus outside the window` : null;
    });
    if (wrong) throw new Error(`the focus can't be seen: ${wrong}; ${await this.where()}`);
  }

  /** Opens the next mail to this person whose subject has the words: on the page of the local mailbox, by its link to the portal. */
  async openMail(words) {
    const { link } = await this.waitForMail(words);
    if (!link) throw new Error(`the mail “${words}” to ${this.name} leads to no page of the portal`);
    // A mail program is not ours to test: its link is opened as it is.
    await this.open(link);
  }

  /** Waits for the next mail whose subject has the words; answers its subject, text and first link to the portal. */
  async waitForMail(words) {
    const window = await this.page.context().newPage();
    try {
      const seen = [];
      for (const until = Date.now() + PATIENCE; Date.now() < until; ) {
        await window.goto(this.inbox, { waitUntil: 'load' });
        const mails = await this.mails(window);
        for (; this.read < mails.length; this.read += 1) {
          const mail = mails[this.read];
          if (mail.subject.includes(words)) {
            this.read += 1;
            return mail;
          }
          seen.push(mail.subject);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK));
      }
      throw new Error(`${this.name} got no mail “${words}” (got: ${seen.join(' | ')}); ${await this.where()}`);
    } finally {
      await window.close();
    }
  }

  /** All mails to this person on the page of the mailbox, oldest first. */
  async mails(window) {
    const found = await window.evaluate(
      ([to, portal]) =>
        [...document.querySelectorAll('article')]
          .filter((mail) => mail.querySelector('p')?.textContent.toLowerCase().includes(to))
          .map((mail) => ({
            subject: mail.querySelector('h2').textContent,
            text: mail.querySelector('pre').textContent,
            link: [...mail.querySelectorAll('a')].map((it) => it.href).find((href) => href.startsWith(portal)) ?? null,
          })),
      [this.account.email.toLowerCase(), this.portal],
    );
    return found.reverse();
  }
}
