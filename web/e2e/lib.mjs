// What every browser run needs: a browser that talks to one origin, a login, and
// the checks that hold on every page.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
}

/**
 * A page under watch. trouble collects what must never happen: console errors
 * (a violation of the content security policy is one), exceptions, and requests
 * to any other origin.
 */
export async function open(browser, base, { theme = "light", viewport = desktop, state } = {}) {
  const context = await browser.newContext({ viewport, colorScheme: theme, storageState: state });
  const page = await context.newPage();
  const trouble = [];
  const origin = new URL(base).origin;
  page.on("console", (m) => m.type() === "error" && trouble.push(`console: ${m.text()}`));
  page.on("pageerror", (e) => trouble.push(`exception: ${e}`));
  page.on("request", (r) => {
    const { protocol, origin: other } = new URL(r.url());
    if (/^(http|ws)/.test(protocol) && other !== origin) trouble.push(`foreign request: ${r.url()}`);
  });
  return { context, page, trouble };
}

/** Logs in by a one-time link and proves that the code is gone from the address. */
export async function login(page, link) {
  await page.goto(link);
  await page.waitForURL((url) => url.pathname === "/executions");
  if (page.url().includes("code=")) throw new Error("the login code stayed in the address");
  return page.context().storageState();
}

/** Waits until the page has its heading and nothing is loading any more. */
export async function settled(page) {
  await page.waitForSelector("h1");
  await page.waitForFunction(() => !document.querySelector(".skeleton"));
  await page.evaluate(() => document.fonts.ready);
  await page.waitForLoadState("load");
}

export async function screenshot(page, name) {
  const dir = new URL("./shots/", import.meta.url).pathname;
  mkdirSync(dir, { recursive: true });
  await page.screenshot({ path: `${dir}${name}.png` });
}

/** The accessibility violations of the page as it stands, one line each. */
export async function axe(page) {
  // Evaluated through the protocol, so the page's policy need not allow it.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), wcag);
  return violations.map((v) => `${v.id} (${v.impact}) ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}

/** Counts checks and prints them as they come. */
export function report() {
  const tally = { passed: 0, failed: 0 };
  const note = (name, problems) => {
    tally[problems.length ? "failed" : "passed"]++;
    console.log(`${problems.length ? "FAIL" : "ok  "}  ${name}`);
    for (const problem of problems) console.log(`        ${problem}`);
  };
  return {
    none: (name, problems) => note(name, [...new Set(problems)]),
    async step(name, run) {
      try {
        await run();
        note(name, []);
      } catch (error) {
        note(name, [String(error.message ?? error).split("\n")[0]]);
      }
    },
    finish() {
      console.log(`${tally.passed} passed, ${tally.failed} failed`);
      return tally.failed ? 1 : 0;
    },
  };
}
