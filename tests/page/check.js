// Usage: node check.js BROWSER PAGE [SCREENSHOTS]. Opens the page light and dark, wide and narrow, copies, tabs and prints.
const assert = require("node:assert/strict");
const { mkdirSync } = require("node:fs");
const { join, resolve } = require("node:path");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const [executablePath, page, screenshots] = process.argv.slice(2);
const address = pathToFileURL(resolve(page)).href;
const LOOKS = [
  { name: "wide-light", width: 1280, colorScheme: "light" },
  { name: "wide-dark", width: 1280, colorScheme: "dark" },
  { name: "narrow-light", width: 360, colorScheme: "light" },
  { name: "narrow-dark", width: 360, colorScheme: "dark" },
];

async function open(browser, { width = 1280, colorScheme = "light" } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const tab = await context.newPage();
  const problems = [];
  tab.on("pageerror", (error) => problems.push(String(error)));
  tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  tab.on("request", (request) => request.url() !== address && problems.push(`it asks for ${request.url()}`));
  await tab.goto(address);
  assert.deepEqual(problems, []);
  return tab;
}

// Opens the first rule of a page.
async function firstRule(tab) {
  const rule = tab.locator("article .rule").first();
  await rule.evaluate((node) => { node.closest("details").open = true; });
  return rule;
}

const tests = {
  async "it fits its window and is accessible, in every look"(browser) {
    for (const look of LOOKS) {
      const tab = await open(browser, look);
      await (await firstRule(tab)).scrollIntoViewIfNeeded();
      if (screenshots) await tab.screenshot({ path: join(screenshots, `${look.name}.png`) });
      await tab.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
      const [wanted, given] = await tab.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wanted <= given, `${look.name}: ${wanted} pixels wide in a window of ${given}`);
      await tab.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = false; }));
      await firstRule(tab);
      await tab.addScriptTag({ path: axe });
      const { violations } = await tab.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [], look.name);
    }
  },

  async "a copy button puts the rule on the clipboard and says so"(browser) {
    const tab = await open(browser);
    const rule = await firstRule(tab);
    await rule.locator("button").click();
    const [copied, shown] = [await tab.evaluate(() => navigator.clipboard.readText()), await rule.locator("code").textContent()];
    assert.equal(copied, shown);
    assert.match(await tab.getByRole("status").textContent(), /^Copied: /);
  },

  async "without the clipboard of secure pages it copies a selection"(browser) {
    const tab = await open(browser);
    await tab.evaluate(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("no")); });
    const rule = await firstRule(tab);
    await rule.locator("button").click();
    await tab.getByRole("status").filter({ hasText: "Copied" }).waitFor({ state: "attached" });
    assert.equal((await tab.evaluate(() => navigator.clipboard.readText())).trim(), (await rule.locator("code").textContent()).trim());
  },

  async "the keyboard reaches rule and button, in this order, with a visible focus"(browser) {
    const tab = await open(browser);
    const rule = await firstRule(tab);
    await rule.evaluate((node) => node.closest("details").querySelector("summary").focus());
    const focused = () => tab.evaluate(() => {
      const { tagName } = document.activeElement;
      return { tagName, outline: getComputedStyle(document.activeElement).outlineStyle };
    });
    for (const tagName of ["PRE", "BUTTON"]) {
      await tab.keyboard.press("Tab");
      assert.deepEqual(await focused(), { tagName, outline: "solid" });
    }
    await tab.keyboard.press("Enter");
    await tab.getByRole("status").filter({ hasText: "Copied" }).waitFor({ state: "attached" });
  },

  async "the first key goes past the contents"(browser) {
    const tab = await open(browser);
    await tab.keyboard.press("Tab");
    assert.equal(await tab.evaluate(() => document.activeElement.getAttribute("href")), "#content");
  },

  async "in print everything is open, code wraps and buttons are gone"(browser) {
    const tab = await open(browser);
    await tab.emulateMedia({ media: "print" });
    await tab.evaluate(() => dispatchEvent(new Event("beforeprint")));
    const found = await tab.evaluate(() => ({
      closed: document.querySelectorAll("details:not([open])").length,
      buttons: [...document.querySelectorAll("button")].filter((b) => b.checkVisibility()).length,
      cut: [...document.querySelectorAll("pre")].filter((p) => p.scrollWidth > p.clientWidth + 1 || p.scrollHeight > p.clientHeight + 1).length,
    }));
    assert.deepEqual(found, { closed: 0, buttons: 0, cut: 0 });
    if (screenshots) await tab.pdf({ path: join(screenshots, "print.pdf"), format: "A4" });
    await tab.evaluate(() => dispatchEvent(new Event("afterprint")));
    assert.notEqual(await tab.locator("details:not([open])").count(), 0);
  },
};

(async () => {
  if (screenshots) mkdirSync(screenshots, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  let failed = 0;
  for (const [name, run] of Object.entries(tests)) {
    const problem = await run(browser).then(() => null, (error) => error);
    console.log(problem ? `FAILED ${name}\n${problem.message}` : `ok ${name}`);
    failed += problem ? 1 : 0;
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
})();
