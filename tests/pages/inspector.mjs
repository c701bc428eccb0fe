// What holds for every page: no violation of WCAG 2.2 A and AA that can be found by rules, in light and dark, in a wide and in a narrow
// window; nothing to scroll sideways at 320 px; nothing that a browser complains about; the headers.
//
// The page that somebody uses is left alone: its markup is shown once more in windows of the inspector's own, at the same address, so
// that nobody's focus moves, nothing is asked from the portal twice, and pages can be judged that run without JavaScript.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { axeSource } from './browser.mjs';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
export const LOOKS = [
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 1280 },
  { scheme: 'light', width: 320 },
  { scheme: 'dark', width: 320 },
];

export class Inspector {
  /** @param pictures a folder for screenshots, or null. */
  constructor(browser, { looks = LOOKS, pictures = null } = {}) {
    Object.assign(this, { browser, looks, pictures, seen: new Set(), faults: [], pages: 0, served: new Map() });
  }

  /** Listens to what the browser says about a person's page. */
  watch(page, portal) {
    page.on('console', (message) => {
      if (message.type() === 'error' && page.url().startsWith(portal) && !/status of [45]\d\d/.test(message.text())) {
        this.fault(page.url(), `the browser complains: ${message.text()}`);
      }
    });
    page.on('pageerror', (error) => this.fault(page.url(), `a script failed: ${error.message}`));
    page.on('response', (response) => {
      const request = response.request();
      if (!response.url().startsWith(portal) || !request.isNavigationRequest()) return;
      const headers = response.headers();
      const wants = {
        'content-security-policy': /default-src 'none'/,
        'cache-control': /no-store/,
        'referrer-policy': /^same-origin$/,
        'x-content-type-options': /nosniff/,
      };
      for (const [name, wanted] of Object.entries(wants)) {
        if (!wanted.test(headers[name] ?? '')) this.fault(response.url(), `the header ${name} is ${headers[name]}`);
      }
    });
  }

  fault(address, what) {
    let path = address;
    if (URL.canParse(address)) path = new URL(address).pathname;
    // A link's tag is what opens it: it stays out of logs.
    this.faults.push(`${path.replace(/^(\/o\/[^.]+\.[a-z]\d*)\.[^/]+/, '$1.…')}: ${what}`);
  }

  /** Judges the page as it is now, once for the same markup. */
  async inspect(page, who) {
    const html = await page.content();
    const address = page.url();
    const digest = createHash('sha256').update(address).update(html).digest('hex');
    if (this.seen.has(digest)) return;
    this.seen.add(digest);
    await this.judge(address, html, `${who} on “${await page.title()}”`);
  }

  /** Judges markup at an address, in all looks or in some of them. */
  async judge(address, html, named, picture = null, looks = this.looks) {
    this.pages += 1;
    this.windows ??= await Promise.all(this.looks.map((look) => this.window(look)));
    for (const window of this.windows.filter(({ look }) => looks.includes(look))) {
      const { look, page } = window;
      window.html = html;
      const said = (what) => this.fault(address, `${named}, ${look.scheme}, ${look.width} px: ${what}`);
      await page.goto(address, { waitUntil: 'load' });
      const { violations, over } = await page.evaluate(async (tags) => {
        const root = document.documentElement;
        const limit = root.clientWidth;
        // Named for whoever has to find it: the elements that reach out, the innermost first.
        const over =
          root.scrollWidth <= limit
            ? []
            : [...document.querySelectorAll('body *')]
                .filter((it) => it.getBoundingClientRect().right > limit + 1 && !it.closest('.wide'))
                .slice(-3)
                .map((it) => it.outerHTML.slice(0, 160));
        const result = await globalThis.axe.run(document, {
          runOnly: { type: 'tag', values: tags },
          resultTypes: ['violations'],
        });
        const violations = result.violations.map((it) => ({
          id: it.id,
          help: it.help,
          nodes: it.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} (${node.failureSummary?.replace(/\s+/g, ' ')})`),
        }));
        return { violations, over: root.scrollWidth > limit ? [`${root.scrollWidth} px wide`, ...over] : [] };
      }, TAGS);
      for (const violation of violations) said(`${violation.id}: ${violation.help}\n    ${violation.nodes.join('\n    ')}`);
      if (over.length > 0) said(`scrolls sideways: ${over.join('\n    ')}`);
      if (picture && this.pictures) {
        await mkdir(this.pictures, { recursive: true });
        await page.screenshot({ path: join(this.pictures, `${picture}-${look.scheme}-${look.width}.png`), fullPage: true });
      }
    }
  }

  async window(look) {
    const context = await this.browser.newContext({
      colorScheme: look.scheme,
      viewport: { width: look.width, height: 900 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const window = { look, page, html: '' };
    await page.addInitScript({ content: axeSource });
    await page.route('**/*', async (route) => {
      const request = route.request();
      if (request.isNavigationRequest()) return route.fulfill({ contentType: 'text/html; charset=utf-8', body: window.html });
      // The markup is what scripts have left: here they would only load it again under the rules' feet.
      if (request.resourceType() !== 'stylesheet') return route.abort();
      // Style sheets are asked for once.
      const at = request.url();
      if (!this.served.has(at)) this.served.set(at, await route.fetch());
      return route.fulfill({ response: this.served.get(at) });
    });
    return window;
  }
}
